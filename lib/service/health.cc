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

absl::string_view CheckWord(const CheckResult& check) {
  if (!check.status.ok()) return check.kind == CheckKind::kReadiness ? "failed" : "degraded";
  return check.age.has_value() ? "ok" : "pending";
}

void AppendCheck(std::string& out, const CheckResult& check) {
  out.append("{\"name\":");
  telemetry::AppendJsonString(out, check.name, kMaxText);
  absl::StrAppend(&out, ",\"kind\":\"",
                  check.kind == CheckKind::kReadiness ? "readiness" : "degraded",
                  "\",\"status\":\"", CheckWord(check), "\"");
  if (!check.status.ok()) {
    out.append(",\"reason\":");
    telemetry::AppendJsonString(out, ReasonText(check.status), kMaxText);
  }
  if (check.age.has_value()) {
    absl::StrAppend(&out, ",\"age_ms\":", absl::ToInt64Milliseconds(*check.age),
                    ",\"ms\":", absl::ToInt64Milliseconds(check.took));
  }
  out.push_back('}');
}

absl::Status Stale() {
  return base::MakeError(absl::StatusCode::kDeadlineExceeded, "STALE", "no result for too long");
}

absl::Status NotRun() {
  return base::MakeError(absl::StatusCode::kUnavailable, "NOT_RUN", "no result yet");
}

// Time since its making, as a clock that only goes forward.
class SteadyClock final : public base::Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch() + since_.Elapsed(); }

 private:
  const base::Stopwatch since_;
};

}  // namespace

struct Health::Check {
  std::string name;
  CheckKind kind;
  std::function<absl::Status()> run;
  absl::Time since;  // when it was added, or ended last
  bool ran = false;
  absl::Status status;
  absl::Duration took;
};

struct Health::Work {
  std::string name;
  std::function<Progress()> progress;
  uint64_t finished = 0;
  absl::Time moved;  // when something was finished last, or nothing waited
};

Health::Health(const HealthOptions& options)
    : options_(options), own_clock_(std::make_unique<SteadyClock>()), steady_(*own_clock_) {}

Health::Health(const HealthOptions& options, const base::Clock& steady)
    : options_(options), steady_(steady) {}

Health::~Health() { Stop(); }

void Health::Add(std::string name, CheckKind kind, std::function<absl::Status()> check) {
  auto added = std::make_unique<Check>();
  added->name = std::move(name);
  added->kind = kind;
  added->run = std::move(check);
  added->since = steady_.Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  checks_.push_back(std::move(added));
}

void Health::Watch(std::string name, std::function<Progress()> progress) {
  const std::lock_guard<std::mutex> lock(mutex_);
  work_.push_back({std::move(name), std::move(progress), 0, steady_.Now()});
}

void Health::Start() {
  RunChecks(CheckKind::kReadiness);
  readiness_ = std::make_unique<base::Periodic>(options_.period, [this] {
    LookAtProgress();
    RunChecks(CheckKind::kReadiness);
  });
  // A thread of its own: neighbours that do not answer take their time.
  degraded_ = std::make_unique<base::Periodic>(options_.period,
                                               [this] { RunChecks(CheckKind::kDegraded); });
}

void Health::Stop() {
  stopping_ = true;
  readiness_.reset();
  degraded_.reset();
}

void Health::RunChecks(CheckKind kind) {
  std::vector<Check*> due;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& check : checks_) {
      if (check->kind == kind) due.push_back(check.get());
    }
  }
  for (Check* const check : due) {
    // Neighbours that do not answer must not hold up the end one after another.
    if (stopping_) return;
    const base::Stopwatch stopwatch;
    absl::Status status = check->run();
    const std::lock_guard<std::mutex> lock(mutex_);
    check->status = std::move(status);
    check->took = stopwatch.Elapsed();
    check->since = steady_.Now();
    check->ran = true;
  }
}

void Health::LookAtProgress() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Work& work : work_) {
    const Progress now = work.progress();
    if (now.pending != 0 && now.finished == work.finished) continue;
    work.finished = now.finished;
    work.moved = steady_.Now();
  }
}

CheckResult Health::ResultOf(const Check& check, absl::Time now) const {
  CheckResult result{check.name, check.kind, check.status, std::nullopt, check.took};
  const absl::Duration age = now - check.since;
  if (check.ran) result.age = age;
  if (age > options_.stale) {
    result.status = Stale();
  } else if (!check.ran && check.kind == CheckKind::kReadiness) {
    result.status = NotRun();
  }
  return result;
}

HealthReport Health::Report() const {
  HealthReport report;
  report.phase = phase_;
  report.ready = report.phase == Phase::kServing;
  const absl::Time now = steady_.Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& check : checks_) {
    CheckResult result = ResultOf(*check, now);
    if (!result.status.ok() && check->kind == CheckKind::kReadiness) report.ready = false;
    if (!result.status.ok() && check->kind == CheckKind::kDegraded) report.degraded = true;
    report.checks.push_back(std::move(result));
  }
  return report;
}

absl::Status Health::Alive() const {
  const absl::Time now = steady_.Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Work& work : work_) {
    if (now - work.moved > options_.stuck) {
      return base::MakeError(absl::StatusCode::kInternal, "STUCK", work.name);
    }
  }
  return absl::OkStatus();
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
