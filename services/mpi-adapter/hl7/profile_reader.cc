#include "services/mpi-adapter/hl7/profile_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/reader.h"

namespace va::mpi::hl7 {
namespace {

using identity::CorrelatedId;
using identity::GcIds;
using identity::PersonText;

PersonText PersonTextOf(const xml::Element& element) {
  return PersonText::FromWire(TextOf(element));
}

// Every part is optional, and an empty one voids nothing but itself.
Name ReadName(const xml::Element& element) {
  Name name;
  name.use = Attr(element, "use");
  for (const xml::Element part : element.Children()) {
    const PersonText text = PersonTextOf(part);
    if (text.empty()) {
      name.empty_given = name.empty_given || Is(part, "given");
      continue;
    }
    if (Is(part, "given")) name.given.push_back(text);
    if (Is(part, "family")) name.family = text;
    if (Is(part, "prefix")) name.prefix = text;
    if (Is(part, "suffix")) name.suffix = text;
  }
  return name;
}

Address ReadAddress(const xml::Element& element) {
  Address address;
  address.use = Attr(element, "use");
  for (const xml::Element part : element.Children()) {
    const PersonText text = PersonTextOf(part);
    if (text.empty()) continue;
    if (Is(part, "streetAddressLine")) address.street.push_back(text);
    if (Is(part, "city")) address.city = text;
    if (Is(part, "state")) address.state = text;
    if (Is(part, "postalCode")) address.postal_code = text;
    if (Is(part, "country")) address.country = text;
  }
  return address;
}

// RFC 3986: a letter, then letters, digits and three marks, up to the first colon.
std::string SchemeOf(absl::string_view value) {
  const std::size_t colon = value.find(':');
  if (colon == absl::string_view::npos || colon == 0) return "";
  const absl::string_view scheme = value.substr(0, colon);
  const bool good = absl::ascii_isalpha(static_cast<unsigned char>(scheme.front())) &&
                    std::all_of(scheme.begin(), scheme.end(), [](char c) {
                      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' ||
                             c == '-' || c == '.';
                    });
  return good ? absl::AsciiStrToLower(scheme) : "";
}

void AppendTelecoms(const xml::Element& parent, std::vector<Telecom>& telecoms) {
  for (const xml::Element& element : All(parent, "telecom")) {
    PersonText value = PersonText::FromWire(Attr(element, "value"));
    if (value.empty()) continue;
    std::string scheme = SchemeOf(value.Reveal());
    telecoms.push_back({std::move(value), Attr(element, "use"), std::move(scheme)});
  }
}

GcIds ReadIds(const xml::Element& holder) {
  std::vector<CorrelatedId> rows;
  std::size_t malformed = 0;
  for (const xml::Element& element : All(holder, "id")) {
    // Not stripped: an extension with white space around it is not the identifier it looks like.
    const std::optional<std::string> extension = element.Attr("extension");
    if (!extension) continue;  // nullFlavor
    const std::string root = Attr(element, "root");
    std::optional<CorrelatedId> row = identity::ParseCorrelatedId(*extension, root);
    // The root says who issued it. A row without one would count as everybody's, as in a
    // pipe-joined list, which has none.
    if (row && !root.empty()) {
      rows.push_back(*std::move(row));
    } else {
      ++malformed;
    }
  }
  return GcIds(std::move(rows), malformed);
}

// All asOtherIDs are looked at, by class and by root: the first one may be a visa, an expiry date
// or a taxpayer number, and a taxpayer number is never an SSN even under this root. A whole number
// wins over one that is none, whatever the order.
void ReadSsn(const xml::Element& person, Profile& profile) {
  const std::vector<xml::Element> others = All(person, "asOtherIDs");
  for (std::size_t i = 0; i < others.size(); ++i) {
    const std::string class_code = Attr(others[i], "classCode");
    if (class_code == "TIN") continue;
    for (const xml::Element& id : All(others[i], "id")) {
      identity::Ssn ssn = identity::Ssn::FromWire(Attr(id, "extension"));
      const bool under_root = Attr(id, "root") == kSsnRoot;
      if (ssn.empty() || (class_code != "SSN" && !under_root)) continue;
      const bool better = !profile.ssn || (!profile.ssn->IsWellFormed() && ssn.IsWellFormed());
      if (!better) continue;
      profile.ssn = std::move(ssn);
      profile.ssn_in_first_other_id = i == 0 && under_root;
    }
  }
}

// Person types stand under a numbered subjectOf, whatever its number.
std::vector<std::string> ReadPersonTypes(const xml::Element& patient) {
  std::vector<std::string> types;
  for (const xml::Element subject : patient.Children()) {
    for (const xml::Element& observation : All(subject, "administrativeObservation")) {
      if (AttrAt(observation, {"code"}, "code") != "PERSON_TYPE") continue;
      const std::string codes = AttrAt(observation, {"value"}, "code");
      for (const absl::string_view code : absl::StrSplit(codes, '~', absl::SkipWhitespace())) {
        types.emplace_back(code);
      }
    }
  }
  return types;
}

std::vector<PersonText> ReadExtensions(const xml::Element& holder) {
  std::vector<PersonText> extensions;
  for (const xml::Element& element : All(holder, "id")) {
    std::optional<std::string> extension = element.Attr("extension");
    if (extension) extensions.push_back(PersonText::FromWire(*std::move(extension)));
  }
  return extensions;
}

std::vector<identity::Icn> ReadHistoricalIcns(const xml::Element& registration_event) {
  std::vector<identity::Icn> icns;
  for (const xml::Element& replaced : All(registration_event, "replacementOf")) {
    for (const xml::Element& prior : All(replaced, "priorRegistration")) {
      for (identity::Icn& icn : ReadIds(prior).historical_icns()) icns.push_back(std::move(icn));
    }
  }
  return icns;
}

// What stands in the element of a person, whichever role it has.
void ReadPerson(const xml::Element& person, Profile& profile) {
  for (const xml::Element& name : All(person, "name")) profile.names.push_back(ReadName(name));
  profile.gender = PersonText::FromWire(AttrAt(person, {"administrativeGenderCode"}, "code"));
  profile.birth_date = identity::BirthDate::FromWire(AttrAt(person, {"birthTime"}, "value"));
  for (const xml::Element& deceased : All(person, "deceasedTime")) {
    std::string value = Attr(deceased, "value");
    // Kept even when it is no date: that MPI holds something here is what decides.
    if (!value.empty()) profile.deceased_date = identity::BirthDate::FromWire(std::move(value));
  }
  ReadSsn(person, profile);
  for (const xml::Element& addr : All(person, "addr")) {
    profile.addresses.push_back(ReadAddress(addr));
  }
}

// The extension of the holder's other id of that class: EXP, PREF.
std::string OtherId(const xml::Element& holder, absl::string_view class_code) {
  for (const xml::Element& other : All(holder, "asOtherIDs")) {
    if (Attr(other, "classCode") == class_code) return AttrAt(other, {"id"}, "extension");
  }
  return {};
}

// Telephone and person types belong to the relation, everything else to the one who holds it.
Relationship ReadRelationship(const xml::Element& relation, const xml::Element& holder) {
  Relationship out;
  ReadPerson(holder, out.person);
  out.person.ids = ReadIds(holder);
  out.person.id_extensions = ReadExtensions(holder);
  AppendTelecoms(relation, out.person.telecoms);
  out.person.person_types = ReadPersonTypes(relation);
  out.role = AttrAt(relation, {"code"}, "code");
  out.role_name = AttrAt(relation, {"code"}, "displayName");
  out.translation = AttrAt(relation, {"translation"}, "code");
  out.status = AttrAt(relation, {"statusCode"}, "code");
  out.effective = AttrAt(relation, {"effectiveTime"}, "value");
  out.expires = OtherId(holder, "EXP");
  out.preference = OtherId(holder, "PREF");
  return out;
}

std::vector<Relationship> ReadRelationships(const xml::Element& person) {
  std::vector<Relationship> relationships;
  for (const xml::Element& relation : All(person, "personalRelationship")) {
    const std::optional<xml::Element> holder = Only(relation, "relationshipHolder1");
    if (holder) relationships.push_back(ReadRelationship(relation, *holder));
  }
  return relationships;
}

}  // namespace

Profile ReadProfile(const xml::Element& registration_event, const xml::Element& patient,
                    const xml::Element& person) {
  Profile profile;
  ReadPerson(person, profile);
  for (const xml::Element& code : All(patient, "confidentialityCode")) {
    if (Attr(code, "code") == "ID_THEFT^TRUE") profile.id_theft = true;
  }
  profile.ids = ReadIds(patient);
  profile.id_extensions = ReadExtensions(patient);
  profile.historical_icns = ReadHistoricalIcns(registration_event);
  AppendTelecoms(patient, profile.telecoms);
  AppendTelecoms(person, profile.telecoms);
  profile.person_types = ReadPersonTypes(patient);
  profile.relationships = ReadRelationships(person);
  return profile;
}

}  // namespace va::mpi::hl7
