#include "lib/service/frame_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/http/refusals.h"

namespace va::service {
namespace {

double CpuSeconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double EntriesOf(const char* folder) {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    ++count;
  }
  return count;
}

std::string StatusClass(int status) {
  if (status < 100 || status > 599) return "other";
  return absl::StrCat(status / 100, "xx");
}

std::vector<std::string> RefusalReasons() {
  return {http::kRefusalReasons.begin(), http::kRefusalReasons.end()};
}

std::vector<std::string> AuditEventNames() {
  std::vector<std::string> names;
  // Beyond the last one there is no name.
  for (int i = 0;; ++i) {
    const absl::string_view name = ToString(static_cast<telemetry::AuditEvent>(i));
    if (name.empty()) return names;
    names.emplace_back(name);
  }
}

// The words of all services for how something ended.
std::vector<std::string> AuditOutcomes() {
  return {"none",
          "session",
          "refusal",
          "admit",
          "step_up",
          "deny",
          "try_later",
          "ensured",
          "needs_terms",
          "ineligible",
          "accepted",
          "declined",
          "given",
          "issued",
          "loaded",
          "failed",
          "reloaded",
          "opened",
          "changed",
          "switched_off",
          "certificate_kept",
          "certificate_left_out",
          "requested",
          "locked",
          "unlocked",
          "unchanged",
          "revealed",
          "forgotten",
          "proposed",
          "rejected",
          "reverted",
          "withdrawn",
          "refused",
          "unknown"};
}

}  // namespace

