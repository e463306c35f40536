// What MPI is told once the person has been answered (mpi_mhv.md 1.18): a new credential, or one
// that changed. Owns no thread: tasks go to a bounded pool by way of `submit`, and what does not
// fit is not told. A failure here is a figure and a line in the log; nobody's session hangs on it,
// and nothing is sent twice (mpi_mhv.md 3.1.12).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"
#include "lib/telemetry/trace.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

struct TellingLimits {
  absl::Duration deadline = absl::Seconds(10);  // of one message
  // What has waited longer is not told: the person may have said something else since.
  absl::Duration fresh = absl::Minutes(4);
};

// What operators see of it.
struct TellingTelemetry {
  telemetry::Counter outcomes{};  // by reason and outcome; see SignInMetrics
  const telemetry::Tracer& tracer = telemetry::Tracer::Off();
};

// Thread-safe. Outlives the tasks it submitted; what it refers to outlives them as well.
class MpiTeller {
 public:
  // Takes a task to run later on another thread; false when there is no room. Never waits.
  using Submit = std::function<bool(std::function<void()>)>;

  MpiTeller(Submit submit, TellingLimits limits, PersonIndex& persons, const base::Clock& clock,
            const telemetry::Log& log, TellingTelemetry telemetry = {});

  // Has MPI told. Returns at once.
  void Enqueue(MpiNews news);

  // From now on no message lasts beyond `end`, and none begins after it.
  void StopBy(absl::Time end);

 private:
  void Work(const MpiNews& news, absl::Time fresh_until);
  void Skip(const MpiNews& news, absl::string_view outcome, absl::string_view why) const;
  void Report(const MpiNews& news, const absl::StatusOr<MpiTold>& told, absl::Duration took) const;
  // Until when the next message may take; nothing when none may begin any more.
  std::optional<absl::Time> NextDeadline() const;

  const Submit submit_;
  const TellingLimits limits_;
  PersonIndex& persons_;
  const base::Clock& clock_;
  const telemetry::Log& log_;
  const TellingTelemetry telemetry_;
  std::atomic<int64_t> stop_by_ns_;
};

}  // namespace va::gateway
