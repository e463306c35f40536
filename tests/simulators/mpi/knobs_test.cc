// What goes wrong on request: which message it is for, and what comes of it.
#include "tests/simulators/mpi/knobs.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "tests/simulators/mpi/message_samples.h"
#include "tests/simulators/mpi/mpi_simulator.h"

namespace va::simulators {
namespace {

using Catch::Contains;

struct Bench {
  Bench()
      : simulator({{SamplePersona(testing::MpiOutcome::kMatch)},
                   clock,
                   ids,
                   [this](const std::vector<std::string>& list) {
                     problems = absl::StrJoin(list, "; ");
                   }}) {}

  void Set(absl::string_view faults) { REQUIRE(simulator.SetFaults(faults).ok()); }
  Delivery Send(std::string body) {
    return simulator.Answer(SampleRequest(WithIds(std::move(body), ++sent)));
  }

  testing::FakeClock clock;
  testing::FixedIds ids;
  std::string problems;
  int sent = 0;
  MpiSimulator simulator;
};

bool IsRight(const Delivery& delivery) {
  return delivery.response.status == 200 && delivery.manner == Manner::kWhole &&
         absl::StrContains(delivery.response.body, "<queryResponseCode code=\"OK\"/>");
}

TEST_CASE("Knobs: what is no fault is refused by name", "[simulators][mpi]") {
  struct Row {
    const char* json;
    const char* message;
  };
  const Row row = GENERATE(values<Row>({
      {"", "JSON object"},
      {"7", "JSON object"},
      {"[7]", "JSON object"},
      {"{}", "mode: unknown word"},
      {R"({"mode":"worse"})", "mode: unknown word"},
      {R"({"mode":7})", "mode must be a text"},
      {R"({"mode":"slow","ms":-1})", "ms must be"},
      {R"({"mode":"slow","ms":"1"})", "ms must be"},
      {R"({"mode":"error","status":100})", "status must be"},
      {R"({"mode":"error","percent":101})", "percent must be"},
      {R"({"mode":"error","interaction":"delete"})", "interaction: unknown word"},
      {R"({"mode":"error","who":"me"})", "who: unknown name"},
  }));
  CAPTURE(row.json);
  const absl::Status status = ParseFaults(row.json).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), Contains(row.message));
  for (const auto& [word, mode] : Modes()) {
    CHECK(ParseFaults(absl::StrCat("{\"mode\":\"", word, "\"}")).ok());
  }
}

TEST_CASE("Knobs: a fault is for as many messages, such ones and such people as it says",
          "[simulators][mpi]") {
  Bench bench;
  const auto rights = [&bench](int count, const std::string& body) {
    std::string pattern;
    for (int i = 0; i < count; ++i) pattern += IsRight(bench.Send(body)) ? '+' : '-';
    return pattern;
  };
  const std::string find = FindById(kSampleIcn);
  bench.Set(R"({"mode":"ar","times":2})");
  CHECK(rights(4, find) == "--++");
  bench.Set(R"({"mode":"ar","percent":50})");
  CHECK(rights(6, find) == "+-+-+-");
  bench.Set(R"({"mode":"ar","percent":0})");
  CHECK(rights(3, find) == "+++");
  bench.Set(R"({"mode":"ar","interaction":"add"})");
  CHECK(rights(1, find) == "+");
  bench.Set(R"({"mode":"ar","persona":"somebody"})");
  CHECK(rights(1, find) == "-");
  CHECK(rights(1, FindByTraits()) == "-");
  CHECK(absl::StrContains(bench.Send(FindById("1099999999V999999")).response.body, "\"NF\""));
  bench.Set(R"({"mode":"ar","persona":"somebody else"})");
  CHECK(rights(1, find) == "+");
  bench.Set(R"({"mode":"none"})");
  CHECK(rights(1, find) == "+");
}

