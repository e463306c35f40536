// Assurance and providers in the wire form that all services share, both ways. Used by the adapters
// that speak of a session.
#pragma once

#include <optional>

#include "lib/identity/assurance.h"
#include "va/common/v1/person.pb.h"

namespace va::gateway {

common::v1::Csp PackCsp(const std::optional<identity::Csp>& csp);

// Nothing for a provider this build does not know.
std::optional<identity::Csp> UnpackCsp(common::v1::Csp csp);

void PackAssurance(const identity::Assurance& in, common::v1::Assurance& out);
identity::Assurance UnpackAssurance(const common::v1::Assurance& in);

}  // namespace va::gateway
