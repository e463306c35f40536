// What must be true of a response that was accepted, judged from what the provider signed and by
// rules written a second time, without the validator's code. A validator that leaves a check out
// accepts something that this does not.
#pragma once

#include <string>

#include "services/auth-gateway/domain/verified_assertion.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "tests/fuzz/saml_input.h"

namespace va::fuzz {

// Ends the program with a finding unless `accepted` is what the provider vouched for, was meant for
// us and for now.
void RequireGenuine(const gateway::VerifiedAssertion& accepted, const SamlInput& input,
                    const Posted& posted, const gateway::ExpectedResponse& expected);

}  // namespace va::fuzz
