// Finds out that the wall clock was set (attack C1): between two looks it must have gone as far as
// the clock that cannot be set. Pure; whoever looks regularly says what both clocks show.
#pragma once

#include <optional>

#include "absl/time/time.h"

namespace va::base {

class ClockSteps {
 public:
  // Less is the slewing of a time service, or a thread that waited between the two readings.
  explicit ClockSteps(absl::Duration tolerance = absl::Seconds(2)) : tolerance_(tolerance) {}

  // How far the wall clock was set since the last look, forward positive; none when it was not.
  // `steady` is the time since any fixed moment.
  std::optional<absl::Duration> Look(absl::Time wall, absl::Duration steady) {
    const absl::Time origin = wall - steady;
    if (!origin_.has_value()) origin_ = origin;
    const absl::Duration step = origin - *origin_;
    // Slow drift is followed and never adds up to a step.
    origin_ = origin;
    if (absl::AbsDuration(step) <= tolerance_) return std::nullopt;
    return step;
  }

 private:
  const absl::Duration tolerance_;
  std::optional<absl::Time> origin_;
};

}  // namespace va::base
