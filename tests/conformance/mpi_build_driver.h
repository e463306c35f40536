// Rows of area mpi about messages to MPI: a question or change goes through the builders of
// mpi-adapter, and what is compared is read from the bytes that would be sent.
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

// `message` says which one: identifier, facility, traits, add, proxy, update. Without it the parts
// that are named do. What a row does not name is a sample person's, credentials apart; null is
// nothing. An EDIPI alone is about both messages that ask with one.
absl::StatusOr<Facts> RunMpiBuild(const Row& row, const Mode& mode, const Environment& environment);

}  // namespace va::conformance
