#include "lib/base/steady_wall_clock.h"

#include <catch2/catch.hpp>

#include "lib/testing/fake_clock.h"

namespace va::base {
namespace {

// A machine whose time passes, and whose wall clock somebody sets.
struct Machine {
  testing::FakeClock wall;
  absl::Duration ran;
  SteadyWallClock clock{wall, [this] { return ran; }};
  const absl::Time start = wall.Now();

  void Pass(absl::Duration time) {
    ran += time;
    wall.Advance(time);
  }
};

TEST_CASE("SteadyWallClock C1: a clock set back by an hour revives nothing that has ended",
          "[clock]") {
  Machine machine;
  machine.Pass(absl::Minutes(30));
  machine.wall.Advance(-absl::Hours(1));
  CHECK(machine.clock.Now() == machine.start + absl::Minutes(30));
  // And what is alive now ends when it should, not an hour later.
  for (int minute = 0; minute < 59; ++minute) {
    machine.Pass(absl::Minutes(1));
    CHECK(machine.clock.Now() == machine.start + absl::Minutes(31 + minute));
  }
}

TEST_CASE("SteadyWallClock C1: a clock set forward is believed at once, and its correction too",
          "[clock]") {
  Machine machine;
  machine.wall.Advance(absl::Hours(1));
  CHECK(machine.clock.Now() == machine.start + absl::Hours(1));
  machine.Pass(absl::Minutes(10));
  CHECK(machine.clock.Now() == machine.start + absl::Minutes(70));
  machine.wall.Advance(-absl::Hours(1));
  CHECK(machine.clock.Now() == machine.start + absl::Minutes(10));
}

TEST_CASE("SteadyWallClock C1: a step that stands for an hour is the new time", "[clock]") {
  Machine machine;
  machine.wall.Advance(-absl::Hours(2));
  CHECK(machine.clock.Now() == machine.start);
  machine.Pass(absl::Minutes(59));
  CHECK(machine.clock.Now() == machine.start + absl::Minutes(59));
  // Another step begins the hour anew: nobody walks the time back in small steps.
  machine.wall.Advance(-absl::Minutes(5));
  CHECK(machine.clock.Now() == machine.start + absl::Minutes(59));
  machine.Pass(absl::Minutes(59));
  CHECK(machine.clock.Now() == machine.start + absl::Minutes(118));
  machine.Pass(absl::Minutes(1));
  CHECK(machine.clock.Now() == machine.wall.Now());
  machine.Pass(absl::Minutes(1));
  CHECK(machine.clock.Now() == machine.wall.Now());
}

TEST_CASE("SteadyWallClock: threads that come late are no step", "[clock]") {
  SteadyWall rule;
  const absl::Time start = absl::FromUnixSeconds(1'768'478'400);
  rule.At(start, absl::ZeroDuration());
  CHECK(rule.At(start + absl::Seconds(9), absl::Seconds(10)) == start + absl::Seconds(10));
  CHECK(rule.At(start + absl::Seconds(11), absl::Seconds(10)) == start + absl::Seconds(11));
}

TEST_CASE("SteadyWallClock: runs by itself", "[clock]") {
  const SystemClock wall;
  const SteadyWallClock clock(wall);
  const absl::Time before = wall.Now();
  CHECK(clock.Now() >= before);
  CHECK(clock.Now() - wall.Now() < absl::Seconds(1));
}

}  // namespace
}  // namespace va::base
