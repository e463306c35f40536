// Rows of what mpi-adapter does around MPI (mpi_mhv.md 1.16, 1.17), and of what the SSOe statement
// must not say for itself (1.18.2).
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

absl::StatusOr<Facts> RunMpiFacade(const Row& row, const Mode& mode,
                                   const Environment& environment);
absl::StatusOr<Facts> RunMpiSsoe(const Row& row, const Mode& mode, const Environment& environment);

}  // namespace va::conformance
