// Time as a dependency. Shells hold a Clock and hand `now` down as a value; pure code never asks.
// The wall clock is read in clock.cc and nowhere else.
#pragma once

#include "absl/time/time.h"

namespace va::base {

// Tells the time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The machine's wall clock.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
};

// Measures how long something took; not affected by steps of the wall clock.
class Stopwatch {
 public:
  Stopwatch();
  absl::Duration Elapsed() const;

 private:
  int64_t started_ns_;
};

}  // namespace va::base
