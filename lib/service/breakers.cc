#include "lib/service/breakers.h"

#include <utility>

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
  ShowBreaker(
      client.party(), [&client] { return client.state(); }, health, metrics);
}

void ShowBreaker(const std::string& party, std::function<BreakerState()> state, Health& health,
                 telemetry::Metrics& metrics) {
  health.Add(party, CheckKind::kDegraded, [party, state]() -> absl::Status {
    if (state() == BreakerState::kClosed) return absl::OkStatus();
    return base::MakeError(absl::StatusCode::kUnavailable, "CIRCUIT_OPEN",
                           absl::StrCat(party, " has failed too often"));
  });
  metrics.AddReading("va_breaker_state",
                     "Breaker of an outside party: 0 closed, 1 half open, 2 open.",
                     {{"party", party}}, [state = std::move(state)] { return Level(state()); });
}

}  // namespace va::service
