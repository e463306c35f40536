#include "lib/base/clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace va::base {
namespace {

int64_t MonotonicNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

absl::Time SystemClock::Now() const { return absl::Now(); }

Stopwatch::Stopwatch() : started_ns_(MonotonicNanoseconds()) {}

absl::Duration Stopwatch::Elapsed() const {
  return absl::Nanoseconds(MonotonicNanoseconds() - started_ns_);
}

}  // namespace va::base
