// A person as MPI answers, nothing improved: names keep their spelling and their use, dates and
// numbers are what came, identifiers keep their status. Whoever shows or compares them decides how.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
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
  // An empty given name stood among them. Nothing to us; the reference has no name at all then.
  bool empty_given = false;
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
  // What stands before the first colon of a URI, lower case: tel, mailto, fax. A bare number has
  // none.
  std::string scheme = "";  // NOLINT(readability-redundant-string-init): may be left out of a list
};

struct Relationship;

struct Profile {
  std::vector<Name> names;
  identity::PersonText gender;
  identity::BirthDate birth_date;
  std::optional<identity::BirthDate> deceased_date;  // as received; its presence is the fact
  std::optional<identity::Ssn> ssn;
  // It stood in the first of the person's other ids. Nothing to us; the reference looks no further.
  bool ssn_in_first_other_id = false;
  bool id_theft = false;
  identity::GcIds ids;
  // Every extension as received, those that are no identifier included.
  std::vector<identity::PersonText> id_extensions;
  std::vector<identity::Icn> historical_icns;  // replaced by the one in `ids`
  std::vector<Address> addresses;
  std::vector<Telecom> telecoms;
  std::vector<std::string> person_types;
  std::string search_token;  // MPI's id of this answer, which an add refers to
  std::vector<Relationship> relationships;
};

// Somebody who stands in a relation to the person, e.g. a delegate. Without a role it is no use:
// whoever acts on one looks at role, status and dates first.
struct Relationship {
  Profile person;
  std::string role;         // code, e.g. DEL
  std::string role_name;    // its words, e.g. VA Healthcare Proxy
  std::string translation;  // e.g. PRS
  std::string status;       // ACTIVE, ...
  std::string effective;    // as received
  std::string expires;      // as received
  std::string preference;   // scope, e.g. FULL
};

// The first name with use L. Never "the first name of any use": the others may be assigned,
// professional or preferred.
const Name* LegalName(const Profile& profile);

// Whether the relation may be acted upon that day: it has a role and the status ACTIVE, has begun
// and has not ended. A date that cannot be read has not been reached, or has passed: whatever lets
// nobody act. No date is no bound.
bool IsInForce(const Relationship& relationship, absl::CivilDay today);

}  // namespace va::mpi
