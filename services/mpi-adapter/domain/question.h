// What MPI can be asked. Plain values: whoever asks has already decided which question it is
// (decision M3), the codec in hl7/ decides whether its parts can be sent.
#pragma once

#include <string>
#include <utility>
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

// An exact question by the id a VistA facility knows the person by.
struct ByFacility {
  std::string facility;  // e.g. 516
  identity::CspId vista_id;
};

// A probabilistic question. Middle name and gender may be empty; everything else is required. With
// an EDIPI it is the orchestrated search, whose answer carries the token that a proxy add needs
// (mpi_mhv.md 1.5.5).
struct ByTraits {
  identity::PersonText first_name;
  identity::PersonText middle_name;
  identity::PersonText last_name;
  identity::BirthDate birth_date;
  identity::Ssn ssn;
  identity::PersonText gender;  // M or F; any other code is no search key and is left out
  identity::CspId edipi;
};

// What MPI is to tell beside the correlations (`modifyCode`).
enum class SearchType {
  kCorrelations,   // MVI.COMP1
  kIcnHistory,     // MVI.COMP2
  kRelationships,  // MVI.COMP1.RMS; the reference asks so everywhere
};

// In which view (`responseElementGroupId`).
enum class View {
  kPrimary,      // PV
  kCorrelation,  // COR; refused for an ICN
};

using Asked = std::variant<ByIdentifier, ByFacility, ByTraits>;

struct Question {
  Question() = default;
  Question(ByIdentifier asked) : by(std::move(asked)) {}  // NOLINT(google-explicit-constructor)
  Question(ByFacility asked) : by(std::move(asked)) {}    // NOLINT(google-explicit-constructor)
  Question(ByTraits asked) : by(std::move(asked)) {}      // NOLINT(google-explicit-constructor)

  Asked by;
  SearchType search = SearchType::kRelationships;
  View view = View::kPrimary;
};

}  // namespace va::mpi
