#include "lib/base/steady_wall_clock.h"

#include <algorithm>
#include <utility>

namespace va::base {
namespace {

// Less is no step: the two clocks are not read in the same moment, and threads come late.
constexpr absl::Duration kTolerance = absl::Seconds(1);

}  // namespace

absl::Time SteadyWall::At(absl::Time wall, absl::Duration steady) {
  if (!zero_.has_value()) zero_ = wall - steady;
  const absl::Time ran = *zero_ + steady;
  const absl::Duration by = wall - ran;
  if (absl::AbsDuration(by) <= kTolerance) {
    step_.reset();
  } else if (!step_.has_value() || absl::AbsDuration(by - step_->by) > kTolerance) {
    step_ = Step{by, steady};
  } else if (steady - step_->since >= kPatience) {
    zero_ = wall - steady;
    step_.reset();
    return wall;
  }
  return std::max(wall, ran);
}

SteadyWallClock::SteadyWallClock(const Clock& wall)
    : SteadyWallClock(wall, [watch = Stopwatch()] { return watch.Elapsed(); }) {}

SteadyWallClock::SteadyWallClock(const Clock& wall, std::function<absl::Duration()> steady)
    : wall_(wall), steady_(std::move(steady)) {
  Now();
}

absl::Time SteadyWallClock::Now() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return rule_.At(wall_.Now(), steady_());
}

}  // namespace va::base
