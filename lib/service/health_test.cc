#include "lib/service/health.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "lib/base/status.h"

namespace va::service {
namespace {

absl::Status Good() { return absl::OkStatus(); }
absl::Status Bad() {
  return base::MakeError(absl::StatusCode::kUnavailable, "CONNECTION_FAILED", "no route to db-7");
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
    CHECK(health.Report().ready == row.ready);
    CHECK(Json(health)["status"] == row.word);
  }
}

TEST_CASE("Health L5: a failing check shows its reason and no words about the house",
          "[health][L5]") {
  Health health;
  health.Add("database", CheckKind::kReadiness, &Bad);
  health.Add("other", CheckKind::kDegraded, [] { return absl::InternalError("at 10.0.0.7"); });
  health.Add("fine", CheckKind::kDegraded, &Good);
  health.SetPhase(Phase::kServing);
  CHECK(Json(health)["checks"] == nlohmann::json::parse(R"([
          {"name": "database", "status": "failed", "reason": "CONNECTION_FAILED"},
          {"name": "other", "status": "degraded", "reason": "INTERNAL"},
          {"name": "fine", "status": "ok"}])"));
}

}  // namespace va::service
