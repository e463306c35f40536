// From the wire into the values of this service. Shapes only: whether the person was really
// admitted is what the decision token says.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/inherited-proofing/api/grpc/eligibility_check.h"
#include "services/inherited-proofing/domain/consent.h"
#include "va/proofing/v1/proofing.pb.h"

namespace va::proofing {

// INVALID_ARGUMENT: SUBJECT (no account or attempt named), ICN (none, or not shaped like one), CSP.
// A correlation id that is not a number is dropped: MHV is asked for it by ICN then.
absl::StatusOr<Person> UnpackPerson(const v1::Subject& subject);

// INVALID_ARGUMENT: REQUEST_ID.
absl::Status CheckRequestId(const std::string& request_id);

// INVALID_ARGUMENT with the reason of ProblemOf, or CONSENT_DECISION.
absl::StatusOr<ConsentAnswer> UnpackAnswer(const v1::RecordConsentRequest& request,
                                           const ConsentScope& scope, absl::Time now,
                                           absl::Duration lifetime);

}  // namespace va::proofing
