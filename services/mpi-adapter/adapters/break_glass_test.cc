#include "services/mpi-adapter/adapters/break_glass.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/http/client.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/hl7/answer_samples.h"

namespace va::mpi {
namespace {

using telemetry::Severity;

class Lines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text.append(line.data(), line.size());
    return true;
  }
  std::string text;
};

class Trail final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    if (fails) return absl::UnavailableError("full");
    records.push_back(
        absl::StrCat(telemetry::ToString(event), " ", facts.outcome, " ", facts.reason));
    return absl::OkStatus();
  }
  std::vector<std::string> records;
  bool fails = false;
};

// Echoes whatever stands in its answer to whatever was asked.
class EchoMpi final : public http::Client {
 public:
  absl::StatusOr<http::ClientResponse> Send(const http::ClientRequest& request) override {
    asked.push_back(request.body);
    if (fails) return base::MakeError(absl::StatusCode::kUnavailable, "CONNECT", "down", true);
    return http::ClientResponse{200, {{"Content-Type", "text/xml"}}, answer};
  }
  std::string answer = hl7::MatchAnswer();
  std::vector<std::string> asked;
  bool fails = false;
};

struct Scene {
  explicit Scene(Severity level = Severity::kDebug) : log("mpi-adapter", level, clock, lines) {}

  void Ask() {
    ByTraits traits;
    traits.first_name = identity::PersonText::FromWire("Zwanhild");
    traits.last_name = identity::PersonText::FromWire("Quarnstone");
    traits.birth_date = identity::BirthDate::FromWire("19610203");
    traits.ssn = identity::Ssn::FromWire("987654320");
    REQUIRE(gateway.Find(traits, clock.Now() + absl::Seconds(5)).ok());
  }
  void Add() {
    AddPerson add;
    add.idme_uuid = identity::CspId::FromWire("54e78de6140d473f87960f211be49c08");
    add.first_name = identity::PersonText::FromWire("Zwanhild");
    add.last_name = identity::PersonText::FromWire("Quarnstone");
    add.birth_date = identity::BirthDate::FromWire("19610203");
    add.ssn = identity::Ssn::FromWire("987654320");
    REQUIRE(gateway.Send(add, clock.Now() + absl::Seconds(5)).ok());
  }
  std::string In(absl::Duration ahead) const {
    return absl::FormatTime(absl::RFC3339_full, clock.Now() + ahead, absl::UTCTimeZone());
  }
  void SwitchOn(absl::Duration ahead = absl::Hours(1)) {
    glass.Set({In(ahead), "INC-4711 names are cut"});
  }
  // Anything of the two bodies.
  bool HoldsBody() const {
    for (const char* part : {"Quarnstone", "Zwanhild", "987654320", "19610203", "env:Envelope",
                             "PRPA_IN201306", "patientPerson", "<id", "1019900417V557122"}) {
      if (absl::StrContains(lines.text, part)) return true;
    }
    return false;
  }
  bool Shows(const std::string& line) const { return absl::StrContains(metrics.Text(), line); }

  testing::FakeClock clock;
  testing::FixedIds ids;
  Lines lines;
  telemetry::Log log;
  Trail audit;
  telemetry::Metrics metrics;
  EchoMpi mpi;
  BreakGlass glass{{clock, log, audit, metrics}};
  SoapMpiGateway gateway{{mpi, clock, ids, &glass}, [] {
                           SoapSettings settings;
                           settings.url = "https://mpi.example.test/mpi";
                           return settings;
                         }()};
};

}  // namespace

TEST_CASE("BreakGlass: off, no line of any level holds anything of a request or an answer",
          "[mpi][adapter][rule]") {
  const Severity level =
      GENERATE(Severity::kDebug, Severity::kInfo, Severity::kWarn, Severity::kError);
  Scene scene(level);
  const std::string match = hl7::MatchAnswer();
  for (const std::string& answer :
       {match, hl7::NoMatchAnswer(), hl7::ErrorAnswer("AE", "INTERR", "Quarnstone 987654320"),
        match.substr(0, 500), std::string("<html>Quarnstone</html>")}) {
    scene.mpi.answer = answer;
    scene.Ask();
    scene.Add();
  }
  scene.mpi.fails = true;
  scene.Ask();
  REQUIRE(absl::StrContains(scene.mpi.asked.at(0), "Quarnstone"));
  CHECK_FALSE(scene.HoldsBody());
  CHECK(scene.audit.records.empty());
  CHECK(scene.Shows("va_mpi_break_glass 0"));
}

TEST_CASE("BreakGlass: on, both bodies stand in the log, whole", "[mpi][adapter]") {
  Scene scene;
  scene.mpi.answer = absl::StrCat("<a>", std::string(2500, 'x'), "\xF0\x9F\x98\x80</a>");
  scene.SwitchOn();
  CHECK(scene.Shows("va_mpi_break_glass 1"));
  scene.Ask();
  CHECK(absl::StrContains(scene.lines.text, "Quarnstone"));
  CHECK(absl::StrContains(scene.lines.text, "\"ev\":\"mpi.break_glass.received\""));
  CHECK(absl::StrContains(scene.lines.text, "\"part\":3,\"last\":true,\"left_out\":0"));
  CHECK_FALSE(absl::StrContains(scene.lines.text, "more]"));  // no part is cut by the log
}

