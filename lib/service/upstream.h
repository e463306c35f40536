// The seam to a party outside of the suite (MPI, My HealtheVet): an http::Client that counts every
// request by party and outcome, measures it, and hands the trace on. Adapters behind it know
// nothing of either.
#pragma once

#include <memory>
#include <string>

#include "lib/base/clock.h"
#include "lib/http/client.h"
#include "lib/service/frame.h"
#include "lib/telemetry/metrics.h"
#include "lib/telemetry/trace.h"

namespace va::service {

// Wraps the one client of a party. What it refers to outlives it.
class MeteredClient final : public http::Client {
 public:
  struct Deps {
    telemetry::Metrics& metrics;
    const telemetry::Tracer& tracer;
    const base::Clock& clock;
  };
  // `party` is the label: "mpi", "mhv".
  MeteredClient(std::unique_ptr<http::Client> client, std::string party, Deps deps);

  absl::StatusOr<http::ClientResponse> Send(const http::ClientRequest& request) override;

 private:
  void Done(absl::string_view outcome, absl::Duration took, const base::TraceContext& trace,
            const base::TraceContext& parent) const;

  const std::unique_ptr<http::Client> client_;
  const std::string party_;
  const telemetry::Tracer& tracer_;
  const base::Clock& clock_;
  telemetry::Counter requests_;
  telemetry::Histogram took_;
};

// The client for `party`, metered as `runtime` wants it.
std::unique_ptr<http::Client> Metered(std::unique_ptr<http::Client> client, std::string party,
                                      const Runtime& runtime);

}  // namespace va::service
