#include "services/user-attributes/api/grpc/accounts_pack.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "lib/base/status.h"
#include "lib/rpc/wire.h"
#include "services/user-attributes/api/grpc/unpack.h"

namespace va::attributes {
namespace {

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsOperatorId(const std::string& id) {
  constexpr std::size_t kLongest = 64;
  constexpr absl::string_view kMarks = "._-@";
  return !id.empty() && id.size() <= kLongest &&
         std::all_of(id.begin(), id.end(), [kMarks](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  kMarks.find(c) != absl::string_view::npos;
         });
}

// C0, DEL, and the C1 controls as UTF-8 writes them: a reason stands on one line of the trail.
bool HasControl(absl::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    const bool c1 = byte == 0xc2 && i + 1 < text.size() &&
                    static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                    static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) return true;
  }
  return false;
}

// Whether `text` has at `at` what `form` says, 9 for a digit, and no digit on either side of it.
bool FitsAt(absl::string_view text, std::size_t at, absl::string_view form) {
  if (at + form.size() > text.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '9' ? !IsDigit(text[at + i]) : text[at + i] != form[i]) return false;
  }
  const std::size_t end = at + form.size();
  return (at == 0 || !IsDigit(text[at - 1])) && (end == text.size() || !IsDigit(text[end]));
}

// An SSN, an ICN or an e-mail address. Ticket numbers of other lengths pass.
bool NamesSomebody(absl::string_view text) {
  constexpr absl::string_view kForms[] = {"999999999", "999-99-9999", "999 99 9999",
                                          "9999999999V999999", "9999999999v999999"};
  if (text.find('@') != absl::string_view::npos) return true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const absl::string_view form : kForms) {
      if (FitsAt(text, at, form)) return true;
    }
  }
  return false;
}

absl::Status CheckReason(const std::string& reason) {
  constexpr std::size_t kLongest = 200;
  if (absl::StripAsciiWhitespace(reason).empty() || reason.size() > kLongest) {
    return Invalid("REASON", "a reason of 1 to 200 bytes is needed");
  }
  if (HasControl(reason)) return Invalid("REASON", "a reason stands on one line, without controls");
  if (NamesSomebody(reason)) {
    return Invalid("REASON", "a reason names no person: no SSN, ICN or e-mail address in it");
  }
  return absl::OkStatus();
}

void PackVerification(const VerificationRecord& verification, v1::Verification& out) {
  out.set_verification_id(verification.id);
  out.set_type(rpc::PackCsp(verification.type));
  if (verification.verified_at) {
    rpc::PackTime(*verification.verified_at, *out.mutable_verified_at());
  }
  out.set_locked(verification.locked);
  out.set_backed(verification.backed);
  rpc::PackTime(verification.created_at, *out.mutable_created_at());
  rpc::PackTime(verification.last_used_at, *out.mutable_last_used_at());
  if (verification.identifier) out.set_identifier(verification.identifier->Reveal());
  if (verification.email) out.set_email(verification.email->Reveal());
}

}  // namespace

absl::StatusOr<Actor> UnpackActor(const v1::Actor& actor, const std::string& caller) {
  if (!IsOperatorId(actor.operator_())) {
    return Invalid("OPERATOR", "an operator id of 1 to 64 letters, digits and . _ - @ is needed");
  }
  if (absl::Status reason = CheckReason(actor.reason()); !reason.ok()) return reason;
  return Actor{caller, absl::AsciiStrToLower(actor.operator_()), actor.reason()};
}

absl::StatusOr<int> UnpackPageSize(int asked) {
  constexpr int kUsual = 100;
  constexpr int kMost = 500;
  if (asked == 0) return kUsual;
  if (asked < 1 || asked > kMost) return Invalid("PAGE_SIZE", "a page has 1 to 500 rows");
  return asked;
}

absl::Status CheckAccountToken(const std::string& token) {
  return token.empty() ? absl::OkStatus() : CheckRowId(token, "PAGE_TOKEN");
}

