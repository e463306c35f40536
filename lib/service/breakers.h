// Shows the circuit breakers of outside parties to operators.
#pragma once

#include <functional>
#include <string>

#include "lib/http/guarded_client.h"
#include "lib/resilience/circuit_breaker.h"
#include "lib/service/health.h"
#include "lib/telemetry/metrics.h"

namespace va::service {

// Adds the party of `client` to /readyz, degraded unless its breaker is closed, and the gauge
// va_breaker_state{party}: 0 closed, 1 half open, 2 open. `client` outlives the ops port.
void ShowBreaker(const http::GuardedClient& client, Health& health, telemetry::Metrics& metrics);

// The same for a breaker that stands elsewhere: `state` is asked from any thread.
void ShowBreaker(const std::string& party, std::function<resilience::BreakerState()> state,
                 Health& health, telemetry::Metrics& metrics);

}  // namespace va::service
