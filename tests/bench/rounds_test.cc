#include "tests/bench/rounds.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace va::bench {
namespace {

std::function<absl::StatusOr<absl::Duration>()> Costing(const std::vector<int>& ms, int* calls) {
  return [ms, calls]() -> absl::StatusOr<absl::Duration> {
    return absl::Milliseconds(ms[static_cast<size_t>((*calls)++) % ms.size()]);
  };
}

TEST_CASE("Median: the middle, the mean of two middles, nothing of nothing", "[bench]") {
  CHECK(Median(std::vector<double>{}) == 0);
  CHECK(Median(std::vector<double>{7}) == 7);
  CHECK(Median(std::vector<double>{9, 1, 5}) == 5);
  CHECK(Median(std::vector<double>{100, 1, 2, 3}) == 2.5);
  CHECK(Median(std::vector<absl::Duration>{absl::Milliseconds(3), absl::Milliseconds(1)}) ==
        absl::Milliseconds(2));
}

TEST_CASE("RunRounds: the warm-up does not count and every round counts once", "[bench]") {
  int a = 0;
  int b = 0;
  const auto measured =
      RunRounds({{"a", Costing({900, 1, 2, 3}, &a)}, {"b", Costing({900, 4, 4, 4}, &b)}}, 3, 1);
  REQUIRE(measured.ok());
  CHECK(a == 4);
  CHECK(b == 4);
  CHECK(measured->CostsOf("a") == std::vector<absl::Duration>{absl::Milliseconds(1),
                                                              absl::Milliseconds(2),
                                                              absl::Milliseconds(3)});
  CHECK(measured->MedianOf("a") == absl::Milliseconds(2));
  CHECK(measured->CostsOf("nobody").empty());
  CHECK(measured->MedianOf("nobody") == absl::ZeroDuration());
}

TEST_CASE("RunRounds: candidates take turns and each is first in its turn", "[bench]") {
  std::string order;
  const auto noting = [&order](char name) {
    return [&order, name]() -> absl::StatusOr<absl::Duration> {
      order.push_back(name);
      return absl::Milliseconds(1);
    };
  };
  REQUIRE(RunRounds({{"a", noting('a')}, {"b", noting('b')}, {"c", noting('c')}}, 3, 0).ok());
  CHECK(order == "abcbcacab");
}

TEST_CASE("RatioOf: pairs are taken round by round, not of the medians", "[bench]") {
  // The machine slows down by ten in the middle; the ratio is two all the time.
  Measured measured;
  for (const int ms : {1, 10, 3}) {
    measured.Add("slow", absl::Milliseconds(2 * ms));
    measured.Add("fast", absl::Milliseconds(ms));
  }
  CHECK(measured.RatioOf("slow", "fast") == 2);
  CHECK(measured.RatioOf("fast", "slow") == 0.5);
  CHECK(measured.RatioOf("fast", "nobody") == 0);
  // One round that went wrong does not move it.
  measured.Add("slow", absl::Seconds(9));
  measured.Add("fast", absl::Milliseconds(1));
  CHECK(measured.RatioOf("slow", "fast") == 2);
  Measured free;
  free.Add("a", absl::Milliseconds(1));
  free.Add("b", absl::ZeroDuration());
  CHECK(free.RatioOf("a", "b") == 0);
}

TEST_CASE("RunRounds: the first fault ends the run and names its candidate", "[bench]") {
  int calls = 0;
  const auto measured = RunRounds(
      {{"good", Costing({1}, &calls)},
       {"bad", []() -> absl::StatusOr<absl::Duration> { return absl::InternalError("broke"); }}},
      5);
  CHECK(measured.status().message() == "bad: broke");
  CHECK(calls == 1);
}

TEST_CASE("CpuOfOne: divides by the number of calls and fails with the first", "[bench]") {
  int calls = 0;
  const auto cost = CpuOfOne(10, [&] { return ++calls > 0; });
  REQUIRE(cost.ok());
  CHECK(calls == 10);
  CHECK(*cost >= absl::ZeroDuration());
  CHECK_FALSE(CpuOfOne(10, [&] { return ++calls < 13; }).ok());
  CHECK(calls == 13);
}

}  // namespace
}  // namespace va::bench
