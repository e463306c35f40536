#include "services/mpi-adapter/hl7/find_request.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/hl7/answer_samples.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/namespaces.h"
#include "services/mpi-adapter/hl7/reader.h"

#include <rapidcheck.h>

namespace va::mpi::hl7 {
namespace {

MessageStamp Stamp() {
  return {kSampleMessageId, kSampleQueryId, absl::FromUnixSeconds(1768478400)};
}

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
  const absl::StatusOr<xml::Document> document = BuildFindRequest(question, Stamp(), settings);
  REQUIRE(document.ok());
  return document->SerializeWithDeclaration();
}

std::string Golden(const std::string& name) {
  std::ifstream file("services/mpi-adapter/hl7/golden/" + name);
  REQUIRE(file.is_open());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

xml::Document Parsed(const std::string& bytes) {
  std::string storage;
  absl::StatusOr<xml::Document> document =
      xml::Document::Parse(WithAsciiNamespaces(bytes, storage));
  REQUIRE(document.ok());
  return *std::move(document);
}

// Every attribute name MPI's messages know. The count beside it proves that none was left out.
constexpr const char* kAttributes[] = {
    "root",     "extension", "code",     "codeSystem", "value",          "use",
    "typeCode", "classCode", "moodCode", "ITSVersion", "determinerCode", "contextControlCode"};

// A tree as lines: expanded names, attributes in one order, text without layout.
void Flatten(const xml::Element& element, int depth, std::ostringstream& out, int& attributes) {
  out << std::string(static_cast<size_t>(depth), ' ') << "{" << element.ns() << "}"
      << element.local_name();
  for (const char* name : kAttributes) {
    const std::optional<std::string> value = element.Attr(name);
    if (!value) continue;
    out << " " << name << "=" << *value;
    ++attributes;
  }
  if (const auto location = element.AttrNs(kXsiNs, "schemaLocation")) {
    out << " schemaLocation=" << *location;
    ++attributes;
  }
  const std::string text = TextOf(element);
  if (!text.empty()) out << " '" << text << "'";
  out << "\n";
  for (const xml::Element child : element.Children()) Flatten(child, depth + 1, out, attributes);
}

// Attributes of the serialized form, namespace declarations and the XML declaration apart.
int CountAttributes(const xml::Document& document) {
  const std::string text = document.Serialize();
  int count = 0;
  for (size_t at = text.find("=\""); at != std::string::npos; at = text.find("=\"", at + 1)) {
    const size_t name = text.find_last_of(' ', at) + 1;
    if (!absl::StartsWith(absl::string_view(text).substr(name), "xmlns")) ++count;
  }
  return count;
}

std::string Canonical(const std::string& bytes) {
  const xml::Document document = Parsed(bytes);
  std::ostringstream out;
  int attributes = 0;
  Flatten(document.root(), 0, out, attributes);
  CHECK(attributes == CountAttributes(document));
  return out.str();
}

xml::Element ParameterList(const xml::Document& document) {
  for (const xml::Element child : document.root().Children()) {
    if (child.local_name() != "Body") continue;
    const auto list =
        Walk(*child.Children().begin(), {"controlActProcess", "queryByParameter", "parameterList"});
    REQUIRE(list.has_value());
    return *list;
  }
  FAIL("no Body");
  return document.root();
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
  const absl::Status status = BuildFindRequest(traits, Stamp(), {}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(status) == "FIELD_MISSING");
  CHECK(status.message() == "Required values missing: [first_name, birth_date, ssn]");
}

TEST_CASE("BuildFindRequest: what is no date, SSN or identifier is refused, unnamed",
          "[mpi][hl7][rule]") {
  const auto reason = [](const Question& question) {
    const absl::Status status = BuildFindRequest(question, Stamp(), {}).status();
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
  const std::string hostile = GENERATE(values<std::string>(
      {"1^NI^200M^USVHA^P", "a|b", "a\"/><id extension=\"b", "a b", "a\nb", "${a}", "a'or'1'='1"}));
  CAPTURE(hostile);
  const absl::Status status =
      BuildFindRequest(Ask(IdentifierType::kIcn, hostile), Stamp(), {}).status();
  CHECK(base::ReasonOf(status) == "FIELD_MALFORMED");
  CHECK_FALSE(absl::StrContains(status.message(), hostile));
}

TEST_CASE("BuildFindRequest: H1 hostile names arrive as they were and change nothing else",
          "[mpi][hl7][attack]") {
  const std::string hostile = GENERATE(values<std::string>(
      {"<script>", "A & B", "x]]>y", "\"quo'ted\"", "--> <!-- <given>", "&lt;&#0;&amp;",
       "\xF0\x9F\x8E\x96 Star", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", "e\xCC\x81ncombining",
       "\342\200\256desrever", "${jndi:x}", "{{mustache}}", "//*[1=1]", "<?xml version='1.0'?>",
       "<![CDATA[x"}));
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
  struct Row {
    std::string value;
    const char* reason;
  };
  const Row row = GENERATE(values<Row>({
      {std::string("a\0b", 3), "FIELD_CONTROL_CHARACTER"},
      {"a\x01"
       "b",
       "FIELD_CONTROL_CHARACTER"},
      {"a\nb", "FIELD_CONTROL_CHARACTER"},
      {"a\tb", "FIELD_CONTROL_CHARACTER"},
      {"a\x7F", "FIELD_CONTROL_CHARACTER"},
      {"a\xC2\x85", "FIELD_CONTROL_CHARACTER"},
      {"a\xEF\xBF\xBE", "FIELD_CONTROL_CHARACTER"},
      {"a\xC0\x80", "FIELD_ENCODING"},
      {"a\xED\xA0\x80", "FIELD_ENCODING"},
      {"a\xF5\x80\x80\x80", "FIELD_ENCODING"},
      {"a\xE2\x82", "FIELD_ENCODING"},
      {"a\xFF", "FIELD_ENCODING"},
      {std::string(513, 'a'), "FIELD_TOO_LONG"},
  }));
  for (const char* field : {"first_name", "middle_name", "last_name"}) {
    ByTraits traits = Zebulon();
    const identity::PersonText hostile = identity::PersonText::FromWire(row.value);
    if (field == std::string("first_name")) traits.first_name = hostile;
    if (field == std::string("middle_name")) traits.middle_name = hostile;
    if (field == std::string("last_name")) traits.last_name = hostile;
    const absl::Status status = BuildFindRequest(traits, Stamp(), {}).status();
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
    const absl::StatusOr<xml::Document> built = BuildFindRequest(traits, Stamp(), {});
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
