#include "services/inherited-proofing/api/grpc/unpack.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "lib/base/status.h"
#include "lib/rpc/wire.h"

namespace va::proofing {
namespace {

constexpr size_t kMaxId = 128;

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

// It stays in the record of consents for good: a plain token, no text of any kind.
bool IsId(const std::string& text) {
  return !text.empty() && text.size() <= kMaxId &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

// One to twenty digits: it becomes part of a path at MHV.
identity::CspId UnpackMhvId(const std::string& text) {
  const bool digits = text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
                        return absl::ascii_isdigit(static_cast<unsigned char>(c));
                      });
  return digits ? identity::CspId::FromWire(text) : identity::CspId();
}

}  // namespace

absl::StatusOr<Person> UnpackPerson(const v1::Subject& subject) {
  if (!IsId(subject.account_id()) || !IsId(subject.flow_id())) {
    return Invalid("SUBJECT", "a call needs an account and the attempt of its session");
  }
  Person person;
  person.scope = {subject.account_id(), subject.flow_id()};
  person.icn = identity::Icn::FromWire(subject.icn());
  if (!person.icn.IsWellFormed()) return Invalid("ICN", "MHV and MPI are asked by a whole ICN");
  person.mhv_id = UnpackMhvId(subject.mhv_id());
  const std::optional<identity::Csp> csp = rpc::UnpackCsp(subject.csp());
  if (!csp) return Invalid("CSP", "a session has a provider");
  person.csp = *csp;
  return person;
}

absl::Status CheckRequestId(const std::string& request_id) {
  if (IsId(request_id)) return absl::OkStatus();
  return Invalid("REQUEST_ID", "every call needs a request id");
}

absl::StatusOr<ConsentAnswer> UnpackAnswer(const v1::RecordConsentRequest& request,
                                           const ConsentScope& scope, absl::Time now,
                                           absl::Duration lifetime) {
  if (request.decision() != v1::CONSENT_DECISION_GIVEN &&
      request.decision() != v1::CONSENT_DECISION_DECLINED) {
    return Invalid("CONSENT_DECISION", "an answer gives consent or declines it");
  }
  ConsentAnswer answer;
  answer.scope = scope;
  answer.request_id = request.request_id();
  answer.text_version = request.text_version();
  answer.text_sha256 = request.text_sha256();
  answer.decision = request.decision() == v1::CONSENT_DECISION_GIVEN ? ConsentDecision::kGiven
                                                                     : ConsentDecision::kDeclined;
  answer.locale = request.locale();
  answer.decided_at = now;
  answer.expires_at = now + lifetime;
  if (const auto problem = ProblemOf(answer)) return Invalid(*problem, "the answer is not whole");
  return answer;
}

}  // namespace va::proofing