absl::Status CheckMergeToken(const std::string& token) {
  constexpr std::size_t kLongest = 128;
  constexpr absl::string_view kMarks = "._:-";
  const bool fits =
      token.size() <= kLongest && std::all_of(token.begin(), token.end(), [kMarks](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
               kMarks.find(c) != absl::string_view::npos;
      });
  return fits ? absl::OkStatus() : Invalid("PAGE_TOKEN", "no token that an answer gave out");
}

std::optional<MergeState> UnpackMergeState(v1::MergeState state) {
  switch (state) {
    case v1::MERGE_STATE_PENDING:
      return MergeState::kPending;
    case v1::MERGE_STATE_PROPOSED:
      return MergeState::kProposed;
    case v1::MERGE_STATE_ACCEPTED:
      return MergeState::kAccepted;
    case v1::MERGE_STATE_REJECTED:
      return MergeState::kRejected;
    case v1::MERGE_STATE_REVERT_PROPOSED:
      return MergeState::kRevertProposed;
    case v1::MERGE_STATE_REVERTED:
      return MergeState::kReverted;
    default:
      return std::nullopt;
  }
}

v1::MergeState PackMergeState(MergeState state) {
  switch (state) {
    case MergeState::kPending:
      return v1::MERGE_STATE_PENDING;
    case MergeState::kProposed:
      return v1::MERGE_STATE_PROPOSED;
    case MergeState::kAccepted:
      return v1::MERGE_STATE_ACCEPTED;
    case MergeState::kRejected:
      return v1::MERGE_STATE_REJECTED;
    case MergeState::kRevertProposed:
      return v1::MERGE_STATE_REVERT_PROPOSED;
    case MergeState::kReverted:
      return v1::MERGE_STATE_REVERTED;
  }
  return v1::MERGE_STATE_UNSPECIFIED;
}

void PackAccount(const AccountRecord& account, v1::Account& out) {
  out.set_account_id(account.id);
  out.set_verified(account.verified);
  out.set_locked(account.locked);
  rpc::PackTime(account.created_at, *out.mutable_created_at());
  for (const VerificationRecord& verification : account.verifications) {
    PackVerification(verification, *out.add_verifications());
  }
  if (account.acceptable_verified_credential_at) {
    rpc::PackTime(*account.acceptable_verified_credential_at,
                  *out.mutable_acceptable_verified_credential_at());
  }
  if (account.idme_verified_credential_at) {
    rpc::PackTime(*account.idme_verified_credential_at, *out.mutable_idme_verified_credential_at());
  }
  for (const std::string& id : account.former_account_ids) out.add_former_account_ids(id);
  out.set_merges_pending(account.merges_pending);
  if (account.icn) out.set_icn(account.icn->Reveal());
}

void PackMerge(const MergeRecord& merge, v1::Merge& out) {
  out.set_merge_id(merge.id);
  out.set_state(PackMergeState(merge.state));
  out.set_account_id(merge.account_id);
  out.set_verification_id(merge.verification_id);
  out.set_other_account_id(merge.other_account_id);
  out.set_first_request_id(merge.first_request_id);
  out.set_last_request_id(merge.last_request_id);
  out.set_times_seen(merge.times_seen);
  rpc::PackTime(merge.created_at, *out.mutable_created_at());
  rpc::PackTime(merge.last_seen_at, *out.mutable_last_seen_at());
  for (const MergeStep& step : merge.steps) {
    v1::MergeStep& packed = *out.add_steps();
    packed.set_state(PackMergeState(step.state));
    packed.mutable_actor()->set_operator_(step.actor.operator_id);
    packed.mutable_actor()->set_reason(step.actor.reason);
    rpc::PackTime(step.at, *packed.mutable_at());
  }
  if (merge.account_icn) out.set_account_icn(merge.account_icn->Reveal());
  if (merge.other_icn) out.set_other_icn(merge.other_icn->Reveal());
}

}  // namespace va::attributes
