// Rows of kind ssoe_attributes: an attribute set of the SSOe broker goes through Derive of
// user-attributes.
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

absl::StatusOr<Facts> RunSsoeAttributes(const Row& row, const Mode& mode,
                                        const Environment& environment);

// What a whole sign-in makes of a statement, with an MPI that agrees with it (ssoe_saml.md 13).
absl::StatusOr<Facts> RunSessionForm(const Row& row, const Mode& mode,
                                     const Environment& environment);

}  // namespace va::conformance
