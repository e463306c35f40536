// Rows of the Sign-in Service about a credential beside what MPI holds: area attribute_validator
// (sign_in_service.md 9) and the rows `sign-in:` of area mpi (mpi_mhv.md 1.18.1).
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

absl::StatusOr<Facts> RunAttributeValidator(const Row& row, const Mode& mode,
                                            const Environment& environment);
absl::StatusOr<Facts> RunMpiSignIn(const Row& row, const Mode& mode,
                                   const Environment& environment);

}  // namespace va::conformance
