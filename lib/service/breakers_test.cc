#include "lib/service/breakers.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"

namespace va::service {
namespace {

class DeadParty final : public http::Client {
 public:
  absl::StatusOr<http::ClientResponse> Send(const http::ClientRequest&) override {
    return absl::UnavailableError("down");
  }
};

}  // namespace

TEST_CASE("ShowBreaker: an open breaker shows as degraded and as a gauge, and leaves us ready",
          "[breaker]") {
  DeadParty party;
  va::testing::FakeClock clock;
  va::testing::FixedIds ids;
  http::GuardedClient client("mpi", party, clock, ids);
  Health health;
  telemetry::Metrics metrics;
  ShowBreaker(client, health, metrics);
  health.SetPhase(Phase::kServing);
  CHECK_FALSE(health.Report().degraded);
  CHECK(absl::StrContains(metrics.Text(), "va_breaker_state{party=\"mpi\"} 0"));

  while (client.state() == resilience::BreakerState::kClosed) CHECK_FALSE(client.Send({}).ok());
  health.RunChecks(CheckKind::kDegraded);
  const HealthReport report = health.Report();
  CHECK(report.degraded);
  CHECK(report.ready);
  CHECK(absl::StrContains(ToJson(report), "CIRCUIT_OPEN"));
  CHECK(absl::StrContains(metrics.Text(), "va_breaker_state{party=\"mpi\"} 2"));
}

}  // namespace va::service