TEST_CASE("Knobs: waits add up, the first fault that is more than slow decides",
          "[simulators][mpi]") {
  Bench bench;
  bench.Set(R"([{"mode":"slow","ms":1000},{"mode":"ar","ms":20,"times":1},{"mode":"qe"}])");
  const Delivery first = bench.Send(FindById(kSampleIcn));
  CHECK(first.delay == absl::Milliseconds(1020));
  CHECK_THAT(first.response.body, Contains("<typeCode code=\"AR\"/>"));
  const Delivery second = bench.Send(FindById(kSampleIcn));
  CHECK(second.delay == absl::Milliseconds(1000));
  CHECK_THAT(second.response.body, Contains("<queryResponseCode code=\"QE\"/>"));
}

TEST_CASE("Knobs: each mode spoils the answer in its way", "[simulators][mpi]") {
  struct Row {
    const char* fault;
    int status;
    Manner manner;
    const char* holds;
  };
  const Row row = GENERATE(values<Row>({
      {R"({"mode":"hang"})", http::kNoAnswer, Manner::kWhole, ""},
      {R"({"mode":"down"})", http::kNoAnswer, Manner::kWhole, ""},
      {R"({"mode":"reset"})", http::kNoAnswer, Manner::kReset, ""},
      {R"({"mode":"lost"})", http::kNoAnswer, Manner::kWhole, ""},
      {R"({"mode":"cut"})", 200, Manner::kCut, "</env:Envelope>"},
      {R"({"mode":"drip"})", 200, Manner::kDrip, "</env:Envelope>"},
      {R"({"mode":"endless"})", 200, Manner::kEndless, "</env:Envelope>"},
      {R"({"mode":"ae"})", 200, Manner::kWhole, "<typeCode code=\"AE\"/>"},
      {R"({"mode":"ar"})", 200, Manner::kWhole, "<typeCode code=\"AR\"/>"},
      {R"({"mode":"nf"})", 200, Manner::kWhole, "<queryResponseCode code=\"NF\"/>"},
      {R"({"mode":"qe"})", 200, Manner::kWhole, "<queryResponseCode code=\"QE\"/>"},
      {R"({"mode":"unknown_sender"})", 200, Manner::kWhole, "NS260"},
      {R"({"mode":"multiple"})", 200, Manner::kWhole, "Multiple Matches Found"},
      {R"({"mode":"duplicate"})", 200, Manner::kWhole, "Key205"},
      {R"({"mode":"fault"})", 500, Manner::kWhole, ":Fault>"},
      {R"({"mode":"fault","status":200})", 200, Manner::kWhole, ":Fault>"},
      {R"({"mode":"error"})", 503, Manner::kWhole, "Unavailable"},
      {R"({"mode":"html"})", 200, Manner::kWhole, "<!doctype html>"},
      {R"({"mode":"doctype"})", 200, Manner::kWhole, "<!DOCTYPE Envelope [<!ENTITY who SYSTEM"},
      {R"({"mode":"laughs"})", 200, Manner::kWhole, "&l9;"},
      {R"({"mode":"deep"})", 200, Manner::kWhole, "<a><a><a>"},
      {R"({"mode":"deceased"})", 200, Manner::kWhole, "<deceasedTime value=\"20200131\"/>"},
      {R"({"mode":"theft"})", 200, Manner::kWhole, "ID_THEFT^TRUE"},
      {R"({"mode":"other_person"})", 200, Manner::kWhole, "1099999999V999999^NI^200M"},
  }));
  CAPTURE(row.fault);
  Bench bench;
  bench.Set(row.fault);
  const Delivery delivery = bench.Send(FindById(kSampleIcn));
  CHECK(delivery.response.status == row.status);
  CHECK(delivery.manner == row.manner);
  CHECK_THAT(delivery.response.body, Contains(row.holds));
  CHECK(bench.problems.empty());
}

