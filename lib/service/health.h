// What a service knows about its own health. Checks that decide readiness and checks that only show
// as degraded are kept apart: an upstream that is down must never take a service out of rotation.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace va::service {

enum class CheckKind {
  kReadiness,  // failing makes the service not ready
  kDegraded,   // failing is shown and changes nothing
};

enum class Phase { kStarting, kServing, kDraining };

struct CheckResult {
  std::string name;
  CheckKind kind;
  absl::Status status;
};

struct HealthReport {
  Phase phase = Phase::kStarting;
  bool ready = false;
  bool degraded = false;
  std::vector<CheckResult> checks;
};

class Health {
 public:
  // `check` may block for a moment; it runs on an ops thread. Add all before serving.
  void Add(std::string name, CheckKind kind, std::function<absl::Status()> check);

  void SetPhase(Phase phase) { phase_ = phase; }
  Phase phase() const { return phase_; }

  // Runs every check now.
  HealthReport Report() const;

 private:
  struct Check {
    std::string name;
    CheckKind kind;
    std::function<absl::Status()> run;
  };

  std::atomic<Phase> phase_{Phase::kStarting};
  mutable std::mutex mutex_;
  std::vector<Check> checks_;
};

// {"status":"ready","checks":[{"name":"database","status":"ok"}]}; texts are reasons only.
std::string ToJson(const HealthReport& report);

}  // namespace va::service
