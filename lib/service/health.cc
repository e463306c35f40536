#include "lib/service/health.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/telemetry/log.h"

namespace va::service {
namespace {

constexpr size_t kMaxText = 128;

absl::string_view StatusWord(const HealthReport& report) {
  switch (report.phase) {
    case Phase::kStarting:
      return "starting";
    case Phase::kDraining:
      return "draining";
    case Phase::kServing:
      break;
  }
  if (!report.ready) return "not_ready";
  return report.degraded ? "degraded" : "ready";
}

// A reason is a token of ours; a message may hold what only the log should.
std::string ReasonText(const absl::Status& status) {
  std::string reason = base::ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

void AppendCheck(std::string& out, const CheckResult& check) {
  out.append("{\"name\":");
  telemetry::AppendJsonString(out, check.name, kMaxText);
  if (check.status.ok()) {
    out.append(",\"status\":\"ok\"}");
    return;
  }
  absl::StrAppend(&out, ",\"status\":\"",
                  check.kind == CheckKind::kReadiness ? "failed" : "degraded", "\",\"reason\":");
  telemetry::AppendJsonString(out, ReasonText(check.status), kMaxText);
  out.push_back('}');
}

}  // namespace

void Health::Add(std::string name, CheckKind kind, std::function<absl::Status()> check) {
  const std::lock_guard<std::mutex> lock(mutex_);
  checks_.push_back({std::move(name), kind, std::move(check)});
}

HealthReport Health::Report() const {
  std::vector<Check> checks;
  {
    // Checks may take a while: they run outside the lock.
    const std::lock_guard<std::mutex> lock(mutex_);
    checks = checks_;
  }
  HealthReport report;
  report.phase = phase_;
  report.ready = report.phase == Phase::kServing;
  for (const Check& check : checks) {
    CheckResult result{check.name, check.kind, check.run()};
    if (!result.status.ok() && check.kind == CheckKind::kReadiness) report.ready = false;
    if (!result.status.ok() && check.kind == CheckKind::kDegraded) report.degraded = true;
    report.checks.push_back(std::move(result));
  }
  return report;
}

std::string ToJson(const HealthReport& report) {
  std::string out = absl::StrCat("{\"status\":\"", StatusWord(report), "\",\"checks\":[");
  for (size_t i = 0; i < report.checks.size(); ++i) {
    if (i != 0) out.push_back(',');
    AppendCheck(out, report.checks[i]);
  }
  out.append("]}\n");
  return out;
}

}  // namespace va::service
