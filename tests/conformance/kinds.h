// Which kind a row is of, by the table of the vectors: from `options.kind`, from `area` and the
// shape of the input, or from the first two parts of the name. A kind is what drivers know; nothing
// here looks at what a row expects.
#pragma once

#include <string>

#include "tests/conformance/json.h"

namespace va::conformance {

// E.g. "ssoe_attributes", "mpi.parse", "sign_in.authorize", "va.auth"; empty when the row says
// none.
std::string KindOf(const Json& row);

}  // namespace va::conformance
