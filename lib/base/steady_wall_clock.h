// The wall clock for judging what ends (sessions, attempts, assertions): set back, it revives
// nothing (attack C1). It tells the later of the wall clock and of the time that has run since the
// process began, by a clock nobody can set. A step is believed for good once it has stood for an
// hour: until then the operator has the alarm (ClockWatch), and a correction undoes it at once.
// Deadlines towards others are not for it: gRPC and curl count those by the wall clock or by their
// own.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "lib/base/clock.h"

namespace va::base {

// The rule alone. Not thread-safe.
class SteadyWall {
 public:
  // Longer than any attempt lives, so that every one is judged by the time it began in.
  static constexpr absl::Duration kPatience = absl::Hours(1);

  // `wall` and `steady`, the time since some fixed moment, are read together.
  absl::Time At(absl::Time wall, absl::Duration steady);

 private:
  struct Step {
    absl::Duration by;
    absl::Duration since;
  };

  std::optional<absl::Time> zero_;  // the wall clock's time when `steady` was zero
  std::optional<Step> step_;        // not believed yet
};

// Thread-safe. `wall` outlives it.
class SteadyWallClock final : public Clock {
 public:
  explicit SteadyWallClock(const Clock& wall);
  // Tests tell how much time has really passed.
  SteadyWallClock(const Clock& wall, std::function<absl::Duration()> steady);

  absl::Time Now() const override;

 private:
  const Clock& wall_;
  const std::function<absl::Duration()> steady_;
  mutable std::mutex mutex_;
  mutable SteadyWall rule_;
};

}  // namespace va::base
