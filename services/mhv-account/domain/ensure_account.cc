#include "services/mhv-account/domain/ensure_account.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::mhv {
namespace {

// From here on a person's identity is proofed: LOA3 in the words of the specification.
constexpr int kMinIal = 2;

// Longer than any id that was seen; what is longer was meant to be something else.
constexpr size_t kMaxMhvId = 64;

// mpi_mhv.md 2.11. Titles of the codes whose meaning is not public say so.
constexpr UpstreamError kErrors[] = {
    {801, "mhv_801", "MHV asks the person to act", Concern::kPerson},
    {802, "mhv_802", "MHV refused", Concern::kMhv},
    {803, "mhv_803", "MHV refused", Concern::kMhv},
    {804, "mhv_804", "MHV refused", Concern::kMhv},
    {805, "mhv_805", "MHV holds a deactivated account of this person", Concern::kPerson},
    {806, "mhv_806", "MHV asks the person to act", Concern::kPerson},
    {807, "mhv_807", "MHV asks the person to act", Concern::kPerson},
    {808, "mhv_808", "MHV does not accept our application", Concern::kUs},
    {809, "mhv_809", "MHV refused", Concern::kMhv},
    {810, "mhv_810", "MHV refused", Concern::kMhv},
    {811, "mhv_811", "MHV refused", Concern::kMhv},
    {812, "mhv_812", "MHV misses the ICN or finds another in our token", Concern::kUs},
};

bool IsTermsReason(const std::string& reason) {
  return reason == "needs_terms" || reason == "terms_declined" || reason == "terms_outdated";
}

void AddTermsReasons(TermsStanding standing, std::vector<std::string>& reasons) {
  if (standing == TermsStanding::kAccepted) return;
  reasons.emplace_back("needs_terms");
  if (standing == TermsStanding::kDeclined) reasons.emplace_back("terms_declined");
  if (standing == TermsStanding::kOutdated) reasons.emplace_back("terms_outdated");
}

bool IsMhvId(const std::string& id) {
  return !id.empty() && id.size() <= kMaxMhvId && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

}  // namespace

std::optional<EnsureOutcome> Evaluate(const EnsureFacts& facts) {
  EnsureOutcome outcome;
  if (facts.ial < kMinIal) outcome.reasons.emplace_back("needs_identity_verification");
  if (!facts.has_icn) outcome.reasons.emplace_back("no_icn");
  AddTermsReasons(facts.terms, outcome.reasons);
  if (outcome.reasons.empty()) return std::nullopt;
  const bool terms_only =
      std::all_of(outcome.reasons.begin(), outcome.reasons.end(), IsTermsReason);
  outcome.state = terms_only ? State::kNeedsTerms : State::kIneligible;
  outcome.user_actionable = true;  // proof of identity and terms are the person's to give
  return outcome;
}

const UpstreamError* FindUpstreamError(int code) {
  const auto* const found =
      std::find_if(std::begin(kErrors), std::end(kErrors),
                   [code](const UpstreamError& error) { return error.code == code; });
  return found == std::end(kErrors) ? nullptr : found;
}

absl::StatusOr<EnsureOutcome> Judge(const Refusal& refusal) {
  const UpstreamError* const error = FindUpstreamError(refusal.code);
  if (error != nullptr && error->concern == Concern::kUs) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition,
                           absl::StrCat("MHV_", refusal.code), error->title);
  }
  EnsureOutcome outcome;
  outcome.state = State::kIneligible;
  outcome.reasons.emplace_back(error != nullptr ? error->reason : "mhv_refused");
  outcome.upstream_code = absl::StrCat(refusal.code);
  outcome.user_actionable = error != nullptr && error->concern == Concern::kPerson;
  return outcome;
}

absl::StatusOr<MhvAccount> ReadAccount(const AccountFacts& facts) {
  if (!facts.mhv_id || !IsMhvId(facts.mhv_id->Reveal()) || !facts.premium || !facts.champ_va ||
      !facts.patient || !facts.sm_account_created) {
    return base::MakeError(absl::StatusCode::kUnavailable, "MHV_MALFORMED",
                           "MHV answered without all facts of an account", true);
  }
  MhvAccount account;
  account.mhv_id = *facts.mhv_id;
  account.premium = *facts.premium;
  account.champ_va = *facts.champ_va;
  account.patient = *facts.patient;
  account.sm_account_created = *facts.sm_account_created;
  account.origin = OriginOf(facts.message);
  return account;
}

Origin OriginOf(absl::string_view message) {
  if (message == "Existing MHV Account Found for ICN") return Origin::kExisting;
  if (message == "MHV Account Created" ||
      message == "MHV Account Created but SM Account not created") {
    return Origin::kApiCreated;
  }
  return Origin::kUnknown;
}

EnsureOutcome Ensured(MhvAccount account) {
  EnsureOutcome outcome;
  outcome.state = State::kEnsured;
  outcome.account = std::move(account);
  return outcome;
}

}  // namespace va::mhv
