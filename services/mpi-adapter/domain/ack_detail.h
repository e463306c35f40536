// One line of what MPI says beside its verdict, as received.
#pragma once

#include <string>

#include "lib/identity/pii.h"

namespace va::mpi {

// A detail of an acknowledgement: an error with its text, a threshold, or, after an add, an
// identifier. Either half may be missing. Code and text may repeat what was sent about a person:
// for an operator's eyes, never for a log.
struct AckDetail {
  identity::PersonText code;
  std::string code_system;  // OID, or the name MPI gives instead of one
  identity::PersonText name;
  identity::PersonText text;
};

}  // namespace va::mpi
