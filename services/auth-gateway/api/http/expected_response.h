// What a response of an identity provider must fit, as far as that does not depend on the attempt.
#pragma once

#include "absl/time/time.h"
#include "services/auth-gateway/api/http/deps.h"

namespace va::gateway {

// `row` is what policy demands of the provider, `idp` how it is known. Both outlive the result.
ExpectedResponse ExpectedOf(const GatewayDeps& deps, const identity::IdpRow& row,
                            const SamlIdp& idp, absl::Time now);

}  // namespace va::gateway
