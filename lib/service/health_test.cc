#include "lib/service/health.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"

namespace va::service {
namespace {

constexpr CheckKind kBoth[] = {CheckKind::kReadiness, CheckKind::kDegraded};

absl::Status Good() { return absl::OkStatus(); }
absl::Status Bad() {
  return base::MakeError(absl::StatusCode::kUnavailable, "CONNECTION_FAILED", "no route to db-7");
}

void RunAll(Health& health) {
  for (const CheckKind kind : kBoth) health.RunChecks(kind);
}

nlohmann::json Json(const Health& health) { return nlohmann::json::parse(ToJson(health.Report())); }

}  // namespace

TEST_CASE("Health: ready only while serving and with every readiness check good", "[health]") {
  struct Row {
    Phase phase;
    bool database_up;
    bool neighbour_up;
    bool ready;
    const char* word;
  };
  for (const Row& row : {Row{Phase::kServing, true, true, true, "ready"},
                         Row{Phase::kServing, true, false, true, "degraded"},
                         Row{Phase::kServing, false, true, false, "not_ready"},
                         Row{Phase::kServing, false, false, false, "not_ready"},
                         Row{Phase::kStarting, true, true, false, "starting"},
                         Row{Phase::kDraining, true, true, false, "draining"}}) {
    CAPTURE(row.word);
    Health health;
    health.Add("database", CheckKind::kReadiness, row.database_up ? &Good : &Bad);
    health.Add("mpi-adapter", CheckKind::kDegraded, row.neighbour_up ? &Good : &Bad);
    health.SetPhase(row.phase);
    RunAll(health);
    CHECK(health.Report().ready == row.ready);
    CHECK(Json(health)["status"] == row.word);
  }
}

TEST_CASE("Health L5: a failing check shows its reason and no words about the house",
          "[health][L5]") {
  const testing::FakeClock clock;
  Health health({}, clock);
  health.Add("database", CheckKind::kReadiness, &Bad);
  health.Add("other", CheckKind::kDegraded, [] { return absl::InternalError("at 10.0.0.7"); });
  health.Add("fine", CheckKind::kDegraded, &Good);
  health.SetPhase(Phase::kServing);
  RunAll(health);
  nlohmann::json checks = Json(health)["checks"];
  for (nlohmann::json& check : checks) check.erase("ms");
  CHECK(checks == nlohmann::json::parse(R"([
          {"name": "database", "kind": "readiness", "status": "failed",
           "reason": "CONNECTION_FAILED", "age_ms": 0},
          {"name": "other", "kind": "degraded", "status": "degraded", "reason": "INTERNAL",
           "age_ms": 0},
          {"name": "fine", "kind": "degraded", "status": "ok", "age_ms": 0}])"));
}

TEST_CASE("Health: a probe is answered from the last result, with its age", "[health]") {
  testing::FakeClock clock;
  Health health({}, clock);
  int runs = 0;
  health.Add("database", CheckKind::kReadiness, [&runs] {
    ++runs;
    return absl::OkStatus();
  });
  health.SetPhase(Phase::kServing);
  health.RunChecks(CheckKind::kReadiness);
  clock.Advance(absl::Milliseconds(700));
  for (int i = 0; i < 100; ++i) CHECK(health.Report().ready);
  CHECK(runs == 1);
  CHECK(Json(health)["checks"][0]["age_ms"] == 700);
}

TEST_CASE("Health: no result yet is not ready; a neighbour not asked yet degrades nothing",
          "[health]") {
  const testing::FakeClock clock;
  Health health({}, clock);
  health.Add("database", CheckKind::kReadiness, &Good);
  health.Add("mpi-adapter", CheckKind::kDegraded, &Bad);
  health.SetPhase(Phase::kServing);
  CHECK_FALSE(health.Report().ready);
  CHECK(Json(health)["checks"][0]["reason"] == "NOT_RUN");
  CHECK_FALSE(health.Report().degraded);
  CHECK(Json(health)["checks"][1]["status"] == "pending");
}

TEST_CASE("Health: a result that grew old counts as failing, whatever it was", "[health]") {
  testing::FakeClock clock;
  HealthOptions options;
  options.stale = absl::Seconds(15);
  Health health(options, clock);
  health.Add("database", CheckKind::kReadiness, &Good);
  health.Add("mpi-adapter", CheckKind::kDegraded, &Good);
  health.SetPhase(Phase::kServing);
  RunAll(health);
  clock.Advance(absl::Seconds(15));
  CHECK(health.Report().ready);
  CHECK_FALSE(health.Report().degraded);
  clock.Advance(absl::Milliseconds(1));
  CHECK_FALSE(health.Report().ready);
  CHECK(health.Report().degraded);
  CHECK(Json(health)["checks"][0]["reason"] == "STALE");
  RunAll(health);
  CHECK(health.Report().ready);
}

TEST_CASE("Health: a neighbour never asked for long is shown as degraded", "[health]") {
  testing::FakeClock clock;
  Health health({}, clock);
  health.Add("mpi-adapter", CheckKind::kDegraded, &Good);
  health.SetPhase(Phase::kServing);
  clock.Advance(absl::Minutes(1));
  CHECK(health.Report().degraded);
  CHECK(health.Report().ready);
}

TEST_CASE("Health: alive while work goes on or none waits, stuck when it stands still",
          "[health]") {
  testing::FakeClock clock;
  HealthOptions options;
  options.stuck = absl::Minutes(2);
  Health health(options, clock);
  Progress progress;
  health.Watch("workers", [&progress] { return progress; });
  const auto pass = [&](absl::Duration by) {
    clock.Advance(by);
    health.LookAtProgress();
  };
  // Idle for a day.
  pass(absl::Hours(24));
  CHECK(health.Alive().ok());
  // Slow, but one task after the other comes to its end.
  progress.pending = 300;
  for (int i = 0; i < 10; ++i) {
    ++progress.finished;
    pass(absl::Seconds(100));
    CHECK(health.Alive().ok());
  }
  // Stands still.
  pass(absl::Minutes(2));
  CHECK(health.Alive().ok());
  pass(absl::Seconds(1));
  CHECK(base::ReasonOf(health.Alive()) == "STUCK");
  // It was only very slow after all.
  ++progress.finished;
  pass(absl::Seconds(1));
  CHECK(health.Alive().ok());
}

TEST_CASE("Health: the end waits for the check that runs and begins no other", "[health]") {
  Health health;
  int later = 0;
  health.Add("hangs", CheckKind::kDegraded, [&health] {
    health.Stop();
    return absl::OkStatus();
  });
  health.Add("behind it", CheckKind::kDegraded, [&later] {
    ++later;
    return absl::OkStatus();
  });
  health.RunChecks(CheckKind::kDegraded);
  CHECK(later == 0);
}

TEST_CASE("Health: an event loop that never comes to its heartbeat is stuck, whatever others do",
          "[health]") {
  testing::FakeClock clock;
  HealthOptions options;
  options.stuck = absl::Minutes(2);
  Health health(options, clock);
  base::Heartbeats beats(2);
  bool second_is_stuck = false;
  health.Watch("grpc", [&] {
    std::vector<size_t> posted;
    const auto count = beats.Beat([&posted](size_t thread) { posted.push_back(thread); });
    for (const size_t thread : posted) {
      if (thread == 0 || !second_is_stuck) beats.Answer(thread);
    }
    return ProgressOf(count);
  });
  const auto pass = [&](absl::Duration time) {
    for (; time > absl::ZeroDuration(); time -= absl::Seconds(1)) {
      clock.Advance(absl::Seconds(1));
      health.LookAtProgress();
    }
  };
  // No call for an hour: the threads wait for events and still answer.
  pass(absl::Hours(1));
  CHECK(health.Alive().ok());
  second_is_stuck = true;
  pass(absl::Minutes(2));
  CHECK(health.Alive().ok());
  pass(absl::Seconds(2));
  CHECK(base::ReasonOf(health.Alive()) == "STUCK");
  CHECK(health.Alive().message() == "grpc");
  beats.Answer(1);
  second_is_stuck = false;
  pass(absl::Seconds(2));
  CHECK(health.Alive().ok());
}

}  // namespace va::service
