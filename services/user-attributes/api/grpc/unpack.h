// From the wire into the rules' own values. Whatever could only be a caller's mistake is refused
// here (INVALID_ARGUMENT); what an assertion says about a person is never judged here. Views in the
// result point into the message, which must outlive it.
#pragma once

#include "absl/status/statusor.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/assertion.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/common/v1/person.pb.h"

namespace va::attributes {

absl::StatusOr<Attempt> UnpackAttempt(const v1::SignInContext& context,
                                      const identity::Policy& policy);
absl::StatusOr<SsoeAssertion> UnpackAssertion(const v1::SsoeAssertion& message);
absl::StatusOr<MpiAnswer> UnpackMpiAnswer(const v1::AdmitRequest& request);

}  // namespace va::attributes
