// A clock that moves only when a test says so. Thread-safe, because the code under test may look at
// it from several threads.
#pragma once

#include <atomic>

#include "lib/base/clock.h"

namespace va::testing {

class FakeClock final : public base::Clock {
 public:
  // 2026-01-15T12:00:00Z unless told otherwise.
  FakeClock() : FakeClock(absl::FromUnixSeconds(1768478400)) {}
  explicit FakeClock(absl::Time start) : nanos_(absl::ToUnixNanos(start)) {}

  absl::Time Now() const override { return absl::FromUnixNanos(nanos_.load()); }
  void Advance(absl::Duration by) { nanos_ += absl::ToInt64Nanoseconds(by); }
  void Set(absl::Time now) { nanos_ = absl::ToUnixNanos(now); }

 private:
  std::atomic<int64_t> nanos_;
};

}  // namespace va::testing
