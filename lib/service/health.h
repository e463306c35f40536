// What a service knows about its own health. Checks that decide readiness and checks that only show
// as degraded are kept apart: an upstream that is down must never take a service out of rotation.
// Checks run in the background; a probe is answered at once from the last results and their age, so
// that neither a slow neighbour nor a thousand probes a second cost anything. Owns two threads, one
// for each kind, between Start and Stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/heartbeats.h"
#include "lib/base/periodic.h"

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
  // Since the last run ended, and how long that run took; nothing before the first.
  std::optional<absl::Duration> age;
  absl::Duration took;
};

struct HealthReport {
  Phase phase = Phase::kStarting;
  bool ready = false;
  bool degraded = false;
  std::vector<CheckResult> checks;
};

// Work that must go on: tasks that wait or run, and how many were finished so far.
struct Progress {
  size_t pending = 0;
  uint64_t finished = 0;
};

// Of threads that wait for events: the beats they have not answered, and those they have.
inline Progress ProgressOf(const base::Heartbeats::Count& beats) {
  return {beats.waiting, beats.rounds};
}

struct HealthOptions {
  absl::Duration period = absl::Seconds(1);  // pause between two rounds of checks
  // A result older than this says nothing any more: the check hangs, and counts as failing.
  absl::Duration stale = absl::Seconds(15);
  // Work that waits this long while none is finished: the process is stuck and should be replaced.
  // Far beyond every deadline, because a process that is only slow must not be killed for it.
  absl::Duration stuck = absl::Minutes(2);
};

// Thread-safe.
class Health {
 public:
  // Ages are told by the machine's steady clock, which no step of the wall clock touches (attack
  // C1).
  Health() : Health(HealthOptions{}) {}
  explicit Health(const HealthOptions& options);
  // The clock outlives the object.
  Health(const HealthOptions& options, const base::Clock& steady);
  ~Health();
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // `check` bounds itself by a deadline of a second or two; it never runs twice at the same time.
  // Add all before Start.
  void Add(std::string name, CheckKind kind, std::function<absl::Status()> check);

  // Work whose standstill means that the process is stuck. Add all before Start.
  void Watch(std::string name, std::function<Progress()> progress);

  // Runs the readiness checks once, so that the first answer is a true one, and from then on all
  // in the background.
  void Start();
  // Waits for the check that runs; those behind it are not begun. Results stay as they are, and
  // age. For good.
  void Stop();

  // One round, in this thread; what the background does.
  void RunChecks(CheckKind kind);
  // Looks how the work goes on; what the background does.
  void LookAtProgress();

  void SetPhase(Phase phase) { phase_ = phase; }
  Phase phase() const { return phase_; }

  // From the last results; never waits for a check.
  HealthReport Report() const;

  // OK, or STUCK: work waits and none has been finished for longer than `stuck`.
  absl::Status Alive() const;

 private:
  struct Check;
  struct Work;

  CheckResult ResultOf(const Check& check, absl::Time now) const;

  const HealthOptions options_;
  std::unique_ptr<const base::Clock> own_clock_;
  const base::Clock& steady_;
  std::atomic<Phase> phase_{Phase::kStarting};
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // results; never held while a check runs
  std::vector<std::unique_ptr<Check>> checks_;
  std::vector<Work> work_;
  std::unique_ptr<base::Periodic> readiness_;
  std::unique_ptr<base::Periodic> degraded_;
};

// {"status":"ready","checks":[{"name":"database","kind":"readiness","status":"ok","age_ms":40,
// "ms":2}]}; texts are reasons only.
std::string ToJson(const HealthReport& report);

}  // namespace va::service
