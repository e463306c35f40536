// Rows of area mpi: a sample answer goes through the reader of mpi-adapter that its interaction
// needs, identifiers through lib/identity.
#pragma once

#include "absl/status/statusor.h"
#include "services/mpi-adapter/domain/change.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/json.h"

namespace va::conformance {

// An answer of MPI: `fixture` or `body`, `http_status` (a number, or `bypassed` for the parser by
// itself), `interaction` (find, add_or_update; without: a find as the transport sees it),
// `headers`, `message_id` of the message that it must answer.
absl::StatusOr<Facts> RunMpiParse(const Row& row, const Mode& mode, const Environment& environment);

// The identifiers of an add's answer, and whatever else it names, as the vectors write them.
Json CodesJson(const mpi::ChangeCodes& codes);

// Identifiers: `gcids` in the pipe form, or `ids` one by one with their roots.
absl::StatusOr<Facts> RunMpiIds(const Row& row, const Mode& mode, const Environment& environment);

}  // namespace va::conformance
