#include "lib/resilience/keyed_buckets.h"

#include <rapidcheck.h>
#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"

namespace va::resilience {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);
const std::string kSecret(32, 's');

int Allowed(KeyedBuckets& buckets, absl::string_view key, absl::Time now, int tries) {
  int allowed = 0;
  for (int i = 0; i < tries; ++i) allowed += buckets.Take(key, now).allowed ? 1 : 0;
  return allowed;
}

KeyedBucketsOptions Small(size_t keys, Rate rate = {1, absl::Seconds(1), 10}) {
  return {.rate = rate, .max_keys = keys, .shards = 1};
}

}  // namespace

TEST_CASE("KeyedBuckets: each key has a bucket of its own", "[limits]") {
  KeyedBuckets buckets({.rate = {1, absl::Seconds(1), 3}}, kSecret);
  CHECK(Allowed(buckets, "a", kNow, 5) == 3);
  CHECK(Allowed(buckets, "b", kNow, 5) == 3);
  CHECK(buckets.Take("a", kNow).retry_after == absl::Seconds(1));
  CHECK(buckets.stats().refused == 5);
  CHECK(buckets.stats().keys == 2);
}

TEST_CASE("KeyedBuckets: the number of keys is bounded", "[limits]") {
  KeyedBuckets buckets({.rate = {1, absl::Seconds(1), 3}, .max_keys = 100, .shards = 4}, kSecret);
  for (int i = 0; i < 10000; ++i) buckets.Take(absl::StrCat("k", i), kNow);
  CHECK(buckets.stats().keys <= 100);
  CHECK(buckets.stats().forgotten_early >= 9900);
}

TEST_CASE("KeyedBuckets: an exhausted key outlives any number of fresh ones", "[limits]") {
  KeyedBuckets buckets(Small(50), kSecret);
  REQUIRE(Allowed(buckets, "greedy", kNow, 10) == 10);
  for (int i = 0; i < 5000; ++i) REQUIRE(buckets.Take(absl::StrCat("visitor", i), kNow).allowed);
  CHECK_FALSE(buckets.Take("greedy", kNow).allowed);
  CHECK(Allowed(buckets, "greedy", kNow + absl::Seconds(2), 5) == 2);
}

TEST_CASE("KeyedBuckets: who has refilled goes before anybody who misses tokens", "[limits]") {
  KeyedBuckets buckets(Small(10), kSecret);
  for (int i = 0; i < 5; ++i) buckets.Take(absl::StrCat("early", i), kNow);
  const absl::Time later = kNow + absl::Seconds(2);
  for (int i = 0; i < 5; ++i) buckets.Take(absl::StrCat("late", i), later, 9);
  for (int i = 0; i < 5; ++i) buckets.Take(absl::StrCat("new", i), later, 9);
  CHECK(buckets.stats().forgotten_early == 0);
  for (int i = 0; i < 5; ++i) CHECK(Allowed(buckets, absl::StrCat("late", i), later, 5) == 1);
}

TEST_CASE("KeyedBuckets: nobody can aim at a place, which depends on a secret of the process",
          "[limits]") {
  // With room for one key a shard, the same names share a shard under one secret and not under the
  // other.
  const auto forgotten = [](const std::string& secret) {
    std::string pattern;
    for (int i = 0; i < 32; ++i) {
      KeyedBuckets pair({.rate = {1, absl::Hours(1), 5}, .max_keys = 2, .shards = 2}, secret);
      pair.Take(absl::StrCat("x", i), kNow);
      pair.Take(absl::StrCat("y", i), kNow);
      pattern += pair.stats().forgotten_early > 0 ? '1' : '0';
    }
    return pattern;
  };
  CHECK(forgotten(kSecret) == forgotten(kSecret));
  CHECK(forgotten(kSecret) != forgotten(std::string(32, 't')));
}

TEST_CASE("KeyedBuckets C1: a clock set back or forward forgives nobody more than a burst",
          "[limits]") {
  KeyedBuckets buckets(Small(50), kSecret);
  REQUIRE(Allowed(buckets, "greedy", kNow, 12) == 10);
  CHECK(Allowed(buckets, "greedy", kNow - absl::Hours(1), 5) == 0);
  CHECK(Allowed(buckets, "greedy", kNow - absl::Hours(1) + absl::Seconds(3), 5) == 3);
  CHECK(Allowed(buckets, "greedy", kNow + absl::Hours(1), 20) == 10);
}

TEST_CASE("KeyedBuckets: while there is room each key behaves as a bucket alone",
          "[limits][prop]") {
  CHECK(rc::check([] {
    const Rate rate{*rc::gen::inRange<int64_t>(1, 50),
                    absl::Milliseconds(*rc::gen::inRange(1, 5000)),
                    *rc::gen::inRange<int64_t>(1, 20)};
    KeyedBuckets buckets({.rate = rate, .max_keys = 64, .shards = 1}, kSecret);
    std::map<int, TokenBucket> alone;
    absl::Time now = kNow;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 40), rc::gen::inRange(0, 800)));
    for (const auto& [key, step] : steps) {
      now += absl::Milliseconds(step);
      const Admission expected = alone.try_emplace(key, rate, now).first->second.Take(now);
      const Admission got = buckets.Take(absl::StrCat(key), now);
      RC_ASSERT(got.allowed == expected.allowed);
      RC_ASSERT(got.retry_after == expected.retry_after);
    }
  }));
}

TEST_CASE(
    "KeyedBuckets: when full, who misses clearly more is never forgotten before who misses less",
    "[limits][prop]") {
  CHECK(rc::check([] {
    KeyedBuckets buckets(Small(20, {1, absl::Seconds(1), 100}), kSecret);
    const auto spent = *rc::gen::container<std::vector<int>>(200, rc::gen::inRange(1, 60));
    REQUIRE(Allowed(buckets, "greedy", kNow, 100) == 100);
    for (size_t i = 0; i < spent.size(); ++i) {
      buckets.Take(absl::StrCat("v", i), kNow + absl::Milliseconds(static_cast<int64_t>(i)),
                   spent[i]);
    }
    RC_ASSERT(Allowed(buckets, "greedy", kNow + absl::Milliseconds(999), 3) == 0);
  }));
}

TEST_CASE("KeyedBuckets: threads together get what one would", "[limits]") {
  KeyedBuckets buckets({.rate = {1, absl::Hours(1), 1000}, .max_keys = 64}, kSecret);
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] { allowed += Allowed(buckets, "shared", kNow, 500); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(allowed == 1000);
}

}  // namespace va::resilience