TEST_CASE(
    "Knobs: an answer that is malformed, giant, wrongly labelled or badly scored is the "
    "right one otherwise",
    "[simulators][mpi]") {
  Bench bench;
  const size_t whole = bench.Send(FindByTraits()).response.body.size();
  bench.Set(R"({"mode":"malformed"})");
  CHECK(bench.Send(FindByTraits()).response.body.size() == whole / 2);
  bench.Set(R"({"mode":"giant"})");
  const Delivery giant = bench.Send(FindByTraits());
  CHECK(giant.response.body.size() > (size_t{2} << 20));
  CHECK(IsRight(giant));
  bench.Set(R"({"mode":"charset"})");
  const Delivery charset = bench.Send(FindByTraits());
  CHECK(IsRight(charset));
  CHECK_THAT(std::string(charset.response.headers.Get("Content-Type").value_or("")),
             Contains("8859-1"));
  bench.Set(R"({"mode":"low_score"})");
  CHECK_THAT(bench.Send(FindByTraits()).response.body, Contains("value=\"12\""));
}

TEST_CASE("Knobs: a wrong echo names another message or another query", "[simulators][mpi]") {
  Bench bench;
  bench.Set(R"({"mode":"wrong_message","times":1})");
  const std::string message = bench.Send(FindById(kSampleIcn)).response.body;
  CHECK_FALSE(absl::StrContains(message, MessageIdNo(1)));
  CHECK_THAT(message, Contains("extension=\"q100\""));
  bench.Set(R"({"mode":"wrong_query","times":1})");
  const std::string query = bench.Send(FindById(kSampleIcn)).response.body;
  CHECK_THAT(query, Contains(MessageIdNo(2)));
  CHECK_THAT(query, !Contains("<queryAck><queryId extension=\"q200\""));
}

TEST_CASE("Knobs: an add whose answer is lost has happened; one that was refused has not",
          "[simulators][mpi]") {
  Bench bench;
  bench.Set(R"({"mode":"ar","interaction":"add"})");
  bench.Send(AddMessage());
  CHECK_FALSE(IsRight(bench.Send(FindById(kSampleCredential))));
  bench.Set(R"({"mode":"lost","interaction":"add"})");
  CHECK(bench.Send(AddMessage()).response.status == http::kNoAnswer);
  CHECK(IsRight(bench.Send(FindById(kSampleCredential))));
}

TEST_CASE("Knobs: with eventual consistency searches see an add only after a while, adds at once",
          "[simulators][mpi]") {
  Bench bench;
  SampleAdd add;
  const bool stranger = GENERATE(false, true);
  if (stranger) add.ssn = "987005678";
  bench.Set(R"({"mode":"eventual","ms":500})");
  const Delivery added = bench.Send(AddMessage(add));
  CHECK(added.delay == absl::ZeroDuration());
  CHECK_THAT(added.response.body, Contains("<typeCode code=\"AA\"/>"));
  CHECK_FALSE(IsRight(bench.Send(FindById(kSampleCredential))));
  CHECK_THAT(bench.Send(AddMessage(add)).response.body, Contains("Key205"));
  bench.clock.Advance(absl::Milliseconds(501));
  CHECK(IsRight(bench.Send(FindById(kSampleCredential))));
}

TEST_CASE("Knobs: the control path sets, resets, counts, and knows nothing else",
          "[simulators][mpi]") {
  Bench bench;
  const auto control = [&bench](const char* method, const char* path, const char* body) {
    http::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    return bench.simulator.Answer(request).response;
  };
  CHECK(control("POST", "/_sim/faults", R"({"mode":"error"})").status == 200);
  CHECK(bench.Send(FindById(kSampleIcn)).response.status == 503);
  CHECK(control("POST", "/_sim/faults", "nonsense").status == 400);
  CHECK(control("GET", "/_sim/calls", "").body == R"({"add":0,"find":1,"proxy":0,"update":0})");
  CHECK(control("POST", "/_sim/reset", "").status == 200);
  CHECK(IsRight(bench.Send(FindById(kSampleIcn))));
  CHECK(control("GET", "/_sim/state", "").body == R"({"altered":[]})");
  CHECK(control("GET", "/_sim/nothing", "").status == 404);
  CHECK(control("DELETE", "/_sim/faults", "").status == 404);
}

}  // namespace
}  // namespace va::simulators
