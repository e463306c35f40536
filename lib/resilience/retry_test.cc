#include "lib/resilience/retry.h"

#include <catch2/catch.hpp>

namespace va::resilience {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);
const RetryPolicy kPolicy{4, absl::Milliseconds(100), absl::Milliseconds(300), 0.5};

std::optional<absl::Duration> Pause(int attempts, double random01,
                                    absl::Duration left = absl::Seconds(10)) {
  return NextPause(kPolicy, attempts, kNow, kNow + left, random01);
}

}  // namespace

TEST_CASE("NextPause: pauses double up to the longest, then attempts are used up", "[retry]") {
  CHECK(Pause(1, 0.0) == absl::Milliseconds(100));
  CHECK(Pause(2, 0.0) == absl::Milliseconds(200));
  CHECK(Pause(3, 0.0) == absl::Milliseconds(300));
  CHECK(Pause(4, 0.0) == std::nullopt);
  CHECK(Pause(0, 0.0) == std::nullopt);
}

TEST_CASE("NextPause: only the share called jitter is random", "[retry]") {
  CHECK(Pause(1, 1.0) == absl::Milliseconds(50));
  CHECK(Pause(1, 0.5) == absl::Milliseconds(75));
}

TEST_CASE("NextPause: nothing begins that could not end before the deadline", "[retry]") {
  CHECK(Pause(1, 0.0, absl::Milliseconds(100)) == std::nullopt);
  CHECK(Pause(1, 0.0, absl::Milliseconds(101)) == absl::Milliseconds(100));
  CHECK(Pause(1, 0.0, absl::Seconds(-1)) == std::nullopt);
}

}  // namespace va::resilience
