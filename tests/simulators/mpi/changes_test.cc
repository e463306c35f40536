// Adds and updates: checked as strictly as finds, and seen by the finds that come after.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "tests/simulators/mpi/message_samples.h"
#include "tests/simulators/mpi/mpi_simulator.h"

namespace va::simulators {
namespace {

using Catch::Contains;

struct Bench {
  explicit Bench(testing::MpiOutcome outcome = testing::MpiOutcome::kMatch)
      : simulator(
            {{SamplePersona(outcome)}, clock, ids, [this](const std::vector<std::string>& list) {
               problems = absl::StrJoin(list, "; ");
             }}) {}

  // Each message with ids of its own.
  std::string Send(std::string body) {
    return simulator.Handle(SampleRequest(WithIds(std::move(body), ++sent))).body;
  }

  testing::FakeClock clock;
  testing::FixedIds ids;
  std::string problems;
  int sent = 0;
  MpiSimulator simulator;
};

bool IsAck(const std::string& body, absl::string_view code) {
  return absl::StrContains(body, "<idm:MCCI_IN000002UV01") &&
         absl::StrContains(body, absl::StrCat("<typeCode code=\"", code, "\"/>"));
}

bool IsMatch(const std::string& body) {
  return absl::StrContains(body, "<queryResponseCode code=\"OK\"/>");
}

// The code whose displayName this is.
std::string CodeOf(const std::string& body, absl::string_view display) {
  const std::string mark = absl::StrCat("\" displayName=\"", display, "\"");
  const size_t end = body.find(mark);
  const size_t begin = body.rfind("code=\"", end) + 6;
  return end == std::string::npos ? "" : body.substr(begin, end - begin);
}

std::string AnswerIdOf(const std::string& body) {
  const size_t begin = body.find("WSDOC");
  return body.substr(begin, body.find('"', begin) - begin);
}

SampleAdd Stranger() {
  SampleAdd add;
  add.given = "Xanthe";
  add.family = "Newcomer";
  add.ssn = "987005678";
  add.credential = "cc33^PN^200VLGN^USDVA^A";
  return add;
}

TEST_CASE(
    "MpiSimulator: an implicit add links the credential to the person whose SSN, birth date "
    "and name it has",
    "[simulators][mpi]") {
  Bench bench;
  CHECK_FALSE(IsMatch(bench.Send(FindById(kSampleCredential))));
  const std::string answer = bench.Send(AddMessage());
  CHECK(bench.problems.empty());
  REQUIRE(IsAck(answer, "AA"));
  CHECK_THAT(answer, Contains(MessageIdNo(2)));
  CHECK(CodeOf(answer, "ICN") == kSampleIcn);
  CHECK(CodeOf(answer, "IEN") == kSampleCredential);
  const std::string found = bench.Send(FindById(kSampleCredential));
  CHECK(IsMatch(found));
  CHECK_THAT(found, Contains(absl::StrCat(kSampleIcn, "^NI^200M^USVHA^P")));
}

TEST_CASE("MpiSimulator: an implicit add of a stranger makes a person, found by all that was said",
          "[simulators][mpi]") {
  Bench bench;
  const std::string answer = bench.Send(AddMessage(Stranger()));
  REQUIRE(IsAck(answer, "AA"));
  const std::string icn = CodeOf(answer, "ICN");
  CHECK(icn.size() == 17);
  CHECK(icn != kSampleIcn);
  CHECK(IsMatch(bench.Send(FindById(Stranger().credential))));
  const std::string found = bench.Send(FindById(icn));
  CHECK(IsMatch(found));
  CHECK_THAT(found, Contains("<family>Newcomer</family>"));
  CHECK_THAT(found, Contains("<city>Newtown</city>"));
}

TEST_CASE("MpiSimulator: a name or a birth date beside another SSN is another person",
          "[simulators][mpi]") {
  Bench bench;
  SampleAdd add;
  SECTION("another SSN") { add.ssn = "987009999"; }
  SECTION("another name") { add.family = "Testwell-Other"; }
  SECTION("no SSN: nobody is linked on a name") { add.ssn = ""; }
  const std::string answer = bench.Send(AddMessage(add));
  REQUIRE(IsAck(answer, "AA"));
  CHECK(CodeOf(answer, "ICN") != kSampleIcn);
}

TEST_CASE("MpiSimulator: two who lack an SSN are not one person", "[simulators][mpi]") {
  Bench bench;
  SampleAdd add = Stranger();
  add.ssn = "";
  const std::string first = CodeOf(bench.Send(AddMessage(add)), "ICN");
  add.credential = "dd44^PN^200VLGN^USDVA^A";
  const std::string second = CodeOf(bench.Send(AddMessage(add)), "ICN");
  CHECK(first.size() == 17);
  CHECK(first != second);
}

TEST_CASE("MpiSimulator: the same add again is a duplicate key, and nothing more is made",
          "[simulators][mpi]") {
  Bench bench;
  REQUIRE(IsAck(bench.Send(AddMessage(Stranger())), "AA"));
  const std::string state = bench.simulator.State();
  const std::string again = bench.Send(AddMessage(Stranger()));
  CHECK(IsAck(again, "AE"));
  CHECK_THAT(again, Contains("code=\"Key205\""));
  CHECK_THAT(again, Contains("2.16.840.1.113883.5.4"));
  CHECK_THAT(again, Contains("<text>identified as a duplicate</text>"));
  CHECK(bench.problems.empty());
  CHECK(bench.simulator.State() == state);
}

TEST_CASE("MpiSimulator: an add that fits several people is refused as the search would be",
          "[simulators][mpi]") {
  Bench bench(testing::MpiOutcome::kMultiple);
  const std::string answer = bench.Send(AddMessage());
  CHECK(IsAck(answer, "AE"));
  CHECK_THAT(answer, Contains("Multiple Matches Found"));
}

TEST_CASE("MpiSimulator: a proxy add needs the token of an orchestrated search about that person",
          "[simulators][mpi]") {
  Bench bench;
  const std::string plain = bench.Send(FindByTraits());
  const std::string searched = bench.Send(OrchestratedSearch());
  REQUIRE(IsMatch(searched));
  SECTION("and makes the ids that were missing") {
    const std::string answer = bench.Send(ProxyMessage(AnswerIdOf(searched)));
    REQUIRE(IsAck(answer, "AA"));
    CHECK_THAT(answer, Contains("^PI^200BRLS^USVBA\" displayName=\"IEN\""));
    CHECK_THAT(answer, Contains("^PI^200CORP^USVBA\" displayName=\"IEN\""));
    const std::string found = bench.Send(FindById(kSampleIcn));
    CHECK_THAT(found, Contains("^PI^200BRLS^USVBA^A"));
    CHECK_THAT(found, Contains("^PI^200CORP^USVBA^A"));
    // What is there stays what it is.
    const std::string again = bench.Send(ProxyMessage(AnswerIdOf(searched)));
    CHECK(CodeOf(again, "IEN") == CodeOf(answer, "IEN"));
  }
  SECTION("a token that nobody gave") {
    CHECK(IsAck(bench.Send(ProxyMessage("WSDOC-made-up")), "AE"));
  }
  SECTION("the id of a plain search's answer") {
    CHECK(IsAck(bench.Send(ProxyMessage(AnswerIdOf(plain))), "AE"));
  }
  SECTION("somebody else's token") {
    CHECK(IsAck(bench.Send(ProxyMessage(AnswerIdOf(searched), "1019900418V557123")), "AE"));
  }
  CHECK(bench.problems.empty());
}

TEST_CASE("MpiSimulator: an update links the credential and brings the address up to date",
          "[simulators][mpi]") {
  Bench bench;
  SECTION("of a known ICN") {
    const std::string answer = bench.Send(UpdateMessage());
    REQUIRE(IsAck(answer, "AA"));
    CHECK(CodeOf(answer, "ICN") == kSampleIcn);
    const std::string found = bench.Send(FindById(kSampleCredential));
    CHECK(IsMatch(found));
    CHECK_THAT(found, Contains("<streetAddressLine>1 New Street</streetAddressLine>"));
    CHECK(IsAck(bench.Send(UpdateMessage()), "AA"));
  }
  SECTION("never of an ICN that nobody has, or has no longer") {
    CHECK(IsAck(bench.Send(UpdateMessage(kSampleCredential, "1099999999V999999")), "AE"));
    CHECK(IsAck(bench.Send(UpdateMessage(kSampleCredential, "1000000001V000001")), "AE"));
  }
  SECTION("never with somebody else's credential") {
    REQUIRE(IsAck(bench.Send(AddMessage(Stranger())), "AA"));
    CHECK_THAT(bench.Send(UpdateMessage(Stranger().credential)), Contains("Key205"));
  }
  CHECK(bench.problems.empty());
}

TEST_CASE("MpiSimulator: every deviation of an add or an update is refused and named",
          "[simulators][mpi]") {
  struct Row {
    std::string message;
    const char* from;
    const char* to;
    const char* problem;
  };
  const std::string add = AddMessage();
  const std::string proxy = ProxyMessage("WSDOC1");
  const std::string update = UpdateMessage();
  const Row row = GENERATE_COPY(values<Row>({
      {add, "registrationEvent classCode=\"REG\"", "registrationEvent classCode=\"ACT\"",
       "registrationEvent/@classCode"},
      {add, "<id nullFlavor=\"UNK\"/><statusCode code=\"active\"/><subject1",
       "<id nullFlavor=\"NA\"/><statusCode code=\"active\"/><subject1", "id/@nullFlavor"},
      {add, "<statusCode code=\"active\"/><patientPerson>", "<patientPerson>", "no statusCode"},
      {add, "<name use=\"L\">", "<name use=\"C\">", "name/@use"},
      {add, "value=\"19510409\"", "value=\"1951-04-09\"", "birthTime/@value"},
      {add, "<family>Testwell</family>", "", "no family"},
      {add, "telecom use=\"H\"", "telecom use=\"HP\"", "telecom/@use"},
      {add, "addr use=\"HP\"", "addr use=\"PHYS\"", "addr/@use"},
      {add, "<city>Newtown</city><state>NE</state>", "<state>NE</state><city>Newtown</city>",
       "unexpected city"},
      {add, "200VIDM", "200XXXX", "no credential"},
      {add, "asOtherIDs classCode=\"PAT\"", "asOtherIDs classCode=\"EXP\"",
       "asOtherIDs/@classCode"},
      {add, "extension=\"987001234\"", "extension=\"98700\"", "not nine digits"},
      {add, "<scopingOrganization determinerCode=\"INSTANCE\"",
       "<scopingOrganization determinerCode=\"KIND\"", "scopingOrganization/@determinerCode"},
      {add, "<id root=\"2.16.840.1.113883.3.933\"/>", "<id root=\"1.2\"/>", "id/@root"},
      {add, "<custodian typeCode=\"CST\">", "<custodian typeCode=\"X\">", "custodian/@typeCode"},
      {add, "</registrationEvent>", "<extra/></registrationEvent>", "unexpected extra"},
      {proxy, "Search.Token", "Search.Tokens", "keyWordText"},
      {proxy, " xsi:type=\"ST\"", "", "value/@type"},
      {proxy, "<id nullFlavor=\"NA\"/>", "<id nullFlavor=\"UNK\"/>", "id/@nullFlavor"},
      {proxy, "PROXY_ADD^PI^200VBA^USVBA", "PROXY^PI^200VBA^USVBA", "asOtherIDs PAT"},
      {proxy, "MVI.ORCHESTRATION", "MVI.OTHER", "name is wrong"},
      {proxy, "dslogon.1500600700", "1500600700", "not dslogon."},
      {proxy, "<desc>vagov</desc>", "<desc>other</desc>", "desc is wrong"},
      {proxy, "^NI^200M^USVHA^P", "^NI^200M^USVHA", "no ICN with its suffix"},
      {proxy, "<given>Zebulon</given><family>Testwell</family></name></assignedPerson>",
       "<given>Other</given><family>Testwell</family></name></assignedPerson>", "patient differ"},
      {update, "PRPA_IN201302UV02\"/><processingCode", "PRPA_IN201301UV02\"/><processingCode",
       "interactionId/@extension"},
      {update, "^NI^200M^USVHA^P", "", "no ICN with its suffix"},
      {update, "<telecom use=\"H\" value=\"zebulon@example.com\"/>", "", "no telecom"},
  }));
  CAPTURE(row.from, row.to);
  const std::string body = absl::StrReplaceAll(row.message, {{row.from, row.to}});
  REQUIRE(body != row.message);
  Bench bench;
  const std::string answer = bench.Send(body);
  CHECK_THAT(bench.problems, Contains(row.problem));
  CHECK(IsAck(answer, "AE"));
  CHECK_THAT(answer, Contains("INVALID REQUEST"));
  for (const char* personal : {"987001234", "Testwell", "Zebulon", kSampleIcn, "zebulon@"}) {
    CHECK_FALSE(absl::StrContains(bench.problems, personal));
  }
  // Refused is not half done.
  CHECK_THAT(bench.simulator.State(), Contains("\"altered\":[]"));
}

TEST_CASE("MpiSimulator: an unknown sender is told so, and nothing is done", "[simulators][mpi]") {
  Bench bench;
  const std::string answer =
      bench.Send(absl::StrReplaceAll(AddMessage(), {{"\"200VGOV\"", "\"200XGOV\""}}));
  CHECK(IsAck(answer, "AE"));
  CHECK_THAT(answer, Contains("code=\"NS260\""));
  CHECK_THAT(answer, Contains("displayName=\"Unknown sender\""));
  CHECK_FALSE(IsMatch(bench.Send(FindById(kSampleCredential))));
}

TEST_CASE("MpiSimulator: the soapaction is that of the message", "[simulators][mpi]") {
  Bench bench;
  http::Request request = SampleRequest(AddMessage());
  request.headers.Set("soapaction", "PRPA_IN201305UV02");
  CHECK(IsAck(bench.simulator.Handle(request).body, "AE"));
  CHECK_THAT(bench.problems, Contains("header soapaction"));
}

TEST_CASE("MpiSimulator: a query id is good for one question", "[simulators][mpi]") {
  Bench bench;
  CHECK(IsMatch(bench.Send(FindById(kSampleIcn))));
  const std::string same_query_id = absl::StrReplaceAll(
      WithIds(FindById(kSampleIcn), 9), {{"extension=\"q900\"", "extension=\"q100\""}});
  bench.simulator.Handle(SampleRequest(same_query_id));
  CHECK_THAT(bench.problems, Contains("the query id stood on another message"));
}

TEST_CASE(
    "MpiSimulator: relationships come with MVI.COMP1.RMS alone, replaced ICNs with MVI.COMP2 "
    "or to who asks by one",
    "[simulators][mpi]") {
  Bench bench;
  const auto ask = [&bench](absl::string_view icn, absl::string_view search) {
    return bench.Send(absl::StrReplaceAll(FindById(icn), {{"MVI.COMP1.RMS", search}}));
  };
  CHECK(absl::StrContains(ask(kSampleIcn, "MVI.COMP1.RMS"), "personalRelationship"));
  CHECK_FALSE(absl::StrContains(ask(kSampleIcn, "MVI.COMP1"), "personalRelationship"));
  CHECK_FALSE(absl::StrContains(ask(kSampleIcn, "MVI.COMP1.RMS"), "replacementOf"));
  CHECK(absl::StrContains(ask(kSampleIcn, "MVI.COMP2"), "replacementOf"));
  CHECK(absl::StrContains(ask("1000000001V000001", "MVI.COMP1.RMS"), "replacementOf"));
}

TEST_CASE("MpiSimulator: an ICN has no correlation view", "[simulators][mpi]") {
  Bench bench;
  bench.Send(absl::StrReplaceAll(FindById(kSampleIcn), {{"\"PV\"", "\"COR\""}}));
  CHECK_THAT(bench.problems, Contains("primary view alone"));
  bench.problems.clear();
  CHECK(IsMatch(bench.Send(
      absl::StrReplaceAll(FindById("aa11^PN^200VIDM^USDVA^A"), {{"\"PV\"", "\"COR\""}}))));
  CHECK(bench.problems.empty());
}

TEST_CASE("MpiSimulator: a reset forgets who was added and which ids were used",
          "[simulators][mpi]") {
  Bench bench;
  REQUIRE(IsAck(bench.Send(AddMessage(Stranger())), "AA"));
  bench.simulator.Reset();
  bench.sent = 0;
  CHECK_FALSE(IsMatch(bench.Send(FindById(Stranger().credential))));
  CHECK(bench.problems.empty());
  CHECK(bench.simulator.Calls() == R"({"add":0,"find":1,"proxy":0,"update":0})");
}

}  // namespace
}  // namespace va::simulators
