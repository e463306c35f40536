// What stands between our callers and a Master Person Index in trouble. A circuit breaker that
// reads answers, because MPI says "I failed" (AR, SOAP fault) in an HTTP 200 as well
// (mpi_mhv.md 3.1.13); a bound on how many calls are under way; one second try for questions, never
// for changes.
#pragma once

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/resilience/bulkhead.h"
#include "lib/resilience/circuit_breaker.h"
#include "lib/resilience/retry.h"
#include "lib/telemetry/metrics.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"

namespace va::mpi {

struct GuardSettings {
  int max_in_flight = 512;  // mpi.http.max_in_flight
  // How long a caller waits for a place among them, at most.
  absl::Duration longest_wait = absl::Milliseconds(500);
  // Who waits for a place holds a thread beyond max_in_flight: a crowd of them would take the rest,
  // and what needs no MPI would wait with them.
  int most_waiting = 16;
  resilience::RetryPolicy retry = {.max_attempts = 2,
                                   .first = absl::Milliseconds(150),
                                   .longest = absl::Milliseconds(150),
                                   .jitter = 0.7};
  // Half open, one question finds out how MPI is: whoever else asks is answered at once.
  resilience::BreakerOptions breaker = {.longest_open = absl::Seconds(30), .probes = 1};
};

// Thread-safe. What it refers to outlives it.
class GuardedMpi final : public MpiGateway, public MpiChanges {
 public:
  struct Deps {
    MpiGateway& finds;
    MpiChanges& changes;
    const base::Clock& clock;
    base::IdGenerator& ids;
    telemetry::Metrics& metrics;
    std::function<void(absl::Duration)> pause;  // absl::SleepFor, or what a test wants
  };

  GuardedMpi(Deps deps, const GuardSettings& settings);

  // BREAKER_OPEN while MPI has failed too often; UNAVAILABLE (OVERLOADED) when as many calls as may
  // be are under way and none ended in time.
  absl::StatusOr<Answer> Find(const Question& question, absl::Time deadline) override;
  absl::StatusOr<ChangeAnswer> Send(const Change& change, absl::Time deadline) override;

  resilience::BreakerState state() const { return breaker_.state(); }
  int waiting() const { return room_.waiting(); }  // callers without a place

 private:
  template <typename AnswerType, typename Ask>
  absl::StatusOr<AnswerType> Once(absl::Time deadline, Ask ask);
  std::optional<absl::Duration> PauseBeforeSecondTry(const absl::StatusOr<Answer>& first,
                                                     absl::Time deadline);

  const Deps deps_;
  const GuardSettings settings_;
  resilience::CircuitBreaker breaker_;
  resilience::Bulkhead room_;
  telemetry::Counter retries_;
  telemetry::Counter overloaded_;
};

}  // namespace va::mpi
