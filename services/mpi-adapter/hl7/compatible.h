// What the reference system shows of an answer: its status words, its error classes, and the person
// the way its clients know one. For compatible surfaces and operators' tools; nothing is decided by
// it. What the reference gets wrong comes back only where the switch `mpi_compat` asks for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "services/mpi-adapter/domain/profile.h"
#include "services/mpi-adapter/hl7/add_answer.h"

namespace va::mpi::hl7 {

// Who read the answer: the whole client, which looks for HTTP errors and faults first, or the
// parser by itself, which takes them for an unknown body.
enum class ReadBy { kClient, kParserAlone };

struct CompatibleOutcome {
  std::string status;              // ok, not_found, server_error
  std::string error;               // class name; empty with ok, or when the reference has none
  std::string message;             // text of a transport error
  std::optional<int> http_status;  // the status such an error carries
};

CompatibleOutcome CompatibleOutcomeOf(const Answer& answer, ReadBy read_by, bool mpi_compat);
CompatibleOutcome CompatibleOutcomeOf(const ChangeAnswer& answer, bool mpi_compat);

// The person of a find; with `mpi_compat` an empty one where a record has no patient.
std::optional<Profile> CompatibleProfileOf(const Answer& answer, bool mpi_compat);

struct CompatibleAddress {
  std::optional<identity::PersonText> street;
  // The second line; the reference knows the name and never fills it.
  std::optional<identity::PersonText> street2;
  std::optional<identity::PersonText> city;
  std::optional<identity::PersonText> state;
  std::optional<identity::PersonText> postal_code;
  std::optional<identity::PersonText> country;
};

// mpi_mhv.md 1.11. Absent values read as null there.
struct CompatiblePerson {
  std::optional<std::vector<identity::PersonText>> given_names;
  std::optional<identity::PersonText> family_name;
  std::optional<identity::PersonText> suffix;
  std::optional<identity::PersonText> gender;
  std::optional<identity::BirthDate> birth_date;     // as received, when it is a date
  std::optional<identity::BirthDate> deceased_date;  // likewise
  std::optional<identity::Ssn> ssn;
  std::optional<CompatibleAddress> address;
  std::optional<identity::PersonText> home_phone;
};

CompatiblePerson CompatiblePersonOf(const Profile& profile, bool mpi_compat);

// A name as people write it: MARY ANN is Mary Ann, O'BRIEN is O'Brien, MCDONALD is McDonald; one in
// mixed case is left alone. With `mpi_compat` as the reference spoils it: only the first letter
// stays upper case.
std::string DisplayName(absl::string_view name, bool mpi_compat);

// A whole name so: all given names, the family name, the suffix in its usual form.
identity::PersonText DisplayedName(const Name& name);

// One of Jr., Sr., III, II, IV, looked for in this order; nothing when it is none of them.
std::optional<std::string> NormalizedSuffix(absl::string_view suffix);

}  // namespace va::mpi::hl7
