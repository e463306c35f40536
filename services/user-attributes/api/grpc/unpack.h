// From the wire into the rules' own values. Whatever could only be a caller's mistake is refused
// here (INVALID_ARGUMENT); what an assertion says about a person is never judged here. Views in the
// result point into the message, which must outlive it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/assertion.h"
#include "services/user-attributes/domain/renewal.h"
#include "services/user-attributes/domain/terms.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/common/v1/person.pb.h"

namespace va::attributes {

// Ids of requests and attempts: 1 to 128 bytes of the caller's choice. `reason` names the field.
absl::Status CheckRequestId(const std::string& id, absl::string_view reason);
// Ids of rows: uuids as this service writes them.
absl::Status CheckRowId(const std::string& id, absl::string_view reason);

absl::Status CredentialMissing();
absl::StatusOr<Attempt> UnpackAttempt(const v1::SignInContext& context,
                                      const identity::Policy& policy);
absl::StatusOr<SsoeAssertion> UnpackAssertion(const v1::SsoeAssertion& message);
absl::StatusOr<OidcAssertion> UnpackAssertion(const v1::OidcCredential& message);
// Whichever of the two a request brings: INVALID_ARGUMENT (CREDENTIAL_MISSING) without one.
template <typename Request>
absl::StatusOr<Assertion> UnpackCredential(const Request& request) {
  if (request.has_oidc()) return UnpackAssertion(request.oidc());
  if (request.has_ssoe()) return UnpackAssertion(request.ssoe());
  return CredentialMissing();
}
// `profile` is nullptr without one; `added` says what became of adding the person.
absl::StatusOr<MpiAnswer> UnpackMpiAnswer(common::v1::MpiOutcome outcome,
                                          const common::v1::Profile* profile,
                                          common::v1::MpiOutcome added);
absl::StatusOr<MpiAnswer> UnpackMpiAnswer(const v1::AdmitRequest& request);
absl::StatusOr<LiveSession> UnpackSession(const v1::RenewDecisionRequest& request,
                                          const identity::Policy& policy);
absl::StatusOr<TermsDecision> UnpackTermsDecision(v1::TermsDecision decision);

}  // namespace va::attributes
