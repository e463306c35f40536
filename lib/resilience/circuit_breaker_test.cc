#include "lib/resilience/circuit_breaker.h"

#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <vector>

namespace va::resilience {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

BreakerOptions Options() {
  BreakerOptions options;
  options.window = absl::Seconds(10);
  options.min_calls = 10;
  options.failure_share = 0.5;
  options.open_for = absl::Seconds(5);
  options.longest_open = absl::Seconds(20);
  options.jitter = 0.2;
  options.probes = 2;
  return options;
}

// One call; whether it was let through.
bool Call(CircuitBreaker& breaker, bool success, absl::Time now, double random01 = 0) {
  const auto pass = breaker.Admit(now);
  if (pass) breaker.Report(*pass, success, now, random01);
  return pass.has_value();
}

void Break(CircuitBreaker& breaker, absl::Time now, double random01 = 0) {
  for (int i = 0; i < 10; ++i) Call(breaker, false, now, random01);
  REQUIRE(breaker.state() == BreakerState::kOpen);
}

}  // namespace

TEST_CASE("CircuitBreaker: opens at the share of failures, not before the minimum of calls",
          "[breaker]") {
  CircuitBreaker breaker(Options());
  for (int i = 0; i < 9; ++i) CHECK(Call(breaker, false, kNow));
  CHECK(breaker.state() == BreakerState::kClosed);
  CHECK(Call(breaker, false, kNow));
  CHECK(breaker.state() == BreakerState::kOpen);
  CHECK_FALSE(Call(breaker, true, kNow));
}

TEST_CASE("CircuitBreaker: less than the share leaves it closed", "[breaker]") {
  CircuitBreaker breaker(Options());
  for (int i = 0; i < 100; ++i) CHECK(Call(breaker, i % 3 != 0, kNow));
  CHECK(breaker.state() == BreakerState::kClosed);
}

TEST_CASE("CircuitBreaker: failures of before the window are forgotten", "[breaker]") {
  CircuitBreaker breaker(Options());
  for (int i = 0; i < 9; ++i) Call(breaker, false, kNow);
  CHECK(Call(breaker, false, kNow + absl::Seconds(11)));
  CHECK(breaker.state() == BreakerState::kClosed);
}

TEST_CASE("CircuitBreaker: open until its time, then probes, no more than the bound at once",
          "[breaker]") {
  CircuitBreaker breaker(Options());
  Break(breaker, kNow);
  CHECK_FALSE(breaker.Admit(kNow + absl::Seconds(5) - absl::Nanoseconds(1)));
  const absl::Time later = kNow + absl::Seconds(5);
  const auto first = breaker.Admit(later);
  const auto second = breaker.Admit(later);
  REQUIRE((first && second));
  CHECK(breaker.state() == BreakerState::kHalfOpen);
  CHECK_FALSE(breaker.Admit(later));
  breaker.Report(*first, true, later, 0);
  CHECK(breaker.state() == BreakerState::kHalfOpen);
  breaker.Report(*second, true, later, 0);
  CHECK(breaker.state() == BreakerState::kClosed);
}

TEST_CASE("CircuitBreaker: a failed probe opens again, for longer up to the longest", "[breaker]") {
  CircuitBreaker breaker(Options());
  Break(breaker, kNow);
  absl::Time now = kNow + absl::Seconds(5);
  for (const int seconds : {10, 20, 20}) {
    CHECK(Call(breaker, false, now));
    CHECK_FALSE(breaker.Admit(now + absl::Seconds(seconds) - absl::Nanoseconds(1)));
    now += absl::Seconds(seconds);
  }
  // Once closed, the first opening is short again.
  CHECK(Call(breaker, true, now));
  CHECK(Call(breaker, true, now));
  Break(breaker, now);
  CHECK(breaker.Admit(now + absl::Seconds(5)));
}

TEST_CASE("CircuitBreaker: the opening time is spread, so that replicas do not return together",
          "[breaker]") {
  CircuitBreaker early(Options());
  CircuitBreaker late(Options());
  Break(early, kNow, 0.0);
  Break(late, kNow, 1.0);
  CHECK(early.Admit(kNow + absl::Seconds(5)));
  CHECK_FALSE(late.Admit(kNow + absl::Seconds(5)));
  CHECK(late.Admit(kNow + absl::Seconds(6)));
}

TEST_CASE("CircuitBreaker: a call that began before a change says nothing about the time after",
          "[breaker]") {
  CircuitBreaker breaker(Options());
  const auto old = breaker.Admit(kNow);
  REQUIRE(old);
  Break(breaker, kNow);
  const absl::Time later = kNow + absl::Seconds(5);
  REQUIRE(breaker.Admit(later));
  breaker.Report(*old, false, later, 0);
  CHECK(breaker.state() == BreakerState::kHalfOpen);
}

TEST_CASE("CircuitBreaker: probes that never report do not keep it half open", "[breaker]") {
  CircuitBreaker breaker(Options());
  Break(breaker, kNow);
  const absl::Time later = kNow + absl::Seconds(5);
  REQUIRE(breaker.Admit(later));
  REQUIRE(breaker.Admit(later));
  CHECK_FALSE(breaker.Admit(later + absl::Seconds(29)));
  CHECK(breaker.Admit(later + absl::Seconds(30)));
}

TEST_CASE("CircuitBreaker: a probe that told nothing makes room for another", "[breaker]") {
  CircuitBreaker breaker(Options());
  Break(breaker, kNow);
  const absl::Time later = kNow + absl::Seconds(5);
  for (int i = 0; i < 10; ++i) {
    const auto pass = breaker.Admit(later);
    REQUIRE(pass);
    breaker.Withdraw(*pass);
  }
  CHECK(breaker.state() == BreakerState::kHalfOpen);
}

TEST_CASE("CircuitBreaker C1: a clock set back does not keep it open", "[breaker]") {
  CircuitBreaker breaker(Options());
  Break(breaker, kNow);
  const absl::Time back = kNow - absl::Hours(1);
  CHECK_FALSE(breaker.Admit(back));
  CHECK(breaker.Admit(back + absl::Seconds(5)));
}

TEST_CASE("CircuitBreaker: never more probes out than the bound; closed lets everybody through",
          "[breaker][prop]") {
  CHECK(rc::check([] {
    CircuitBreaker breaker(Options());
    absl::Time now = kNow;
    std::vector<CircuitBreaker::Pass> out;
    int admitted_half_open = 0;
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 7))) {
      if (step == 0) now += absl::Seconds(1);
      if (step >= 1 && step <= 4) {
        const BreakerState before = breaker.state();
        const auto pass = breaker.Admit(now);
        if (before == BreakerState::kClosed) RC_ASSERT(pass.has_value());
        if (pass) out.push_back(*pass);
        if (before != BreakerState::kHalfOpen) admitted_half_open = 0;
        if (breaker.state() == BreakerState::kHalfOpen && pass) ++admitted_half_open;
        RC_ASSERT(admitted_half_open <= 2 * 2 + 1);
      }
      if (step >= 5 && !out.empty()) {
        breaker.Report(out.back(), step == 5, now, 0.5);
        out.pop_back();
      }
    }
  }));
}

}  // namespace va::resilience
