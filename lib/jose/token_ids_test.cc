#include "lib/jose/token_ids.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"

namespace va::jose {
namespace {

constexpr absl::Time kNoDeadline = absl::InfiniteFuture();

TEST_CASE("UsedTokenIdsInMemory: the first one takes an id, everybody else finds it taken",
          "[jose][rule]") {
  const va::testing::FakeClock clock;
  UsedTokenIdsInMemory used(clock);
  const absl::Time until = clock.Now() + absl::Minutes(5);
  CHECK(*used.Claim("us", "a", until, kNoDeadline));
  CHECK_FALSE(*used.Claim("us", "a", until, kNoDeadline));
  CHECK_FALSE(*used.Claim("us", "a", until + absl::Hours(1), kNoDeadline));
  CHECK(*used.Claim("us", "A", until, kNoDeadline));
  CHECK(*used.Claim("them", "a", until, kNoDeadline));
  CHECK(used.size() == 3);
}

TEST_CASE("UsedTokenIdsInMemory: issuer and id never run into each other", "[jose][security]") {
  const va::testing::FakeClock clock;
  UsedTokenIdsInMemory used(clock);
  const absl::Time until = clock.Now() + absl::Minutes(5);
  CHECK(*used.Claim("ab", "c", until, kNoDeadline));
  CHECK(*used.Claim("a", "bc", until, kNoDeadline));
  CHECK(*used.Claim("", "abc", until, kNoDeadline));
  CHECK(*used.Claim("1:a", "b", until, kNoDeadline));
  CHECK(*used.Claim("", "1:ab", until, kNoDeadline));
  CHECK(*used.Claim("us", std::string("a\0b", 3), until, kNoDeadline));
  CHECK(*used.Claim("us", "a", until, kNoDeadline));
}

TEST_CASE("UsedTokenIdsInMemory: an id is forgotten at its end, not a moment before",
          "[jose][rule]") {
  va::testing::FakeClock clock;
  UsedTokenIdsInMemory used(clock);
  const absl::Time until = clock.Now() + absl::Seconds(10);
  REQUIRE(*used.Claim("us", "a", until, kNoDeadline));
  clock.Set(until - absl::Nanoseconds(1));
  CHECK_FALSE(*used.Claim("us", "a", until, kNoDeadline));
  clock.Set(until);
  // Whoever asks with the token's own end is as late as the token; with a later one it is another.
  CHECK_FALSE(*used.Claim("us", "a", until, kNoDeadline));
  CHECK(used.size() == 0);
  CHECK(*used.Claim("us", "a", until + absl::Seconds(1), kNoDeadline));
}

TEST_CASE("UsedTokenIdsInMemory: full, it takes no more rather than forget what is in force",
          "[jose][security]") {
  va::testing::FakeClock clock;
  UsedTokenIdsInMemory used(clock, /*most=*/3);
  const absl::Time until = clock.Now() + absl::Minutes(5);
  REQUIRE(*used.Claim("us", "short", clock.Now() + absl::Seconds(10), kNoDeadline));
  REQUIRE(*used.Claim("us", "b", until, kNoDeadline));
  REQUIRE(*used.Claim("us", "c", until, kNoDeadline));
  const auto full = used.Claim("us", "d", until, kNoDeadline);
  CHECK(full.status().code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(full.status()) == "TOKEN_IDS_FULL");
  // What is taken is still known to be taken.
  CHECK_FALSE(*used.Claim("us", "c", until, kNoDeadline));
  clock.Advance(absl::Seconds(10));
  CHECK(*used.Claim("us", "d", until, kNoDeadline));
  CHECK(used.size() == 3);
}

TEST_CASE("UsedTokenIdsInMemory: of many who ask at once exactly one gets each id",
          "[jose][security]") {
  const va::testing::FakeClock clock;
  UsedTokenIdsInMemory used(clock);
  constexpr int kIds = 200;
  std::vector<std::atomic<int>> taken(kIds);
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      while (!go) std::this_thread::yield();
      for (int i = 0; i < kIds; ++i) {
        const auto first =
            used.Claim("us", absl::StrCat(i), clock.Now() + absl::Minutes(1), kNoDeadline);
        if (first.ok() && *first) ++taken[static_cast<size_t>(i)];
      }
    });
  }
  go = true;
  for (std::thread& thread : threads) thread.join();
  for (const std::atomic<int>& count : taken) CHECK(count == 1);
}

}  // namespace
}  // namespace va::jose
