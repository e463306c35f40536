#include "tests/simulators/mpi/mpi_simulator.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"

namespace va::simulators {
namespace {

constexpr char kMessageId[] = "200VGOV-5f0c8a52-0f0e-4a9e-9d3b-6b1f2d1c7e01";
constexpr char kIcn[] = "1019900417V557122";

testing::Persona Somebody(testing::MpiOutcome outcome) {
  testing::PersonaMpiRecord record;
  record.icn = kIcn;
  record.icns = {"1000000001V000001"};
  record.names = {{"L", "", {"Zebulon", "Quincy"}, "Testwell", ""}};
  record.gender = "M";
  record.birth_date = "19510409";
  record.ssn = "987001234";
  record.ids = {"aa11^PN^200VIDM^USDVA^A", "1500600700^NI^200DOD^USDOD^A"};
  testing::Persona persona;
  persona.id = "somebody";
  persona.mpi.outcome = outcome;
  persona.mpi.person = record;
  return persona;
}

std::string Message(absl::string_view data_enterer, absl::string_view parameters) {
  return absl::StrCat(
      R"(<?xml version="1.0" encoding="UTF-8"?><env:Envelope )"
      R"(xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Header/><env:Body>)"
      R"(<idm:PRPA_IN201305UV02 xmlns:idm="http://vaww.oed.oit.va.gov" xmlns="urn:hl7-org:v3" )"
      R"(ITSVersion="XML_1.0"><id root="1.2.840.114350.1.13.0.1.7.1.1" extension=")",
      kMessageId,
      R"("/><creationTime value="20260115120000"/><versionCode code="4.1"/>)"
      R"(<interactionId root="2.16.840.1.113883.1.6" extension="PRPA_IN201305UV02"/>)"
      R"(<processingCode code="T"/><processingModeCode code="T"/><acceptAckCode code="AL"/>)"
      R"(<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE">)"
      R"(<id root="1.2.840.114350.1.13.999.234" extension="200M"/></device></receiver>)"
      R"(<sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE">)"
      R"(<id root="2.16.840.1.113883.4.349" extension="200VGOV"/></device></sender>)"
      R"(<controlActProcess classCode="CACT" moodCode="EVN"><code code="PRPA_TE201305UV02" )"
      R"(codeSystem="2.16.840.1.113883.1.6"/>)",
      data_enterer,
      R"(<queryByParameter><queryId root="1.2.840.114350.1.13.28.1.18.5.999" extension="q1"/>)"
      R"(<statusCode code="new"/><modifyCode code="MVI.COMP1.RMS"/><initialQuantity value="1"/>)"
      R"(<responseElementGroupId extension="PV" root="2.16.840.1.113883.4.349"/>)"
      R"(<parameterList>)",
      parameters,
      "</parameterList></queryByParameter></controlActProcess></idm:PRPA_IN201305UV02>"
      "</env:Body></env:Envelope>");
}

std::string ByIdentifier(absl::string_view extension,
                         absl::string_view root = "2.16.840.1.113883.4.349") {
  return Message("", absl::StrCat("<id root=\"", root, "\" extension=\"", extension, "\"/>"));
}

constexpr char kOrchestration[] =
    R"(<otherIDsScopingOrganization><value extension="VBA" root="2.16.840.1.113883.4.349"/>)"
    R"(<semanticsText>MVI.ORCHESTRATION</semanticsText></otherIDsScopingOrganization>)";

std::string ByTraits(absl::string_view ssn = "987001234") {
  return Message(
      absl::StrCat(R"(<dataEnterer typeCode="ENT" contextControlCode="AP"><assignedPerson )"
                   R"(classCode="ASSIGNED"><id root="2.16.840.1.113883.777.999" extension=")",
                   ssn,
                   R"("/><assignedPerson classCode="PSN" determinerCode="INSTANCE"><name>)"
                   R"(<given>ZEBULON</given><family>Testwell</family></name></assignedPerson>)"
                   R"(</assignedPerson></dataEnterer>)"),
      absl::StrCat(R"(<livingSubjectBirthTime><value value="19510409"/><semanticsText>Date of )"
                   R"(Birth</semanticsText></livingSubjectBirthTime><livingSubjectId><value )"
                   R"(root="2.16.840.1.113883.4.1" extension=")",
                   ssn,
                   R"("/><semanticsText>SSN</semanticsText></livingSubjectId><livingSubjectName>)"
                   R"(<value use="L"><given>ZEBULON</given><family>Testwell</family></value>)"
                   R"(<semanticsText>Legal Name</semanticsText></livingSubjectName>)",
                   kOrchestration));
}