std::vector<std::string> StatusCodeNames() {
  std::vector<std::string> names;
  for (int code = 0; code <= 16; ++code) {
    names.push_back(absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
  }
  return names;
}

void AddProcessMetrics(telemetry::Metrics& metrics, const std::string& service,
                       absl::Time started) {
  metrics.AddReading("va_process_cpu_seconds_total", "CPU time of this process, in seconds.", {},
                     &CpuSeconds);
  metrics.AddReading("va_process_resident_bytes", "Memory of this process that is resident.", {},
                     &ResidentBytes);
  metrics.AddReading("va_process_open_fds", "File descriptors this process holds.", {},
                     [] { return EntriesOf("/proc/self/fd"); });
  metrics.AddReading("va_process_threads", "Threads of this process.", {},
                     [] { return EntriesOf("/proc/self/task"); });
  metrics.AddReading("va_process_start_time_seconds", "When this process started, Unix time.", {},
                     [started] { return absl::ToDoubleSeconds(started - absl::UnixEpoch()); });
  metrics.AddReading("va_build_info", "Always 1; which program this is.",
                     {{"service", service}, {"version", VA_VERSION}}, [] { return 1; });
}

void AddPoolMetrics(telemetry::Metrics& metrics, const std::string& pool,
                    const base::WorkerPool& workers, size_t threads, size_t queue) {
  metrics.AddReading("va_pool_pending", "Tasks taken and not finished.", {{"pool", pool}},
                     [&workers] { return static_cast<double>(workers.pending()); });
  metrics.AddReading("va_pool_capacity", "Tasks the pool takes before it refuses.",
                     {{"pool", pool}},
                     [capacity = threads + queue] { return static_cast<double>(capacity); });
}

void AddDatabaseMetrics(telemetry::Metrics& metrics, const store::Pool& database) {
  const auto reading = [&](const std::string& name, const std::string& help, auto read) {
    metrics.AddReading(name, help, {},
                       [&database, read] { return static_cast<double>(read(database.stats())); });
  };
  reading("va_database_open_connections", "Connections to PostgreSQL.",
          [](const store::PoolStats& stats) { return stats.open; });
  reading("va_database_idle_connections", "Of those, free.",
          [](const store::PoolStats& stats) { return stats.idle; });
  reading("va_database_waiting", "Callers that wait for a connection.",
          [](const store::PoolStats& stats) { return stats.waiting; });
  reading("va_database_exhausted_total", "Callers that found no connection in time.",
          [](const store::PoolStats& stats) { return stats.exhausted; });
  reading("va_database_replaced_total", "Connections thrown away as broken.",
          [](const store::PoolStats& stats) { return stats.replaced; });
}

void AddTraceMetrics(telemetry::Metrics& metrics, const telemetry::Tracer& tracer) {
  metrics.AddReading("va_trace_spans_total", "Spans recorded.", {},
                     [&tracer] { return static_cast<double>(tracer.stats().recorded); });
  metrics.AddReading("va_trace_dropped_total",
                     "Of those, dropped: no room, or the collector did not take them.", {},
                     [&tracer] { return static_cast<double>(tracer.stats().dropped); });
}

RpcServerMetrics::RpcServerMetrics(telemetry::Metrics& metrics, std::vector<std::string> methods,
                                   const std::vector<std::string>& callers) {
  methods.emplace_back(rpc::kHealthCheckMethod);
  methods.emplace_back("unlisted");
  calls_ = metrics.AddCounter(
      "va_rpc_server_calls_total", "Calls answered, by method, caller and status code.",
      {{"method", methods}, {"caller", callers}, {"code", StatusCodeNames()}});
  took_ = metrics.AddHistogram("va_rpc_server_call_seconds", "How long answering took.",
                               {{"method", methods}});
}

void RpcServerMetrics::Done(const rpc::CallRecord& record) const {
  calls_.Add({record.method, record.caller, absl::StatusCodeToString(record.code)});
  took_.Observe({record.method}, record.took);
}

RpcClientMetrics::RpcClientMetrics(telemetry::Metrics& metrics,
                                   const std::vector<std::string>& methods)
    : calls_(metrics.AddCounter("va_rpc_client_calls_total",
                                "Calls made to other services, by method and status code.",
                                {{"method", methods}, {"code", StatusCodeNames()}})),
      attempts_(metrics.AddCounter("va_rpc_client_attempts_total",
                                   "Attempts these calls took; more than calls means repeats.",
                                   {{"method", methods}})),
      took_(metrics.AddHistogram("va_rpc_client_call_seconds",
                                 "How long these calls took, every attempt counted in.",
                                 {{"method", methods}})) {}

void RpcClientMetrics::Done(const rpc::ClientCallRecord& record) const {
  calls_.Add({record.method, absl::StatusCodeToString(record.code)});
  attempts_.Add({record.method}, record.attempts);
  took_.Observe({record.method}, record.took);
}

HttpServerMetrics::HttpServerMetrics(telemetry::Metrics& metrics,
                                     const std::vector<std::string>& routes)
    : requests_(metrics.AddCounter("va_http_requests_total",
                                   "Requests answered, by route, method and class of status.",
                                   {{"route", routes},
                                    {"method", {"GET", "HEAD", "POST", "OPTIONS"}},
                                    {"status", {"2xx", "3xx", "4xx", "5xx"}}})),
      refusals_(metrics.AddCounter("va_http_refusals_total",
                                   "Requests the server refused before any handler, by reason.",
                                   {{"reason", RefusalReasons()}})),
      took_(metrics.AddHistogram("va_http_request_seconds",
                                 "From the first byte of a request to the last of its answer.",
                                 {{"route", routes}})) {}

void HttpServerMetrics::Done(const http::RequestRecord& record) const {
  requests_.Add({record.route, record.method, StatusClass(record.status)});
  if (!record.refusal.empty()) refusals_.Add({record.refusal});
  took_.Observe({record.route}, record.took);
}

void HttpServerMetrics::Watch(telemetry::Metrics& metrics, const http::Server& server) {
  const auto reading = [&](const std::string& name, const std::string& help, auto read) {
    metrics.AddReading(name, help, {},
                       [&server, read] { return static_cast<double>(read(server.stats())); });
  };
  reading("va_http_connections", "Connections open.",
          [](const http::ServerStats& stats) { return stats.connections; });
  reading("va_http_accepted_total", "Connections accepted.",
          [](const http::ServerStats& stats) { return stats.accepted; });
  reading("va_http_made_room_total", "Waiting connections closed for newer ones.",
          [](const http::ServerStats& stats) { return stats.made_room; });
  reading("va_http_turned_away_total",
          "Connections closed at once: no room, or too many of one address.",
          [](const http::ServerStats& stats) { return stats.turned_away; });
  reading("va_http_handshakes_failed_total", "TLS handshakes that failed.",
          [](const http::ServerStats& stats) { return stats.handshakes_failed; });
}

void RecordSpan(const telemetry::Tracer& tracer, const base::Clock& clock,
                const rpc::CallRecord& record) {
  if (!record.trace.valid()) return;
  const std::string code = absl::StatusCodeToString(record.code);
  tracer.Record({record.method,
                 telemetry::SpanKind::kServer,
                 record.trace,
                 record.parent.span,
                 clock.Now() - record.took,
                 record.took,
                 record.code != absl::StatusCode::kOk,
                 {{"rpc.system", "grpc"}, {"va.code", code}}});
}

void RecordSpan(const telemetry::Tracer& tracer, const base::Clock& clock,
                const rpc::ClientCallRecord& record) {
  if (!record.trace.valid()) return;
  const std::string code = absl::StatusCodeToString(record.code);
  tracer.Record({record.method,
                 telemetry::SpanKind::kClient,
                 record.trace,
                 record.parent.span,
                 clock.Now() - record.took,
                 record.took,
                 record.code != absl::StatusCode::kOk,
                 {{"rpc.system", "grpc"}, {"va.code", code}, {"va.peer", record.peer}}});
}

CountedAudit::CountedAudit(telemetry::Metrics& metrics, telemetry::Audit& trail)
    : trail_(trail),
      events_(metrics.AddCounter("va_audit_events_total", "Audit events, by kind and outcome.",
                                 {{"event", AuditEventNames()}, {"outcome", AuditOutcomes()}})) {}

absl::Status CountedAudit::Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) {
  events_.Add({ToString(event), facts.outcome.empty() ? absl::string_view("none") : facts.outcome});
  return trail_.Write(event, facts);
}

}  // namespace va::service
