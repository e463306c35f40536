// Undoes the one spelling mistake of the HL7 world that MPI's clients and gateways know: U+2010
// instead of the ASCII hyphen in two namespace names (decision M2). Such a name is no URI, and the
// parser refuses it; so it is put right before the parser sees it.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace va::mpi::hl7 {

// `xml` with the two names in ASCII. A view of `xml` itself when there is nothing to do, else of
// `storage`.
absl::string_view WithAsciiNamespaces(absl::string_view xml, std::string& storage);

}  // namespace va::mpi::hl7