http::Request Request(std::string body) {
  http::Request request;
  request.method = "POST";
  request.headers = {{"Accept", "text/xml;charset=UTF-8"},
                     {"Content-Type", "text/xml;charset=UTF-8"},
                     {"User-Agent", "Vets.gov Agent"},
                     {"soapaction", "PRPA_IN201305UV02"},
                     {"Date", "Thu, 15 Jan 2026 12:00:00 GMT"}};
  request.body = std::move(body);
  return request;
}

struct Bench {
  explicit Bench(testing::MpiOutcome outcome = testing::MpiOutcome::kMatch)
      : simulator({{Somebody(outcome)}, clock, ids, [this](const std::vector<std::string>& list) {
                     problems = absl::StrJoin(list, "; ");
                   }}) {}
  http::Response Ask(std::string body) { return simulator.Handle(Request(std::move(body))); }

  testing::FakeClock clock;
  testing::FixedIds ids;
  std::string problems;
  MpiSimulator simulator;
};

bool Is(const http::Response& response, absl::string_view ack, absl::string_view query_response) {
  return response.status == 200 &&
         absl::StrContains(response.body, absl::StrCat("<typeCode code=\"", ack, "\"/>")) &&
         absl::StrContains(response.body,
                           absl::StrCat("<queryResponseCode code=\"", query_response, "\"/>")) &&
         absl::StrContains(response.body, kMessageId);
}

TEST_CASE("MpiSimulator: finds a persona by each of its identifiers and by traits",
          "[simulators][mpi]") {
  const std::string body = GENERATE(values<std::string>(
      {ByIdentifier(kIcn), ByIdentifier("1000000001V000001"),
       ByIdentifier("aa11^PN^200VIDM^USDVA^A"), ByTraits(),
       Message("", absl::StrCat("<id root=\"2.16.840.1.113883.3.42.10001.100001.12\" "
                                "extension=\"1500600700\"/>",
                                kOrchestration))}));
  Bench bench;
  const http::Response response = bench.Ask(body);
  CHECK(bench.problems.empty());
  CHECK(Is(response, "AA", "OK"));
  CHECK(absl::StrContains(response.body, "1019900417V557122^NI^200M^USVHA^P"));
  CHECK(response.headers.Has("x-global-transaction-id"));
}

TEST_CASE("MpiSimulator: each outcome of a persona answers as that outcome", "[simulators][mpi]") {
  SECTION("several fit the traits, one the ICN") {
    Bench bench(testing::MpiOutcome::kMultiple);
    const http::Response response = bench.Ask(ByTraits());
    CHECK(Is(response, "AE", "AE"));
    CHECK(absl::StrContains(response.body, "<text>Multiple Matches Found</text>"));
    CHECK(Is(Bench(testing::MpiOutcome::kMultiple).Ask(ByIdentifier(kIcn)), "AA", "OK"));
  }
  SECTION("nobody fits the traits, one the ICN") {
    CHECK(Is(Bench(testing::MpiOutcome::kNoMatch).Ask(ByTraits()), "AA", "NF"));
    CHECK(Is(Bench(testing::MpiOutcome::kNoMatch).Ask(ByIdentifier(kIcn)), "AA", "OK"));
  }
  SECTION("unknown to MPI") {
    CHECK(Is(Bench().Ask(ByIdentifier("1999999999V999999")), "AA", "NF"));
    CHECK(Is(Bench().Ask(ByTraits("900000001")), "AA", "NF"));
  }
  SECTION("down however asked") {
    CHECK(Bench(testing::MpiOutcome::kDown).Ask(ByTraits()).status == http::kNoAnswer);
    CHECK(Bench(testing::MpiOutcome::kDown).Ask(ByIdentifier(kIcn)).status == http::kNoAnswer);
  }
  SECTION("not to be asked about") {
    Bench bench(testing::MpiOutcome::kNotAsked);
    CHECK(Is(bench.Ask(ByIdentifier(kIcn)), "AE", "AE"));
    CHECK(absl::StrContains(bench.problems, "must not be asked"));
  }
}

