#include "lib/base/clock_steps.h"

#include <catch2/catch.hpp>

namespace va::base {

TEST_CASE("ClockSteps C1: a wall clock set by an hour is told with its sign, once", "[clock]") {
  const absl::Time wall = absl::FromUnixSeconds(1'760'000'000);
  const absl::Duration set = GENERATE(absl::Hours(1), absl::Hours(-1), absl::Seconds(3));
  ClockSteps steps;
  CHECK_FALSE(steps.Look(wall, absl::Seconds(100)));
  CHECK_FALSE(steps.Look(wall + absl::Seconds(10), absl::Seconds(110)));
  CHECK(steps.Look(wall + absl::Seconds(20) + set, absl::Seconds(120)) == set);
  CHECK_FALSE(steps.Look(wall + absl::Seconds(30) + set, absl::Seconds(130)));
}

TEST_CASE("ClockSteps: slewing is no step, however long it goes on", "[clock]") {
  const absl::Time wall = absl::FromUnixSeconds(1'760'000'000);
  ClockSteps steps;
  for (int i = 0; i < 10000; ++i) {
    // Half a second every ten, far more than any time service slews.
    CHECK_FALSE(steps.Look(wall + i * absl::Milliseconds(10500), i * absl::Seconds(10)));
  }
}

}  // namespace va::base
