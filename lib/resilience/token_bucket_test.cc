#include "lib/resilience/token_bucket.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

namespace va::resilience {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

int Allowed(TokenBucket& bucket, absl::Time now, int tries) {
  int allowed = 0;
  for (int i = 0; i < tries; ++i) allowed += bucket.Take(now).allowed ? 1 : 0;
  return allowed;
}

}  // namespace

TEST_CASE("TokenBucket: a burst, then the pace", "[limits]") {
  TokenBucket bucket({.tokens = 10, .per = absl::Seconds(1), .burst = 5}, kNow);
  CHECK(Allowed(bucket, kNow, 8) == 5);
  const Admission refused = bucket.Take(kNow);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.retry_after == absl::Milliseconds(100));
  CHECK_FALSE(bucket.Take(kNow + absl::Milliseconds(100) - absl::Nanoseconds(1)).allowed);
  CHECK(bucket.Take(kNow + absl::Milliseconds(100)).allowed);
  CHECK(Allowed(bucket, kNow + absl::Hours(1000), 9) == 5);
}

TEST_CASE("TokenBucket: who asks for more than the burst never gets it", "[limits]") {
  TokenBucket bucket({.tokens = 1, .per = absl::Seconds(1), .burst = 3}, kNow);
  CHECK(bucket.Take(kNow, 4).retry_after == absl::InfiniteDuration());
  CHECK_FALSE(bucket.Take(kNow, 0).allowed);
  CHECK(bucket.Take(kNow, 3).allowed);
}

TEST_CASE("TokenBucket: a pace that divides into no whole nanoseconds is exact over a day",
          "[limits]") {
  // Three in seven seconds: rounding each would drift.
  TokenBucket bucket({.tokens = 3, .per = absl::Seconds(7), .burst = 1}, kNow);
  int64_t allowed = 0;
  absl::Time now = kNow;
  while (now < kNow + absl::Hours(24)) {
    const Admission admission = bucket.Take(now);
    if (admission.allowed) ++allowed;
    now += admission.allowed ? absl::ZeroDuration() : admission.retry_after;
  }
  // 86400 s x 3/7, and the one saved up at the start. Waiting is rounded up to a nanosecond.
  CHECK(allowed == 37029);
}

TEST_CASE("TokenBucket C1: a clock set back by an hour neither gives tokens nor stops the refill",
          "[limits]") {
  TokenBucket bucket({.tokens = 1, .per = absl::Seconds(1), .burst = 5}, kNow);
  REQUIRE(Allowed(bucket, kNow, 5) == 5);
  const absl::Time back = kNow - absl::Hours(1);
  CHECK(Allowed(bucket, back, 3) == 0);
  CHECK(Allowed(bucket, back + absl::Seconds(2), 5) == 2);
  // Corrected again: it is an hour later, and no more than the burst is there.
  CHECK(Allowed(bucket, kNow + absl::Seconds(3), 10) == 5);
}

TEST_CASE("TokenBucket C1: moments that come late by a little give no tokens", "[limits]") {
  TokenBucket bucket({.tokens = 1000, .per = absl::Seconds(1), .burst = 1}, kNow);
  int allowed = 0;
  for (int i = 0; i < 1000; ++i) {
    allowed += bucket.Take(kNow + absl::Milliseconds(i % 2)).allowed ? 1 : 0;
  }
  CHECK(allowed == 2);
}

TEST_CASE("TokenBucket: never more than burst + rate x time, and never less to who waits as told",
          "[limits][prop]") {
  CHECK(rc::check([] {
    const Rate rate{*rc::gen::inRange<int64_t>(1, 1000),
                    absl::Nanoseconds(*rc::gen::inRange<int64_t>(1, 10'000'000'000)),
                    *rc::gen::inRange<int64_t>(1, 500)};
    TokenBucket bucket(rate, kNow);
    // Empty from the start, so that every step is a wait.
    RC_ASSERT(bucket.Take(kNow, rate.burst).allowed);
    absl::Time now = kNow;
    int64_t allowed = rate.burst;
    for (const int64_t step :
         *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 5'000'000))) {
      now += absl::Nanoseconds(step);
      const Admission admission = bucket.Take(now);
      if (admission.allowed) {
        ++allowed;
      } else {
        RC_ASSERT(admission.retry_after > absl::ZeroDuration());
        now += admission.retry_after;
        RC_ASSERT(bucket.Take(now).allowed);
        ++allowed;
      }
      const auto passed = static_cast<long double>(absl::ToInt64Nanoseconds(now - kNow));
      const auto per = static_cast<long double>(absl::ToInt64Nanoseconds(rate.per));
      RC_ASSERT(static_cast<long double>(allowed) <=
                static_cast<long double>(rate.burst) +
                    passed * static_cast<long double>(rate.tokens) / per + 1e-6L);
    }
  }));
}

TEST_CASE("TokenBucket C1: whatever the clock does, no more than a burst for each step forward",
          "[limits][prop]") {
  CHECK(rc::check([] {
    const Rate rate{1, absl::Seconds(1), 10};
    TokenBucket bucket(rate, kNow);
    absl::Time now = kNow;
    int64_t allowed = 0;
    int64_t forward = 0;
    int64_t seconds = 0;
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(-2, 4))) {
      // -2: set back by an hour; 3: set forward; otherwise time passes.
      if (step == -2) now -= absl::Hours(1);
      if (step == 3) now += absl::Hours(1), ++forward;
      if (step > 0 && step < 3) now += absl::Seconds(step), seconds += step;
      for (int i = 0; i < 12; ++i) allowed += bucket.Take(now).allowed ? 1 : 0;
    }
    RC_ASSERT(allowed <= 10 + seconds + 10 * forward);
  }));
}

}  // namespace va::resilience
