// The half of Derive that reads answers of OpenID Connect providers: ID.me, Login.gov, and MHV and
// DS Logon through ID.me (sign_in_service.md 7 to 9).
#pragma once

#include <optional>

#include "services/user-attributes/domain/derive.h"

namespace va::attributes {

Derivation DeriveOidc(const OidcAssertion& assertion, const Attempt& attempt,
                      const identity::Policy& policy, Trace* trace);

// What MPI is to know of a person by this credential.
MpiAddition AdditionOf(const Claims& claims, const std::optional<PostalAddress>& address);

}  // namespace va::attributes
