// What every service counts about itself: the process, its calls in both directions, its pools and
// its listener. Registered once while the program starts; updated by hooks of the libraries, which
// know nothing of metrics themselves. All labels are closed sets; docs/metrics.md explains each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/store/pool.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/metrics.h"
#include "lib/telemetry/trace.h"

namespace va::service {

// "OK", "UNAVAILABLE" and so on: all codes there are.
std::vector<std::string> StatusCodeNames();

// CPU, memory, files, threads and start of this process, and which build it is.
void AddProcessMetrics(telemetry::Metrics& metrics, const std::string& service, absl::Time started);

// `pool` as a label: "workers", "provisioning". The pool must live until the last scrape.
void AddPoolMetrics(telemetry::Metrics& metrics, const std::string& pool,
                    const base::WorkerPool& workers, size_t threads, size_t queue);
void AddDatabaseMetrics(telemetry::Metrics& metrics, const store::Pool& database);
void AddTraceMetrics(telemetry::Metrics& metrics, const telemetry::Tracer& tracer);

// Calls that others make to us.
class RpcServerMetrics {
 public:
  RpcServerMetrics(telemetry::Metrics& metrics, std::vector<std::string> methods,
                   const std::vector<std::string>& callers);
  void Done(const rpc::CallRecord& record) const;

 private:
  telemetry::Counter calls_;
  telemetry::Histogram took_;
};

// Calls that we make to others of the suite. The methods are those of the ServiceSpec.
class RpcClientMetrics {
 public:
  RpcClientMetrics(telemetry::Metrics& metrics, const std::vector<std::string>& methods);
  void Done(const rpc::ClientCallRecord& record) const;

 private:
  telemetry::Counter calls_;
  telemetry::Counter attempts_;
  telemetry::Histogram took_;
};

// A listener that browsers meet. `routes` are the patterns of its router.
class HttpServerMetrics {
 public:
  HttpServerMetrics(telemetry::Metrics& metrics, const std::vector<std::string>& routes);
  void Done(const http::RequestRecord& record) const;
  // The server must live until the last scrape.
  static void Watch(telemetry::Metrics& metrics, const http::Server& server);

 private:
  telemetry::Counter requests_;
  telemetry::Counter refusals_;
  telemetry::Histogram took_;
};

// The span of a call, in or out; nothing for a call outside of every trace.
void RecordSpan(const telemetry::Tracer& tracer, const base::Clock& clock,
                const rpc::CallRecord& record);
void RecordSpan(const telemetry::Tracer& tracer, const base::Clock& clock,
                const rpc::ClientCallRecord& record);

// An audit trail that counts what goes by: every kind of event and how it ended, so that numbers
// and trail never tell two stories.
class CountedAudit final : public telemetry::Audit {
 public:
  // `trail` outlives this.
  CountedAudit(telemetry::Metrics& metrics, telemetry::Audit& trail);
  // Counts the event, whether its record gets out or not.
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override;

 private:
  telemetry::Audit& trail_;
  telemetry::Counter events_;
};

}  // namespace va::service
