// What MPI can be asked. Plain values: whoever asks has already decided which question it is
// (decision M3), the codec in hl7/ decides whether its parts can be sent.
#pragma once

#include <variant>

#include "lib/identity/pii.h"

namespace va::mpi {

// The identifiers MPI finds a person by.
enum class IdentifierType { kIcn, kIdme, kLogingov, kMhv, kEdipi };

// An exact question. EDIPI is asked through VBA orchestration, the others directly.
struct ByIdentifier {
  IdentifierType type = IdentifierType::kIcn;
  identity::CspId value;
};

// A probabilistic question. Middle name and gender may be empty; everything else is required.
struct ByTraits {
  identity::PersonText first_name;
  identity::PersonText middle_name;
  identity::PersonText last_name;
  identity::BirthDate birth_date;
  identity::Ssn ssn;
  identity::PersonText gender;  // M or F; any other code is no search key and is left out
};

using Question = std::variant<ByIdentifier, ByTraits>;

}  // namespace va::mpi
