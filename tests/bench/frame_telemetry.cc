#include "tests/bench/frame_telemetry.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/crypto/sealed_box.h"
#include "lib/telemetry/file_audit.h"
#include "lib/telemetry/metrics.h"
#include "tests/bench/load.h"
#include "tests/bench/stack.h"

namespace va::bench {
namespace {

constexpr double kLimitPercent = 5;
constexpr int kUpdates = 200'000;
constexpr int kRecords = 5'000;

// What the five services have counted so far.
struct Counted {
  double updates = 0;  // of counters and histograms
  double records = 0;  // of the audit trail
};

absl::Duration ThreadCpu() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

template <typename Work>
absl::Duration CostOf(int times, Work work) {
  for (int i = 0; i < times / 10; ++i) work();
  const absl::Duration before = ThreadCpu();
  for (int i = 0; i < times; ++i) work();
  return (ThreadCpu() - before) / times;
}

// Series that readings show at the scrape cost nothing in between.
bool IsUpdated(absl::string_view series) {
  for (const absl::string_view read :
       {"va_process_", "va_database_", "va_audit_records_", "va_audit_failures_",
        "va_http_accepted_", "va_log_", "va_trace_"}) {
    if (absl::StartsWith(series, read)) return false;
  }
  const absl::string_view name = series.substr(0, series.find_first_of("{ "));
  return absl::EndsWith(name, "_total") || absl::EndsWith(name, "_count");
}

absl::Status Count(const Stack& stack, const std::string& service, Counted& counted) {
  const std::string variable = absl::StrCat(
      "VA_PORT_",
      absl::AsciiStrToUpper(absl::StrReplaceAll(absl::StripPrefix(service, "auth-"), {{"-", "_"}})),
      "_OPS");
  const char* const port = std::getenv(variable.c_str());
  if (port == nullptr) return absl::FailedPreconditionError(absl::StrCat(variable, " is not set"));
  http::ClientRequest request;
  request.url = absl::StrCat("http://127.0.0.1:", port, "/metrics");
  const auto page = stack.ops_client().Send(request);
  if (!page.ok()) return page.status();
  for (const absl::string_view line : absl::StrSplit(page->body, '\n', absl::SkipEmpty())) {
    double value = 0;
    const size_t blank = line.rfind(' ');
    if (line[0] == '#' || blank == absl::string_view::npos) continue;
    if (!absl::SimpleAtod(line.substr(blank + 1), &value)) continue;
    if (IsUpdated(line)) counted.updates += value;
    if (absl::StartsWith(line, "va_audit_records_total ")) counted.records += value;
  }
  return absl::OkStatus();
}

absl::StatusOr<Counted> CountAll(const Stack& stack) {
  Counted counted;
  for (const std::string& service : ServiceNames()) {
    if (absl::Status done = Count(stack, service, counted); !done.ok()) return done;
  }
  return counted;
}

absl::StatusOr<absl::Duration> CpuOf(const Stack& stack) {
  const auto costs = stack.MeasureProcesses();
  if (!costs.ok()) return costs.status();
  absl::Duration sum;
  for (const std::string& service : ServiceNames()) sum += costs->at(service).cpu;
  return sum;
}

// The dearer of two: a counter with four labels, more than which none has, and a histogram in its
// last bucket. Every update is priced as that one.
absl::Duration CostOfUpdate() {
  telemetry::Metrics metrics;
  const telemetry::Counter counter = metrics.AddCounter(
      "va_bench_total", "Bench.",
      {{"csp", {"idme", "logingov", "dslogon", "mhv"}},
       {"application", {"a", "b", "c", "d", "e", "f", "g", "h"}},
       {"outcome", {"session", "step_up", "refusal", "try_later"}},
       {"code", {"none", "001", "002", "003", "004", "005", "007", "101", "102", "103"}}});
  const telemetry::Histogram histogram =
      metrics.AddHistogram("va_bench_seconds", "Bench.", {{"method", {"a", "b", "c", "d"}}});
  return std::max(CostOf(kUpdates,
                         [&] {
                           counter.Add({"mhv", "h", "try_later", "103"});
                         }),
                  CostOf(kUpdates, [&] { histogram.Observe({"d"}, absl::Seconds(20)); }));
}

absl::StatusOr<absl::Duration> CostOfRecord() {
  const base::SystemClock clock;
  const std::string path =
      (std::filesystem::temp_directory_path() / "va-bench-audit.jsonl").string();
  auto keys = crypto::KeyRing::FromText(absl::StrCat("k1:", std::string(64, '1')));
  if (!keys.ok()) return keys.status();
  telemetry::FileAuditOptions options;
  options.path = path;
  options.service = "bench";
  options.process = "0123456789abcdef";
  auto audit = telemetry::FileAudit::Open(std::move(options), *std::move(keys), clock);
  if (!audit.ok()) return audit.status();
  absl::Status written;
  const absl::Duration cost = CostOf(kRecords, [&] {
    written.Update((*audit)->Write(telemetry::AuditEvent::kDecisionMade,
                                   {.request_id = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
                                    .csp = "mhv",
                                    .application = "mhv",
                                    .outcome = "session",
                                    .policy_version = "2024-06-1",
                                    .account_id = "7bf92f35-77b3-4da6-a3ce-929d0e0e4736",
                                    .credential_id = "23351e503484ab6fbcb64dea6037f81f"}));
  });
  audit->reset();
  std::filesystem::remove(path);
  if (!written.ok()) return written;
  return cost;
}

}  // namespace

absl::Status MeasureTelemetry(const TelemetryRounds& how, Report& report) {
  const auto stack = Stack::FromEnvironment(how.personas, how.threads);
  if (!stack.ok()) return stack.status();
  LoadPlan plan;
  plan.gateway_url = stack->gateway_url();
  plan.personas = stack->VerifiedPersonas();
  plan.threads = how.threads;
  plan.sign_ins = how.sign_ins / 4 + 1;
  if (const auto warm = RunLoad(plan, stack->client()); !warm.ok()) return warm.status();

  plan.sign_ins = how.sign_ins;
  const auto counted_before = CountAll(*stack);
  if (!counted_before.ok()) return counted_before.status();
  const auto cpu_before = CpuOf(*stack);
  if (!cpu_before.ok()) return cpu_before.status();
  if (const auto load = RunLoad(plan, stack->client()); !load.ok()) return load.status();
  const auto cpu_after = CpuOf(*stack);
  if (!cpu_after.ok()) return cpu_after.status();
  const auto counted_after = CountAll(*stack);
  if (!counted_after.ok()) return counted_after.status();

  const auto record = CostOfRecord();
  if (!record.ok()) return record.status();
  const absl::Duration update = CostOfUpdate();
  const double updates = (counted_after->updates - counted_before->updates) / how.sign_ins;
  const double records = (counted_after->records - counted_before->records) / how.sign_ins;
  const absl::Duration sign_in = (*cpu_after - *cpu_before) / how.sign_ins;
  // A measurement of nothing would meet every goal.
  if (updates < 1 || records < 1) return absl::InternalError("the services counted nothing");
  const absl::Duration added = updates * update + records * *record;
  report.Say(
      absl::StrFormat("%.0f updates of %.0f ns and %.1f audit records of %.1f us a sign-in, "
                      "which takes our services %.2f ms of CPU",
                      updates, absl::ToDoubleNanoseconds(update), records,
                      absl::ToDoubleMicroseconds(*record), absl::ToDoubleMilliseconds(sign_in)));
  report.AtMost("telemetry_cpu_percent", 100 * absl::FDivDuration(added, sign_in - added),
                kLimitPercent);
  return absl::OkStatus();
}

}  // namespace va::bench
