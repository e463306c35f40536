// A Client behind a circuit breaker: a party that keeps failing is not asked for a while, and
// whoever would have asked learns so at once instead of after a timeout. What counts against a
// party is that it could not be reached, was too slow, broke off or answered 5xx; an answer that
// says no is an answer.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/http/client.h"
#include "lib/resilience/circuit_breaker.h"

namespace va::http {

// Thread-safe. What it refers to outlives it.
class GuardedClient final : public Client {
 public:
  // `party` names it in messages: "mpi".
  GuardedClient(std::string party, Client& client, const base::Clock& clock, base::IdGenerator& ids,
                const resilience::BreakerOptions& options = {});

  // As the client's, and UNAVAILABLE, CIRCUIT_OPEN, while the party is not asked.
  absl::StatusOr<ClientResponse> Send(const ClientRequest& request) override;

  const std::string& party() const { return party_; }
  resilience::BreakerState state() const { return breaker_.state(); }

 private:
  const std::string party_;
  Client& client_;
  const base::Clock& clock_;
  base::IdGenerator& ids_;
  resilience::CircuitBreaker breaker_;
};

}  // namespace va::http
