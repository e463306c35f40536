#include "lib/resilience/bulkhead.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <thread>
#include <vector>

namespace va::resilience {

TEST_CASE("Bulkhead: never more inside than there are places", "[bulkhead]") {
  Bulkhead room(3);
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> turned_away = 0;
  std::vector<std::thread> crowd;
  crowd.reserve(12);
  for (int i = 0; i < 12; ++i) {
    crowd.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        const auto place = room.Enter(absl::Minutes(1));
        if (!place.has_value()) ++turned_away;
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (std::thread& thread : crowd) thread.join();
  CHECK(most <= 3);
  CHECK(most > 0);
  CHECK(turned_away == 0);
  CHECK(room.inside() == 0);
}

TEST_CASE("Bulkhead: who finds it full waits for a place, and is told when none becomes free",
          "[bulkhead]") {
  Bulkhead room(1);
  std::optional<Bulkhead::Place> first = room.Enter(absl::ZeroDuration());
  REQUIRE(first.has_value());
  CHECK_FALSE(room.Enter(absl::ZeroDuration()).has_value());
  CHECK_FALSE(room.Enter(absl::Milliseconds(5)).has_value());
  CHECK_FALSE(room.Enter(-absl::InfiniteDuration()).has_value());
  std::atomic<bool> entered = false;
  std::thread patient([&] { entered = room.Enter(absl::InfiniteDuration()).has_value(); });
  while (room.waiting() == 0) std::this_thread::yield();
  first.reset();
  patient.join();
  CHECK(entered);
  CHECK(room.inside() == 0);
  CHECK(room.waiting() == 0);
}

TEST_CASE("Bulkhead: when as many wait as may, the next is told so at once", "[bulkhead]") {
  Bulkhead room(1, 1);
  std::optional<Bulkhead::Place> first = room.Enter(absl::ZeroDuration());
  REQUIRE(first.has_value());
  std::atomic<bool> entered = false;
  std::thread waits([&] { entered = room.Enter(absl::InfiniteDuration()).has_value(); });
  while (room.waiting() == 0) std::this_thread::yield();
  // It would wait for ever otherwise.
  CHECK_FALSE(room.Enter(absl::InfiniteDuration()).has_value());
  CHECK(room.waiting() == 1);
  first.reset();
  waits.join();
  CHECK(entered);
  CHECK(room.Enter(absl::ZeroDuration()).has_value());
}

TEST_CASE("Bulkhead: a place that was handed on is given back once", "[bulkhead]") {
  Bulkhead room(2);
  {
    std::optional<Bulkhead::Place> place = room.Enter(absl::ZeroDuration());
    const Bulkhead::Place other = *std::move(place);
    CHECK(room.inside() == 1);
  }
  CHECK(room.inside() == 0);
}

}  // namespace va::resilience
