// Rows of area mpi about one value of an answer, without a sample of one: how a name or a suffix is
// shown, which element holds a fact, what the codes of an add stand for.
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

// `given` and `family`; or `suffix`; or `xml`, the path of an element of the patient with its
// attributes (`a/b@code='X'`, `a/b c@code='X' d@code='Y'`); or `codes`, pairs of a code and its
// name that an add is accepted with; or `ack`, null for an add that nobody acknowledges. What has
// to stand around it is put there, and the reader of mpi-adapter reads the whole.
absl::StatusOr<Facts> RunMpiValues(const Row& row, const Mode& mode,
                                   const Environment& environment);

}  // namespace va::conformance
