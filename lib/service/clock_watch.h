// Watches the wall clock of the machine and raises an alarm when it was set (attack C1): times in
// assertions, sessions and records were judged by it. Counts va_clock_steps_total and shows the
// last step as va_clock_step_seconds; what the service does about limits and breakers is
// lib/resilience/timeline.h.
#pragma once

#include "lib/base/clock.h"
#include "lib/base/clock_steps.h"
#include "lib/base/periodic.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"

namespace va::service {

class ClockWatch {
 public:
  // Looks every `pause`. What it refers to outlives it.
  ClockWatch(const base::Clock& clock, const telemetry::Log& log, telemetry::Metrics& metrics,
             absl::Duration pause = absl::Seconds(10));

  // One look, by the thread of this or by a test.
  void Look(absl::Time wall, absl::Duration steady);

 private:
  const telemetry::Log& log_;
  const telemetry::Counter steps_;
  const telemetry::Gauge last_;
  const base::Stopwatch steady_;
  base::ClockSteps clock_steps_;
  const base::Periodic turns_;  // goes first
};

}  // namespace va::service