TEST_CASE("BreakGlass: a character is never cut in two", "[mpi][adapter]") {
  Scene scene;
  scene.SwitchOn();
  for (int shift = 0; shift < 4; ++shift) {
    std::string body(static_cast<size_t>(996 + shift), 'x');
    for (int i = 0; i < 300; ++i) body += "\xF0\x9F\x98\x80";
    scene.glass.Received("m", 200, body);
  }
  CHECK_FALSE(absl::StrContains(scene.lines.text, "ufffd"));
  CHECK_FALSE(absl::StrContains(scene.lines.text, "more]"));
}

TEST_CASE("BreakGlass: an endless body is not logged to its end", "[mpi][adapter][attack]") {
  Scene scene;
  scene.SwitchOn();
  scene.glass.Received("m", 200, std::string(1000000, 'x'));
  CHECK(scene.lines.text.size() < 400000);
  CHECK(absl::StrContains(scene.lines.text, "\"left_out\":744000"));
}

TEST_CASE("BreakGlass: it ends by itself; beginning and end are on record",
          "[mpi][adapter][rule]") {
  Scene scene;
  scene.SwitchOn(absl::Minutes(10));
  CHECK(scene.audit.records ==
        std::vector<std::string>{"mpi.break_glass begun INC-4711 names are cut"});
  scene.clock.Advance(absl::Minutes(10));
  CHECK(scene.Shows("va_mpi_break_glass 0"));
  scene.lines.text.clear();
  scene.Ask();
  scene.Ask();
  CHECK_FALSE(scene.HoldsBody());
  CHECK(scene.audit.records ==
        std::vector<std::string>{"mpi.break_glass begun INC-4711 names are cut",
                                 "mpi.break_glass ended INC-4711 names are cut"});
}

TEST_CASE(
    "BreakGlass: it can be switched off before its end, and the same settings again change "
    "nothing",
    "[mpi][adapter]") {
  Scene scene;
  const BreakGlassSettings on = {scene.In(absl::Hours(2)), "INC-4711"};
  scene.glass.Set(on);
  scene.glass.Set(on);
  CHECK(scene.audit.records.size() == 1);
  scene.glass.Set({});
  CHECK_FALSE(scene.glass.IsOn());
  CHECK(scene.audit.records.size() == 2);
  scene.lines.text.clear();
  scene.Ask();
  CHECK_FALSE(scene.HoldsBody());
}

TEST_CASE("BreakGlass: without a record in the trail it stays off", "[mpi][adapter][rule]") {
  Scene scene;
  scene.audit.fails = true;
  scene.SwitchOn();
  CHECK_FALSE(scene.glass.IsOn());
  scene.Ask();
  CHECK_FALSE(scene.HoldsBody());
  // The same settings again, once the trail takes records.
  scene.audit.fails = false;
  scene.SwitchOn();
  CHECK(scene.glass.IsOn());
  CHECK(scene.audit.records.size() == 1);
}

TEST_CASE("BreakGlass: a process that stops while it is on puts the end on record, once",
          "[mpi][adapter][rule]") {
  Scene scene;
  for (const bool on : {true, false}) {
    scene.audit.records.clear();
    telemetry::Metrics metrics;
    {
      BreakGlass glass({scene.clock, scene.log, scene.audit, metrics});
      glass.Set({scene.In(absl::Hours(1)), "INC-4711"});
      if (!on) glass.Set({});
    }
    CHECK(scene.audit.records == std::vector<std::string>{"mpi.break_glass begun INC-4711",
                                                          "mpi.break_glass ended INC-4711"});
  }
}

TEST_CASE("CheckBreakGlass: a time at most 24 hours ahead, and a reason that names nobody",
          "[mpi][config][rule]") {
  Scene scene;
  const absl::Time now = scene.clock.Now();
  const std::string soon = scene.In(absl::Hours(1));
  CHECK(CheckBreakGlass({}, now).empty());
  CHECK(CheckBreakGlass({"", "left from last time"}, now).empty());
  CHECK(CheckBreakGlass({soon, "INC-4711"}, now).empty());
  CHECK(CheckBreakGlass({scene.In(absl::Hours(24)), "INC-4711"}, now).empty());
  // Over: how every use of it ends.
  CHECK(CheckBreakGlass({scene.In(-absl::Hours(300)), "INC-4711"}, now).empty());
  for (const BreakGlassSettings& wrong :
       std::vector<BreakGlassSettings>{{soon, ""},
                                       {soon, std::string(201, 'a')},
                                       {soon, "ssn 987654320"},
                                       {soon, "ssn 987-65-4320"},
                                       {soon, "line\nbreak"},
                                       {scene.In(absl::Hours(24) + absl::Seconds(1)), "INC-4711"},
                                       {"infinite-future", "INC-4711"},
                                       {"tomorrow", "INC-4711"},
                                       {"2026-01-15", "INC-4711"}}) {
    CAPTURE(wrong.until, wrong.reason);
    CHECK_FALSE(CheckBreakGlass(wrong, now).empty());
    scene.glass.Set(wrong);
    CHECK_FALSE(scene.glass.IsOn());
  }
  CHECK(scene.audit.records.empty());
}

}  // namespace va::mpi
