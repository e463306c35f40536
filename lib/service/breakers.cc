#include "lib/service/breakers.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::service {
namespace {

using resilience::BreakerState;

double Level(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return 0;
    case BreakerState::kHalfOpen:
      return 1;
    case BreakerState::kOpen:
      return 2;
  }
  return 2;
}

}  // namespace

void ShowBreaker(const http::GuardedClient& client, Health& health, telemetry::Metrics& metrics) {
  health.Add(client.party(), CheckKind::kDegraded, [&client]() -> absl::Status {
    if (client.state() == BreakerState::kClosed) return absl::OkStatus();
    return base::MakeError(absl::StatusCode::kUnavailable, "CIRCUIT_OPEN",
                           absl::StrCat(client.party(), " has failed too often"));
  });
  metrics.AddReading("va_breaker_state",
                     "Breaker of an outside party: 0 closed, 1 half open, 2 open.",
                     {{"party", client.party()}}, [&client] { return Level(client.state()); });
}

}  // namespace va::service
