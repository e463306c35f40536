#include "lib/service/clock_watch.h"

namespace va::service {

ClockWatch::ClockWatch(const base::Clock& clock, const telemetry::Log& log,
                       telemetry::Metrics& metrics, absl::Duration pause)
    : log_(log),
      steps_(metrics.AddCounter("va_clock_steps_total", "How often the wall clock was set.")),
      last_(metrics.AddGauge("va_clock_step_seconds",
                             "How far the wall clock was set last, forward positive.")),
      turns_(pause, [this, &clock] { Look(clock.Now(), steady_.Elapsed()); }) {
  steps_.Add({}, 0);
  last_.Set({}, 0);
}

void ClockWatch::Look(absl::Time wall, absl::Duration steady) {
  const std::optional<absl::Duration> step = clock_steps_.Look(wall, steady);
  if (!step) return;
  steps_.Add();
  last_.Set({}, absl::ToDoubleSeconds(*step));
  log_.Error("clock.stepped", {{"seconds", absl::ToInt64Seconds(*step)}});
}

}  // namespace va::service
