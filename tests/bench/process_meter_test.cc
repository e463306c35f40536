#include "tests/bench/process_meter.h"

#include <unistd.h>

#include <catch2/catch.hpp>

namespace va::bench {
namespace {

TEST_CASE("ParseStat: a command with blanks and parentheses shifts nothing", "[bench]") {
  const auto stat = ParseStat("77 (a) b) S 5 1 1 0 -1 4194304 100 0 0 0 11 22 3 4 20 0 1 0 99");
  REQUIRE(stat.ok());
  CHECK(stat->parent == 5);
  CHECK(stat->ticks_own == 33);
  CHECK(stat->ticks_waited == 7);
  CHECK_FALSE(ParseStat("77 (a) S 5").ok());
  CHECK_FALSE(ParseStat("").ok());
}

TEST_CASE("MeasureProcess: this process costs something, a process that is not there nothing",
          "[bench]") {
  const auto cost = MeasureProcess(getpid());
  REQUIRE(cost.ok());
  CHECK(cost->resident_mib > 1);
  CHECK(cost->peak_mib >= cost->resident_mib);
  CHECK(cost->cpu >= absl::ZeroDuration());
  CHECK_FALSE(MeasureProcess(0).ok());
}

}  // namespace
}  // namespace va::bench
