// Rows of kind callback: how a sign-in ends whose person the row describes (ssoe_saml.md 12).
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

absl::StatusOr<Facts> RunCallback(const Row& row, const Mode& mode, const Environment& environment);

}  // namespace va::conformance
