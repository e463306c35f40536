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
#include "tests/simulators/mpi/message_samples.h"

namespace va::simulators {
namespace {

struct Bench {
  explicit Bench(testing::MpiOutcome outcome = testing::MpiOutcome::kMatch)
      : simulator(
            {{SamplePersona(outcome)}, clock, ids, [this](const std::vector<std::string>& list) {
               problems = absl::StrJoin(list, "; ");
             }}) {}
  http::Response Ask(std::string body) { return simulator.Handle(SampleRequest(std::move(body))); }

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
         absl::StrContains(response.body, kSampleMessageId);
}

TEST_CASE("MpiSimulator: finds a persona by each of its identifiers and by traits",
          "[simulators][mpi]") {
  const std::string body = GENERATE(values<std::string>(
      {FindById(kSampleIcn), FindById("1000000001V000001"), FindById("aa11^PN^200VIDM^USDVA^A"),
       FindByTraits(), FindByEdipi(), FindById("7001^PI^516^USVHA^A"),
       FindById("66000001^PI^200MH^USVHA^A"), OrchestratedSearch()}));
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
    const http::Response response = bench.Ask(FindByTraits());
    CHECK(Is(response, "AE", "AE"));
    CHECK(absl::StrContains(response.body, "<text>Multiple Matches Found</text>"));
    CHECK(Is(Bench(testing::MpiOutcome::kMultiple).Ask(FindById(kSampleIcn)), "AA", "OK"));
  }
  SECTION("nobody fits the traits, one the ICN") {
    CHECK(Is(Bench(testing::MpiOutcome::kNoMatch).Ask(FindByTraits()), "AA", "NF"));
    CHECK(Is(Bench(testing::MpiOutcome::kNoMatch).Ask(FindById(kSampleIcn)), "AA", "OK"));
  }
  SECTION("unknown to MPI") {
    CHECK(Is(Bench().Ask(FindById("1999999999V999999")), "AA", "NF"));
    CHECK(Is(Bench().Ask(FindByTraits("900000001")), "AA", "NF"));
  }
  SECTION("down however asked") {
    CHECK(Bench(testing::MpiOutcome::kDown).Ask(FindByTraits()).status == http::kNoAnswer);
    CHECK(Bench(testing::MpiOutcome::kDown).Ask(FindById(kSampleIcn)).status == http::kNoAnswer);
  }
  SECTION("not to be asked about") {
    Bench bench(testing::MpiOutcome::kNotAsked);
    CHECK(Is(bench.Ask(FindById(kSampleIcn)), "AE", "AE"));
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
  std::string body = absl::StrReplaceAll(FindByTraits(), {{row.from, row.to}});
  REQUIRE(body != FindByTraits());
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
      bench.Ask(absl::StrReplaceAll(FindById(kSampleIcn), {{"code=\"4.1\"", "code=\"4.0\""}}));
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
  http::Request request = SampleRequest(FindById(kSampleIcn));
  request.headers.Set(name, "other");
  bench.simulator.Handle(request);
  CHECK(absl::StrContains(bench.problems, absl::StrCat("header ", name)));
}

TEST_CASE("MpiSimulator: a message id is good for one message, which may be resent",
          "[simulators][mpi]") {
  Bench bench;
  CHECK(Is(bench.Ask(FindById(kSampleIcn)), "AA", "OK"));
  CHECK(Is(bench.Ask(FindById(kSampleIcn)), "AA", "OK"));
  CHECK(bench.problems.empty());
  CHECK(Is(bench.Ask(FindById("1000000001V000001")), "AE", "AE"));
  CHECK(absl::StrContains(bench.problems, "stood on another message"));
}

TEST_CASE("MpiSimulator: the U+2010 spelling of the namespace is accepted", "[simulators][mpi]") {
  Bench bench;
  CHECK(Is(bench.Ask(absl::StrReplaceAll(FindById(kSampleIcn),
                                         {{"urn:hl7-org:v3", "urn:hl7\xE2\x80\x90org:v3"}})),
           "AA", "OK"));
  CHECK(bench.problems.empty());
}

}  // namespace
}  // namespace va::simulators
