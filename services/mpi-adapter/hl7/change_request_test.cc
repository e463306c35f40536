#include "services/mpi-adapter/hl7/change_request.h"

#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/hl7/request_testing.h"

#include <rapidcheck.h>

namespace va::mpi::hl7 {
namespace {

using identity::BirthDate;
using identity::CspId;
using identity::Icn;
using identity::PersonText;
using identity::Ssn;

constexpr char kToken[] = "WSDOC2601151200000000000000001";

PersonText Text(const std::string& text) { return PersonText::FromWire(text); }

PostalAddress SampleStreet() {
  PostalAddress address;
  address.street = {Text("12 Sample Street"), Text("Apt 3 & 4")};
  address.city = Text("Testville");
  address.state = Text("NY");
  address.postal_code = Text("10001");
  address.country = Text("USA");
  return address;
}

AddPerson Zebulon() {
  AddPerson add;
  add.idme_uuid = CspId::FromWire("54e78de6-140d-473f-8796-0f211be49c08");
  add.first_name = Text("Zebulon");
  add.last_name = Text("O'Testwell-Ñandú");
  add.birth_date = BirthDate::FromWire("1951-04-09");
  add.ssn = Ssn::FromWire("987-00-1234");
  add.email = Text("zebulon@example.test");
  add.address = SampleStreet();
  return add;
}

AddByProxy ZebulonByProxy() {
  AddByProxy add;
  add.first_name = Text("Zebulon");
  add.last_name = Text("O'Testwell-Ñandú");
  add.birth_date = BirthDate::FromWire("19510409");
  add.ssn = Ssn::FromWire("987001234");
  add.icn = Icn::FromWire(kSampleIcn);
  add.edipi = CspId::FromWire("1500600700");
  add.search_token = kToken;
  return add;
}

UpdatePerson ZebulonAgain() {
  UpdatePerson update;
  update.icn = Icn::FromWire(kSampleIcn);
  update.edipi = CspId::FromWire("1500600700");
  update.logingov_uuid = CspId::FromWire("aa478abc-e494-4af1-9f87-d002f8fe1cda");
  update.idme_uuid = CspId::FromWire("54e78de6140d473f87960f211be49c08");
  update.first_name = Text("Zebulon");
  update.last_name = Text("O'Testwell-Ñandú");
  update.birth_date = BirthDate::FromWire("1951-04-09");
  update.ssn = Ssn::FromWire("987-00-1234");
  update.email = Text("zebulon@example.test");
  update.address = SampleStreet();
  return update;
}

std::string Built(const Change& change, const MessageSettings& settings = {}) {
  const absl::StatusOr<xml::Document> document =
      BuildChangeRequest(change, SampleStamp(), settings);
  REQUIRE(document.ok());
  return document->SerializeWithDeclaration();
}

absl::Status Refused(const Change& change) {
  const absl::Status status = BuildChangeRequest(change, SampleStamp(), {}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return status;
}

xml::Element Patient(const xml::Document& document) {
  const auto patient = Walk(Interaction(document), {"controlActProcess", "subject",
                                                    "registrationEvent", "subject1", "patient"});
  REQUIRE(patient.has_value());
  return *patient;
}

// What the message says about the person, by its place.
struct Said {
  std::string given, family, birth, email, ssn, credential, credential_root;
  std::vector<std::string> address;
};

Said SaidIn(const std::string& bytes) {
  const xml::Document document = Parsed(bytes);
  const xml::Element person = *First(Patient(document), "patientPerson");
  Said said;
  const xml::Element name = *First(person, "name");
  if (const auto given = First(name, "given")) said.given = given->Text();
  said.family = First(name, "family")->Text();
  said.birth = Attr(*First(person, "birthTime"), "value");
  if (const auto telecom = First(person, "telecom")) said.email = *telecom->Attr("value");
  if (const auto address = First(person, "addr")) {
    for (const xml::Element part : address->Children()) said.address.push_back(part.Text());
  }
  for (const xml::Element& other : All(person, "asOtherIDs")) {
    if (Attr(other, "classCode") == "SSN") said.ssn = AttrAt(other, {"id"}, "extension");
  }
  if (const auto id = First(person, "id")) {
    said.credential = Attr(*id, "extension");
    said.credential_root = Attr(*id, "root");
  }
  return said;
}

TEST_CASE("BuildChangeRequest: an add with everything is the golden message",
          "[mpi][hl7][golden]") {
  CHECK(Canonical(Built(Zebulon())) == Canonical(Golden("add_person.xml")));
}

TEST_CASE("BuildChangeRequest: an add with the least is the golden message, without empty parts",
          "[mpi][hl7][golden]") {
  AddPerson add;
  add.logingov_uuid = CspId::FromWire("AA478ABCE4944AF19F87D002F8FE1CDA");
  add.last_name = Text("O'Testwell-Ñandú");
  add.birth_date = BirthDate::FromWire("19510409");
  CHECK(Canonical(Built(add)) == Canonical(Golden("add_person_least.xml")));
}

TEST_CASE("BuildChangeRequest: a proxy add is the golden message", "[mpi][hl7][golden]") {
  CHECK(Canonical(Built(ZebulonByProxy())) == Canonical(Golden("add_by_proxy.xml")));
}

TEST_CASE("BuildChangeRequest: an update is the golden message", "[mpi][hl7][golden]") {
  CHECK(Canonical(Built(ZebulonAgain())) == Canonical(Golden("update_person.xml")));
}

TEST_CASE("BuildChangeRequest: the namespace switch writes U+2010 and ASCII is the default (M2)",
          "[mpi][hl7][golden]") {
  MessageSettings settings;
  settings.u2010_namespaces = true;
  const std::string respelt = Built(ZebulonByProxy(), settings);
  CHECK(absl::StrContains(respelt, absl::StrCat("xmlns=\"", kHl7NsU2010, "\"")));
  CHECK(absl::StrContains(respelt, absl::StrCat("xmlns:xsi=\"", kXsiNsU2010, "\"")));
  CHECK(absl::StrContains(respelt, "<value xsi:type=\"ST\">"));
  CHECK_FALSE(absl::StrContains(Built(ZebulonByProxy()), "\xE2\x80\x90"));
}

TEST_CASE("InteractionOf: adds are 301, updates are 302", "[mpi][hl7][rule]") {
  CHECK(InteractionOf(AddPerson()) == "PRPA_IN201301UV02");
  CHECK(InteractionOf(AddByProxy()) == "PRPA_IN201301UV02");
  CHECK(InteractionOf(UpdatePerson()) == "PRPA_IN201302UV02");
}

TEST_CASE("BuildChangeRequest: an implicit add names the ID.me uuid when both are known",
          "[mpi][hl7][rule]") {
  AddPerson add = Zebulon();
  add.idme_uuid = CspId::FromWire("aaa");
  add.logingov_uuid = CspId::FromWire("bbb");
  CHECK(SaidIn(Built(add)).credential == "aaa^PN^200VIDM^USDVA^A");
  add.idme_uuid = {};
  CHECK(SaidIn(Built(add)).credential == "bbb^PN^200VLGN^USDVA^A");
}

TEST_CASE("BuildChangeRequest: an update names EDIPI before Login.gov before ID.me",
          "[mpi][hl7][rule]") {
  UpdatePerson update = ZebulonAgain();
  Said said = SaidIn(Built(update));
  CHECK(said.credential == "1500600700^NI^200DOD^USDOD^A");
  CHECK(said.credential_root == "2.16.840.1.113883.3.42.10001.100001.12");
  update.edipi = {};
  said = SaidIn(Built(update));
  CHECK(said.credential == "aa478abc-e494-4af1-9f87-d002f8fe1cda^PN^200VLGN^USDVA^A");
  CHECK(said.credential_root == "2.16.840.1.113883.4.349");
  update.logingov_uuid = {};
  said = SaidIn(Built(update));
  CHECK(said.credential == "54e78de6140d473f87960f211be49c08^PN^200VIDM^USDVA^A");
  CHECK(said.credential_root == "2.16.840.1.113883.4.349");
}

TEST_CASE("BuildChangeRequest: what is not known is left out, never sent empty",
          "[mpi][hl7][rule]") {
  AddPerson add = Zebulon();
  add.email = Text("  ");
  add.ssn = {};
  add.first_name = {};
  add.address->street = {Text(""), Text("12 Sample Street"), Text(" ")};
  add.address->state = {};
  const Said said = SaidIn(Built(add));
  CHECK(said.address == std::vector<std::string>{"12 Sample Street", "Testville", "10001", "USA"});
  const std::string text = Built(add);
  for (const char* absent : {"<telecom use=", "<given", "<state", "classCode=\"SSN\""}) {
    CAPTURE(absent);
    CHECK_FALSE(absl::StrContains(text, absent));
  }
  add.address = PostalAddress();
  CHECK_FALSE(absl::StrContains(Built(add), "<addr"));
}

TEST_CASE("BuildChangeRequest: everything that is missing is listed, in order",
          "[mpi][hl7][rule]") {
  const auto missing = [](const Change& change) {
    const absl::Status status = Refused(change);
    CHECK(base::ReasonOf(status) == "FIELD_MISSING");
    return std::string(status.message());
  };
  CHECK(missing(AddPerson()) ==
        "Required values missing: [last_name, birth_date, credential_identifier]");
  CHECK(missing(AddByProxy()) ==
        "Required values missing: [first_name, last_name, ssn, birth_date, icn, edipi, "
        "search_token]");
  CHECK(missing(UpdatePerson()) ==
        "Required values missing: [last_name, email, birth_date, icn, uuid]");

  UpdatePerson update = ZebulonAgain();
  update.email = Text(" ");
  update.icn = {};
  CHECK(missing(update) == "Required values missing: [email, icn]");
  AddByProxy proxy = ZebulonByProxy();
  proxy.search_token.clear();
  CHECK(missing(proxy) == "Required values missing: [search_token]");
  AddPerson add = Zebulon();
  add.idme_uuid = CspId::FromWire(" ");
  CHECK(missing(add) == "Required values missing: [credential_identifier]");
  // What is missing is told before what is malformed.
  add.ssn = Ssn::FromWire("1");
  CHECK(missing(add) == "Required values missing: [credential_identifier]");
}

// One field of one message, set to a text.
struct Field {
  const char* name;
  std::function<Change(const std::string&)> set;
};

#define VA_FIELD(name, make, type, member)         \
  Field {                                          \
    name, [](const std::string& value) -> Change { \
      auto message = make();                       \
      message.member = type::FromWire(value);      \
      return message;                              \
    }                                              \
  }

// Those that may hold any text, and where the message says it.
struct TextField : Field {
  std::function<std::string(const Said&)> said;
};

std::vector<TextField> TextFields() {
  const auto part = [](size_t at) {
    return [at](const Said& said) { return said.address.at(at); };
  };
  const auto given = [](const Said& said) { return said.given; };
  const auto family = [](const Said& said) { return said.family; };
  const auto email = [](const Said& said) { return said.email; };
  return {
      {VA_FIELD("first_name", Zebulon, PersonText, first_name), given},
      {VA_FIELD("last_name", Zebulon, PersonText, last_name), family},
      {VA_FIELD("email", Zebulon, PersonText, email), email},
      {VA_FIELD("address.city", Zebulon, PersonText, address->city), part(1)},
      {VA_FIELD("address.state", Zebulon, PersonText, address->state), part(2)},
      {VA_FIELD("address.postal_code", Zebulon, PersonText, address->postal_code), part(3)},
      {VA_FIELD("address.country", Zebulon, PersonText, address->country), part(4)},
      {VA_FIELD("address.street", Zebulon, PersonText, address->street[1]),
       [](const Said& said) {
         REQUIRE(absl::StartsWith(said.address.at(0), "12 Sample Street "));
         return said.address.at(0).substr(17);
       }},
      {VA_FIELD("first_name", ZebulonByProxy, PersonText, first_name), given},
      {VA_FIELD("last_name", ZebulonByProxy, PersonText, last_name), family},
      {VA_FIELD("first_name", ZebulonAgain, PersonText, first_name), given},
      {VA_FIELD("last_name", ZebulonAgain, PersonText, last_name), family},
      {VA_FIELD("email", ZebulonAgain, PersonText, email), email},
      {VA_FIELD("address.city", ZebulonAgain, PersonText, address->city), part(1)},
  };
}

TEST_CASE("BuildChangeRequest: H1 hostile text arrives as it was and changes nothing else",
          "[mpi][hl7][attack]") {
  const std::string hostile = GENERATE(from_range(HostileTexts()));
  CAPTURE(hostile);
  for (const TextField& field : TextFields()) {
    CAPTURE(field.name);
    const std::string built = Built(field.set(hostile));
    CHECK(field.said(SaidIn(built)) == hostile);
    // The same elements and attributes as with a plain text.
    const auto shape = [](const std::string& bytes, const std::string& text) {
      std::string flat = Canonical(bytes);
      for (size_t at = flat.find(text); at != std::string::npos; at = flat.find(text)) {
        flat.erase(at, text.size());
      }
      return flat;
    };
    CHECK(shape(built, hostile) == shape(Built(field.set("plainly-plain")), "plainly-plain"));
  }
}

TEST_CASE("BuildChangeRequest: H1 control characters and broken UTF-8 are refused, the field named",
          "[mpi][hl7][attack]") {
  const RefusedText row = GENERATE(from_range(RefusedTexts()));
  for (const TextField& field : TextFields()) {
    CAPTURE(field.name, row.reason);
    const absl::Status status = Refused(field.set(row.value));
    CHECK(base::ReasonOf(status) == row.reason);
    CHECK(absl::StartsWith(status.message(), absl::StrCat(field.name, ":")));
  }
  AddByProxy proxy = ZebulonByProxy();
  proxy.search_token = row.value;
  CHECK(absl::StartsWith(Refused(proxy).message(), "search_token:"));
}

TEST_CASE("BuildChangeRequest: H1 what is no date, SSN, ICN or EDIPI is refused, never repeated",
          "[mpi][hl7][attack]") {
  const std::string number = GENERATE(values<std::string>(
      {"9223372036854775808", "99999999999999999999", "-1", "19999999", "1e9", "0x10", "1951-4-9",
       "1951-02-30", "19510409 ", "\xD9\xA1\xD9\xA9\xD9\xA5\xD9\xA1", "NaN"}));
  CAPTURE(number);
  const std::vector<Field> fields = {
      VA_FIELD("birth_date", Zebulon, BirthDate, birth_date),
      VA_FIELD("ssn", Zebulon, Ssn, ssn),
      VA_FIELD("birth_date", ZebulonByProxy, BirthDate, birth_date),
      VA_FIELD("ssn", ZebulonByProxy, Ssn, ssn),
      VA_FIELD("icn", ZebulonByProxy, Icn, icn),
      VA_FIELD("edipi", ZebulonByProxy, CspId, edipi),
      VA_FIELD("birth_date", ZebulonAgain, BirthDate, birth_date),
      VA_FIELD("ssn", ZebulonAgain, Ssn, ssn),
      VA_FIELD("icn", ZebulonAgain, Icn, icn),
      VA_FIELD("edipi", ZebulonAgain, CspId, edipi),
  };
  for (const Field& field : fields) {
    CAPTURE(field.name);
    const absl::Status status = Refused(field.set(number));
    CHECK(base::ReasonOf(status) == "FIELD_MALFORMED");
    CHECK(absl::StartsWith(status.message(), absl::StrCat(field.name, ":")));
    CHECK_FALSE(absl::StrContains(status.message(), number));
  }
}

TEST_CASE("BuildChangeRequest: H2 no identifier smuggles in another identifier or markup",
          "[mpi][hl7][attack]") {
  const std::string hostile = GENERATE(from_range(HostileIdentifiers()));
  CAPTURE(hostile);
  const std::vector<Field> fields = {
      VA_FIELD("idme_uuid", Zebulon, CspId, idme_uuid),
      VA_FIELD("logingov_uuid", Zebulon, CspId, logingov_uuid),
      VA_FIELD("icn", ZebulonByProxy, Icn, icn),
      VA_FIELD("edipi", ZebulonByProxy, CspId, edipi),
      VA_FIELD("icn", ZebulonAgain, Icn, icn),
      VA_FIELD("edipi", ZebulonAgain, CspId, edipi),
      VA_FIELD("logingov_uuid", ZebulonAgain, CspId, logingov_uuid),
      VA_FIELD("idme_uuid", ZebulonAgain, CspId, idme_uuid),
  };
  for (const Field& field : fields) {
    CAPTURE(field.name);
    const absl::Status status = Refused(field.set(hostile));
    CHECK(base::ReasonOf(status) == "FIELD_MALFORMED");
    CHECK(absl::StartsWith(status.message(), absl::StrCat(field.name, ":")));
    CHECK_FALSE(absl::StrContains(status.message(), hostile));
  }
}

TEST_CASE("BuildChangeRequest: what an installation says about itself is a setting",
          "[mpi][hl7][rule]") {
  MessageSettings settings;
  settings.processing_code = "P";
  settings.sender = "200XSEND";
  settings.clinic_root = "1.2.3.4";
  settings.clinic_name = "Another <Clinic>";
  settings.clinic_telephone = "555 0100";
  settings.organization_prefix = "other.";
  settings.organization_description = "other organization";
  settings.organization_telecom = "host.example.test";
  const xml::Document document = Parsed(Built(ZebulonByProxy(), settings));
  const xml::Element message = Interaction(document);
  CHECK(AttrAt(message, {"processingCode"}, "code") == "P");
  CHECK(AttrAt(message, {"sender", "device", "id"}, "extension") == "200XSEND");
  const xml::Element provider = *First(Patient(document), "providerOrganization");
  CHECK(AttrAt(provider, {"id"}, "root") == "1.2.3.4");
  CHECK(First(provider, "name")->Text() == "Another <Clinic>");
  CHECK(AttrAt(provider, {"contactParty", "telecom"}, "value") == "555 0100");
  const xml::Element custodian =
      *Walk(message,
            {"controlActProcess", "subject", "registrationEvent", "custodian", "assignedEntity"});
  CHECK(AttrAt(custodian, {"id"}, "root") == "1.2.3.4");
  CHECK(Walk(custodian, {"assignedOrganization", "name"})->Text() == "Another <Clinic>");
  const xml::Element organization = *Walk(
      message, {"controlActProcess", "dataEnterer", "assignedPerson", "representedOrganization"});
  CHECK(AttrAt(organization, {"id"}, "extension") == "other.1500600700");
  CHECK(First(organization, "desc")->Text() == "other organization");
  CHECK(AttrAt(organization, {"telecom"}, "value") == "host.example.test");
}

// Either refused, or it says exactly what was given.
void SaysWhatWasGiven(const AddPerson& add) {
  const absl::StatusOr<xml::Document> built = BuildChangeRequest(add, SampleStamp(), {});
  if (!built.ok()) {
    RC_ASSERT(built.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  RC_TAG("built");
  const Said said = SaidIn(built->Serialize());
  RC_ASSERT(said.given == add.first_name.Reveal());
  RC_ASSERT(said.family == add.last_name.Reveal());
  RC_ASSERT(said.email == add.email.Reveal());
  RC_ASSERT(said.birth == "19510409");
  RC_ASSERT(said.ssn == "987001234");
  RC_ASSERT(said.credential == add.idme_uuid.Reveal() + "^PN^200VIDM^USDVA^A");
  RC_ASSERT(said.address.at(1) == add.address->city.Reveal());
}

TEST_CASE("BuildChangeRequest: any message is either refused or parses back to what was given",
          "[mpi][hl7][prop]") {
  // Whole code points, so that most messages can be built; raw bytes in the second property.
  const auto person_text = rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
          "a", "Z", "'", "\"", "<", ">", "&", "]]>", "<![CDATA[", "&#0;", " ", "-", "\xC3\xB1",
          "e\xCC\x81", "\xD7\xA9", "\xE2\x80\xAE", "\xF0\x9F\x8E\x96", "\xEF\xBF\xBD", "\xC2\xA0")),
      [](const std::vector<std::string>& parts) { return "x" + absl::StrJoin(parts, ""); });
  CHECK(rc::check([&] {
    AddPerson add = Zebulon();
    add.idme_uuid = CspId::FromWire("aaa");
    add.first_name = Text(*person_text);
    add.last_name = Text(*person_text);
    add.email = Text(*person_text);
    add.address->city = Text(*person_text);
    SaysWhatWasGiven(add);
  }));
  CHECK(rc::check([](const std::string& family) {
    AddPerson add = Zebulon();
    add.idme_uuid = CspId::FromWire("aaa");
    add.last_name = Text("x" + family);
    SaysWhatWasGiven(add);
  }));
  CHECK(rc::check([](const std::string& uuid) {
    AddPerson add = Zebulon();
    add.idme_uuid = CspId::FromWire("y" + uuid);
    SaysWhatWasGiven(add);
  }));
}

#undef VA_FIELD

}  // namespace
}  // namespace va::mpi::hl7
