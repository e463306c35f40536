#include "services/mpi-adapter/hl7/find_request.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/hl7/field_rules.h"
#include "services/mpi-adapter/hl7/request_testing.h"

#include <rapidcheck.h>

namespace va::mpi::hl7 {
namespace {

ByIdentifier Ask(IdentifierType type, const std::string& value) {
  return {type, identity::CspId::FromWire(value)};
}

ByTraits Zebulon() {
  ByTraits traits;
  traits.first_name = identity::PersonText::FromWire("Zebulon");
  traits.middle_name = identity::PersonText::FromWire("Quincy");
  traits.last_name = identity::PersonText::FromWire("O'Testwell-Ñandú");
  traits.birth_date = identity::BirthDate::FromWire("1951-04-09");
  traits.ssn = identity::Ssn::FromWire("987-00-1234");
  traits.gender = identity::PersonText::FromWire("M");
  return traits;
}

std::string Built(const Question& question, const MessageSettings& settings = {}) {
  const absl::StatusOr<xml::Document> document =
      BuildFindRequest(question, SampleStamp(), settings);
  REQUIRE(document.ok());
  return document->SerializeWithDeclaration();
}

xml::Element ParameterList(const xml::Document& document) {
  const auto list =
      Walk(Interaction(document), {"controlActProcess", "queryByParameter", "parameterList"});
  REQUIRE(list.has_value());
  return *list;
}

TEST_CASE("BuildFindRequest: a question by ICN is the golden message", "[mpi][hl7][golden]") {
  CHECK(Canonical(Built(Ask(IdentifierType::kIcn, kSampleIcn))) ==
        Canonical(Golden("find_by_icn.xml")));
}

TEST_CASE("BuildFindRequest: a question by traits is the golden message", "[mpi][hl7][golden]") {
  CHECK(Canonical(Built(Zebulon())) == Canonical(Golden("find_by_traits.xml")));
}

TEST_CASE("BuildFindRequest: a question by EDIPI is orchestrated, in production code P",
          "[mpi][hl7][golden]") {
  MessageSettings settings;
  settings.processing_code = "P";
  CHECK(Canonical(Built(Ask(IdentifierType::kEdipi, "1500600700"), settings)) ==
        Canonical(Golden("find_by_edipi.xml")));
}

TEST_CASE(
    "BuildFindRequest: a question by facility, MHV id or Login.gov uuid is the golden message",
    "[mpi][hl7][golden]") {
  CHECK(Canonical(Built(ByFacility{"648", identity::CspId::FromWire("7169")})) ==
        Canonical(Golden("find_by_facility.xml")));
  CHECK(Canonical(Built(Ask(IdentifierType::kMhv, "44556677"))) ==
        Canonical(Golden("find_by_mhv.xml")));
  CHECK(Canonical(Built(Ask(IdentifierType::kLogingov, "aa478abc-e494-4af1-9f87-d002f8fe1cda"))) ==
        Canonical(Golden("find_by_logingov.xml")));
}

TEST_CASE("BuildFindRequest: the orchestrated search names who asks, and is the golden message",
          "[mpi][hl7][golden]") {
  ByTraits traits = Zebulon();
  traits.edipi = identity::CspId::FromWire("1500600700");
  MessageSettings settings;
  settings.organization_telecom = "mpi-adapter.va.internal";
  CHECK(Canonical(Built(traits, settings)) == Canonical(Golden("find_by_traits_orchestrated.xml")));
}

TEST_CASE("BuildFindRequest: no address of ours is told unless the installation says which",
          "[mpi][hl7][rule]") {
  ByTraits traits = Zebulon();
  traits.edipi = identity::CspId::FromWire("1500600700");
  const xml::Document document = Parsed(Built(traits));
  const auto organization =
      Walk(Interaction(document),
           {"controlActProcess", "dataEnterer", "assignedPerson", "representedOrganization"});
  REQUIRE(organization.has_value());
  CHECK_FALSE(First(*organization, "telecom").has_value());
  CHECK(AttrAt(*organization, {"id"}, "extension") == "dslogon.1500600700");
  CHECK(AttrAt(*organization, {"code"}, "code") == "2026-01-15 12:00:00");
  CHECK(First(*organization, "desc")->Text() == "vagov");
}

TEST_CASE("BuildFindRequest: each search type has its modifyCode, relationships by default",
          "[mpi][hl7][rule]") {
  struct Row {
    SearchType type;
    const char* code;
  };
  const Row row = GENERATE(values<Row>({{SearchType::kCorrelations, "MVI.COMP1"},
                                        {SearchType::kIcnHistory, "MVI.COMP2"},
                                        {SearchType::kRelationships, "MVI.COMP1.RMS"},
                                        {Question().search, "MVI.COMP1.RMS"}}));
  Question question = Ask(IdentifierType::kIcn, kSampleIcn);
  question.search = row.type;
  const xml::Document document = Parsed(Built(question));
  CHECK(AttrAt(Interaction(document), {"controlActProcess", "queryByParameter", "modifyCode"},
               "code") == row.code);
}

TEST_CASE("BuildFindRequest: each view has its code, the primary one by default",
          "[mpi][hl7][rule]") {
  Question question = Ask(IdentifierType::kIdme, "aa11bb22");
  const auto view = [&question] {
    const xml::Document document = Parsed(Built(question));
    return AttrAt(Interaction(document),
                  {"controlActProcess", "queryByParameter", "responseElementGroupId"}, "extension");
  };
  CHECK(view() == "PV");
  question.view = View::kCorrelation;
  CHECK(view() == "COR");
}

TEST_CASE("BuildFindRequest: an ICN is asked about in the primary view only", "[mpi][hl7][rule]") {
  Question question = Ask(IdentifierType::kIcn, kSampleIcn);
  question.view = View::kCorrelation;
  const absl::Status status = BuildFindRequest(question, SampleStamp(), {}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(status) == "VIEW_NOT_SUPPORTED");
  CHECK(
      absl::StrContains(status.message(), "ICN searches only support the primary view, view=COR"));
}

TEST_CASE("BuildFindRequest: a uuid is asked for as MPI stores it, however it was spelt",
          "[mpi][hl7][rule]") {
  const std::string uuid = GENERATE(values<std::string>({"54e78de6140d473f87960f211be49c08",
                                                         "54e78de6-140d-473f-8796-0f211be49c08",
                                                         "54E78DE6-140D-473F-8796-0F211BE49C08"}));
  CAPTURE(uuid);
  const auto extension = [](IdentifierType type, const std::string& value) {
    const xml::Document document = Parsed(Built(Ask(type, value)));
    return AttrAt(ParameterList(document), {"id"}, "extension");
  };
  CHECK(extension(IdentifierType::kIdme, uuid) ==
        "54e78de6140d473f87960f211be49c08^PN^200VIDM^USDVA^A");
  CHECK(extension(IdentifierType::kLogingov, uuid) ==
        "54e78de6-140d-473f-8796-0f211be49c08^PN^200VLGN^USDVA^A");
}

TEST_CASE("BuildFindRequest: an ICN is ten digits, V, six digits, or seventeen digits",
          "[mpi][hl7][rule]") {
  struct Row {
    const char* icn;
    bool good;
  };
  const Row row = GENERATE(values<Row>({{"1019900417V557122", true},
                                        {"10199004175571229", true},
                                        {"1019900417v557122", false},
                                        {"1019900417V55712", false},
                                        {"101990041V5571222", false},
                                        {"1019900417V5571223", false},
                                        {"1019900417557122", false},
                                        {"aa11bb22", false}}));
  CAPTURE(row.icn);
  const absl::Status status =
      BuildFindRequest(Ask(IdentifierType::kIcn, row.icn), SampleStamp(), {}).status();
  CHECK(status.ok() == row.good);
  if (!row.good) CHECK(base::ReasonOf(status) == "FIELD_MALFORMED");
}

TEST_CASE("BuildFindRequest: an EDIPI is ten digits, wherever it stands", "[mpi][hl7][rule]") {
  const std::string edipi =
      GENERATE(values<std::string>({"150060070", "15006007000", "150060070x", "UNK"}));
  CAPTURE(edipi);
  const absl::Status exact =
      BuildFindRequest(Ask(IdentifierType::kEdipi, edipi), SampleStamp(), {}).status();
  CHECK(base::ReasonOf(exact) == "FIELD_MALFORMED");
  ByTraits traits = Zebulon();
  traits.edipi = identity::CspId::FromWire(edipi);
  const absl::Status orchestrated = BuildFindRequest(traits, SampleStamp(), {}).status();
  CHECK(base::ReasonOf(orchestrated) == "FIELD_MALFORMED");
  CHECK(absl::StartsWith(orchestrated.message(), "edipi:"));
}

TEST_CASE("BuildFindRequest: H2 neither part of a facility question smuggles anything in",
          "[mpi][hl7][attack]") {
  const std::string hostile = GENERATE(from_range(HostileIdentifiers()));
  CAPTURE(hostile);
  const auto refused = [](const ByFacility& by) {
    const absl::Status status = BuildFindRequest(by, SampleStamp(), {}).status();
    CHECK(base::ReasonOf(status) == "FIELD_MALFORMED");
    return std::string(status.message());
  };
  CHECK(absl::StartsWith(refused({"648", identity::CspId::FromWire(hostile)}), "identifier:"));
  CHECK(absl::StartsWith(refused({hostile, identity::CspId::FromWire("7169")}), "facility:"));
  const absl::Status nothing = BuildFindRequest(ByFacility{}, SampleStamp(), {}).status();
  CHECK(nothing.message() == "Required values missing: [identifier, facility]");
}

TEST_CASE("BuildFindRequest: the namespace switch writes U+2010 and ASCII is the default (M2)",
          "[mpi][hl7][golden]") {
  const Question question = Ask(IdentifierType::kIdme, "0f1e2d3c4b5a69788796a5b4c3d2e1f0");
  MessageSettings settings;
  settings.u2010_namespaces = true;
  const std::string respelt = Built(question, settings);
  const std::string golden = Golden("find_by_idme.xml");
  CHECK(Canonical(respelt) == Canonical(golden));
  for (const std::string& text : {respelt, golden}) {
    CHECK(absl::StrContains(text, absl::StrCat("xmlns=\"", kHl7NsU2010, "\"")));
    CHECK(absl::StrContains(text, absl::StrCat("xmlns:xsi=\"", kXsiNsU2010, "\"")));
  }
  CHECK_FALSE(absl::StrContains(Built(question), "\xE2\x80\x90"));
}

TEST_CASE("BuildFindRequest: the two namespaces stand once, where the reference has them",
          "[mpi][hl7]") {
  const std::string text = Built(Zebulon());
  CHECK(absl::StartsWith(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
  CHECK(absl::StrContains(text, "<idm:PRPA_IN201305UV02 xmlns=\"urn:hl7-org:v3\""));
  CHECK(text.find("urn:hl7-org:v3\"") == text.rfind("urn:hl7-org:v3\""));
}

TEST_CASE("BuildFindRequest: each identifier type has the extension and root MPI stores it under",
          "[mpi][hl7][rule]") {
  struct Row {
    IdentifierType type;
    const char* value;
    const char* root;
    const char* extension;
  };
  const Row row = GENERATE(values<Row>({
      {IdentifierType::kIcn, "1019900417V557122", "2.16.840.1.113883.4.349", "1019900417V557122"},
      {IdentifierType::kIdme, "aa11bb22", "2.16.840.1.113883.4.349", "aa11bb22^PN^200VIDM^USDVA^A"},
      {IdentifierType::kLogingov, "0d1f-22", "2.16.840.1.113883.4.349",
       "0d1f-22^PN^200VLGN^USDVA^A"},
      {IdentifierType::kMhv, "44556677", "2.16.840.1.113883.4.349", "44556677^PI^200MH^USVHA^A"},
      {IdentifierType::kEdipi, "1500600700", "2.16.840.1.113883.3.42.10001.100001.12",
       "1500600700"},
  }));
  CAPTURE(row.extension);
  const xml::Document document = Parsed(Built(Ask(row.type, row.value)));
  const xml::Element list = ParameterList(document);
  CHECK(AttrAt(list, {"id"}, "root") == row.root);
  CHECK(AttrAt(list, {"id"}, "extension") == row.extension);
  CHECK(list.Children().size() == (row.type == IdentifierType::kEdipi ? 2U : 1U));
}

TEST_CASE("BuildFindRequest: middle name and gender stand only when given", "[mpi][hl7][rule]") {
  ByTraits traits = Zebulon();
  traits.middle_name = {};
  traits.gender = {};
  const xml::Document document = Parsed(Built(traits));
  const xml::Element list = ParameterList(document);
  CHECK_FALSE(First(list, "livingSubjectAdministrativeGender").has_value());
  const auto name = Walk(list, {"livingSubjectName", "value"});
  REQUIRE(name.has_value());
  CHECK(All(*name, "given").size() == 1);
}

TEST_CASE("BuildFindRequest: a gender code that is no search key is left out", "[mpi][hl7][rule]") {
  ByTraits traits = Zebulon();
  traits.gender = identity::PersonText::FromWire("X");
  const xml::Document document = Parsed(Built(traits));
  CHECK_FALSE(First(ParameterList(document), "livingSubjectAdministrativeGender").has_value());
}

TEST_CASE("BuildFindRequest: everything that is missing is listed, in order", "[mpi][hl7][rule]") {
  ByTraits traits = Zebulon();
  traits.first_name = identity::PersonText::FromWire("  ");
  traits.birth_date = {};
  traits.ssn = {};
  const absl::Status status = BuildFindRequest(traits, SampleStamp(), {}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(status) == "FIELD_MISSING");
  CHECK(status.message() == "Required values missing: [first_name, birth_date, ssn]");
}

TEST_CASE("WireDay: a day in either form, a time behind it dropped, nothing else",
          "[mpi][hl7][rule]") {
  const auto wire = [](const char* text) {
    const auto day = WireDay(identity::BirthDate::FromWire(text));
    return day ? day->Reveal() : "";
  };
  for (const char* good :
       {"19800101", "1980-01-01", "198001011230", "19800101123000", "19800101123000.500-0500",
        "1980-01-01T00:00:00Z", "1980-01-01 12:30:00", "1980-01-01T12:30:00.5+01:00"}) {
    CAPTURE(good);
    CHECK(wire(good) == "19800101");
  }
  for (const char* bad :
       {"", "198001", "19800230", "1980-02-30", "19800230123000", "198001011", "1980010112300099",
        "19800101 ", "19800101T12:30:00", "1980-01-01T", "1980-01-01Tnoon", "1980-01-0112:30",
        "1980-1-1", "01/01/1980", "19800101-", "1980-01-01T00:00:00Z<x/>",
        "19800101123000.000000000000000000000000000000"}) {
    CAPTURE(bad);
    CHECK(wire(bad).empty());
  }
}

// MPI's own records come back to it in an orchestrated search: one with a time must not end it.
TEST_CASE("BuildFindRequest: a birth date with a time is asked by its day", "[mpi][hl7][rule]") {
  ByTraits traits = Zebulon();
  traits.birth_date = identity::BirthDate::FromWire("19510409000000");
  const auto built = BuildFindRequest(traits, SampleStamp(), {});
  REQUIRE(built.ok());
  CHECK(absl::StrContains(built->Serialize(), "<value value=\"19510409\"/>"));
}

TEST_CASE("BuildFindRequest: what is no date, SSN or identifier is refused, unnamed",
          "[mpi][hl7][rule]") {
  const auto reason = [](const Question& question) {
    const absl::Status status = BuildFindRequest(question, SampleStamp(), {}).status();
    CHECK_FALSE(absl::StrContains(status.message(), "99999"));
    return base::ReasonOf(status) + " " + std::string(status.message());
  };
  ByTraits traits = Zebulon();
  traits.birth_date = identity::BirthDate::FromWire("19999999");
  CHECK_THAT(reason(traits), Catch::StartsWith("FIELD_MALFORMED birth_date"));
  traits.birth_date = identity::BirthDate::FromWire("99999999999999999999");
  CHECK_THAT(reason(traits), Catch::StartsWith("FIELD_MALFORMED birth_date"));
  traits = Zebulon();
  traits.ssn = identity::Ssn::FromWire("99999");
  CHECK_THAT(reason(traits), Catch::StartsWith("FIELD_MALFORMED ssn"));
  CHECK_THAT(reason(Ask(IdentifierType::kEdipi, "99999")),
             Catch::StartsWith("FIELD_MALFORMED identifier"));
  CHECK_THAT(reason(Ask(IdentifierType::kIdme, "")), Catch::StartsWith("FIELD_MISSING"));
}

TEST_CASE("BuildFindRequest: H2 an identifier cannot smuggle in another identifier or markup",
          "[mpi][hl7][attack]") {
  const IdentifierType type =
      GENERATE(IdentifierType::kIcn, IdentifierType::kIdme, IdentifierType::kLogingov,
               IdentifierType::kMhv, IdentifierType::kEdipi);
  const std::string hostile = GENERATE(from_range(HostileIdentifiers()));
  CAPTURE(hostile);
  const absl::Status status = BuildFindRequest(Ask(type, hostile), SampleStamp(), {}).status();
  CHECK(base::ReasonOf(status) == "FIELD_MALFORMED");
  CHECK_FALSE(absl::StrContains(status.message(), hostile));
}

TEST_CASE("BuildFindRequest: H1 hostile names arrive as they were and change nothing else",
          "[mpi][hl7][attack]") {
  const std::string hostile = GENERATE(from_range(HostileTexts()));
  CAPTURE(hostile);
  ByTraits traits = Zebulon();
  traits.last_name = identity::PersonText::FromWire(hostile);
  const xml::Document document = Parsed(Built(traits));
  const auto name = Walk(ParameterList(document), {"livingSubjectName", "value"});
  REQUIRE(name.has_value());
  CHECK(First(*name, "family")->Text() == hostile);
  CHECK(name->Children().size() == 3);
  CHECK(ParameterList(document).Children().size() == 5);
}

TEST_CASE("BuildFindRequest: H1 control characters and broken UTF-8 are refused, the field named",
          "[mpi][hl7][attack]") {
  const RefusedText row = GENERATE(from_range(RefusedTexts()));
  for (const char* field : {"first_name", "middle_name", "last_name"}) {
    ByTraits traits = Zebulon();
    const identity::PersonText hostile = identity::PersonText::FromWire(row.value);
    if (field == std::string("first_name")) traits.first_name = hostile;
    if (field == std::string("middle_name")) traits.middle_name = hostile;
    if (field == std::string("last_name")) traits.last_name = hostile;
    const absl::Status status = BuildFindRequest(traits, SampleStamp(), {}).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(base::ReasonOf(status) == row.reason);
    CHECK(absl::StartsWith(status.message(), absl::StrCat(field, ":")));
  }
}

TEST_CASE("BuildFindRequest: any name is either refused or means the same after parsing",
          "[mpi][hl7][prop]") {
  CHECK(rc::check([](const std::string& family) {
    ByTraits traits = Zebulon();
    traits.last_name = identity::PersonText::FromWire("x" + family);
    const absl::StatusOr<xml::Document> built = BuildFindRequest(traits, SampleStamp(), {});
    if (!built.ok()) {
      RC_ASSERT(built.status().code() == absl::StatusCode::kInvalidArgument);
      return;
    }
    const absl::StatusOr<xml::Document> parsed = xml::Document::Parse(built->Serialize());
    RC_ASSERT(parsed.ok());
    const auto name = Walk(ParameterList(*parsed), {"livingSubjectName", "value", "family"});
    RC_ASSERT(name.has_value());
    RC_ASSERT(name->Text() == "x" + family);
  }));
}

}  // namespace
}  // namespace va::mpi::hl7
