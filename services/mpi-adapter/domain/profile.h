// A person as MPI answers, nothing improved: names keep their spelling and their use, dates and
// numbers are what came, identifiers keep their status. Whoever shows or compares them decides how.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/identity/gc_ids.h"
#include "lib/identity/pii.h"

namespace va::mpi {

// One name with its HL7 use code (L legal, P preferred, M maiden, C licence, ...).
struct Name {
  std::vector<identity::PersonText> given;  // in order, empty parts dropped
  identity::PersonText family;
  identity::PersonText prefix;
  identity::PersonText suffix;
  std::string use;
};

// One address of the person; the place of birth is not one.
struct Address {
  std::vector<identity::PersonText> street;  // all lines
  identity::PersonText city;
  identity::PersonText state;
  identity::PersonText postal_code;
  identity::PersonText country;
  std::string use;
};

// A telephone number or address as received ("1112223333", "tel:...", "mailto:...").
struct Telecom {
  identity::PersonText value;
  std::string use;
};

struct Profile {
  std::vector<Name> names;
  identity::PersonText gender;
  identity::BirthDate birth_date;
  std::optional<identity::BirthDate> deceased_date;  // as received; its presence is the fact
  std::optional<identity::Ssn> ssn;
  bool id_theft = false;
  identity::GcIds ids;
  std::vector<identity::Icn> historical_icns;  // replaced by the one in `ids`
  std::vector<Address> addresses;
  std::vector<Telecom> telecoms;
  std::vector<std::string> person_types;
};

// The first name with use L. Never "the first name of any use": the others may be assigned,
// professional or preferred.
const Name* LegalName(const Profile& profile);

}  // namespace va::mpi