TEST_CASE("MpiSimulator: every deviation is refused and named, nothing personal in its name",
          "[simulators][mpi]") {
  struct Row {
    const char* from;
    const char* to;
    const char* problem;
  };
  const Row row = GENERATE(values<Row>({
      {"<versionCode code=\"4.1\"/>", "", "no versionCode"},
      {"<versionCode code=\"4.1\"/>", "<versionCode code=\"3.0\"/>", "versionCode/@code"},
      {"<processingCode code=\"T\"/><processingModeCode code=\"T\"/>",
       "<processingModeCode code=\"T\"/><processingCode code=\"T\"/>", "no processingCode"},
      {"1.2.840.114350.1.13.999.234", "1.2.3", "id/@root"},
      {"extension=\"200VGOV\"", "extension=\"200X\"", "id/@extension"},
      {"extension=\"200VGOV-5f0c", "extension=\"200VGOV-XX0c", "not 200VGOV- and a UUID"},
      {"<initialQuantity value=\"1\"/>", "<initialQuantity value=\"9\"/>", "initialQuantity"},
      {"MVI.COMP1.RMS", "MVI.COMP9", "modifyCode"},
      {"extension=\"PV\"", "extension=\"XX\"", "responseElementGroupId"},
      {"</parameterList>", "<id/></parameterList>", "unexpected id"},
      {"</controlActProcess>", "</controlActProcess><extra/>", "unexpected extra"},
      {"<dataEnterer", "<dataEntererX", "no queryByParameter"},
      {"semanticsText>SSN<", "semanticsText>Ssn<", "semanticsText is wrong"},
      {"use=\"L\"", "use=\"P\"", "value/@use"},
      {"value=\"19510409\"", "value=\"1951-04-09\"", "not yyyyMMdd"},
      {"xmlns=\"urn:hl7-org:v3\"", "xmlns=\"urn:other:v3\"", "no id where it belongs"},
      {"<env:Header/>", "", "no Header"},
  }));
  CAPTURE(row.from, row.to);
  Bench bench;
  std::string body = absl::StrReplaceAll(ByTraits(), {{row.from, row.to}});
  REQUIRE(body != ByTraits());
  if (absl::StrContains(row.to, "dataEntererX")) {
    body = absl::StrReplaceAll(body, {{"</dataEnterer>", "</dataEntererX>"}});
  }
  bench.Ask(body);
  CHECK_THAT(bench.problems, Catch::Contains(row.problem));
  CHECK_FALSE(absl::StrContains(bench.problems, "987001234"));
  CHECK_FALSE(absl::StrContains(bench.problems, "Testwell"));
}

TEST_CASE("MpiSimulator: a refused message is answered AE INVALID REQUEST", "[simulators][mpi]") {
  Bench bench;
  const http::Response response =
      bench.Ask(absl::StrReplaceAll(ByIdentifier(kIcn), {{"code=\"4.1\"", "code=\"4.0\""}}));
  CHECK(Is(response, "AE", "AE"));
  CHECK(absl::StrContains(response.body, "MVI[S]:INVALID REQUEST"));
}

TEST_CASE("MpiSimulator: what is no message gets a SOAP fault", "[simulators][mpi]") {
  for (const char* body : {"", "<html/>", "no xml"}) {
    Bench bench;
    const http::Response response = bench.Ask(body);
    CHECK(response.status == 500);
    CHECK(absl::StrContains(response.body, "Fault>"));
  }
}

TEST_CASE("MpiSimulator: headers are checked", "[simulators][mpi]") {
  const std::string name =
      GENERATE(values<std::string>({"Accept", "Content-Type", "User-Agent", "soapaction", "Date"}));
  Bench bench;
  http::Request request = Request(ByIdentifier(kIcn));
  request.headers.Set(name, "other");
  bench.simulator.Handle(request);
  CHECK(absl::StrContains(bench.problems, absl::StrCat("header ", name)));
}

TEST_CASE("MpiSimulator: a message id is good for one message, which may be resent",
          "[simulators][mpi]") {
  Bench bench;
  CHECK(Is(bench.Ask(ByIdentifier(kIcn)), "AA", "OK"));
  CHECK(Is(bench.Ask(ByIdentifier(kIcn)), "AA", "OK"));
  CHECK(bench.problems.empty());
  CHECK(Is(bench.Ask(ByIdentifier("1000000001V000001")), "AE", "AE"));
  CHECK(absl::StrContains(bench.problems, "stood on another message"));
}

TEST_CASE("MpiSimulator: the U+2010 spelling of the namespace is accepted", "[simulators][mpi]") {
  Bench bench;
  CHECK(Is(bench.Ask(absl::StrReplaceAll(ByIdentifier(kIcn),
                                         {{"urn:hl7-org:v3", "urn:hl7\xE2\x80\x90org:v3"}})),
           "AA", "OK"));
  CHECK(bench.problems.empty());
}

}  // namespace
}  // namespace va::simulators
