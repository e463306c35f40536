// The token bucket: how often something may happen. Arithmetic is exact, in whole numbers: over any
// stretch of time no more than burst + rate x time is let through, and not a token less for one who
// comes at the allowed pace. A clock that is set back neither gives tokens nor stops the refill;
// one that is set forward gives a burst at most (attack C1).
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "lib/resilience/timeline.h"

namespace va::resilience {

// `tokens` every `per`, spread evenly; `burst` at most are saved up. All at least 1 and 1 ns; per
// times burst stays below 9e18 ns (a day and a burst of 100,000 are far inside).
struct Rate {
  int64_t tokens = 1;
  absl::Duration per = absl::Seconds(1);
  int64_t burst = 1;
};

struct Admission {
  bool allowed = false;
  absl::Duration retry_after;  // until the tokens asked for are there; zero when allowed
};

// The bare level of one bucket, for holders of many that share a Rate and a Timeline.
class BucketLevel {
 public:
  BucketLevel(const Rate& rate, absl::Time now);  // full

  // `now` must not run backwards. `cost` from 1 to burst: more is never allowed.
  Admission Take(const Rate& rate, absl::Time now, int64_t cost);
  // When nothing is missing any more, if nobody takes.
  absl::Time FullAt(const Rate& rate) const;

 private:
  void Refill(const Rate& rate, absl::Time now);

  // What is missing, in parts of which one token has as many as `per` has nanoseconds: each
  // nanosecond brings `tokens` of them.
  int64_t missing_ = 0;
  absl::Time at_;
};

// One bucket. Not thread-safe.
class TokenBucket {
 public:
  TokenBucket(const Rate& rate, absl::Time now) : rate_(rate), level_(rate, now) {}

  Admission Take(absl::Time now, int64_t cost = 1) {
    return level_.Take(rate_, timeline_.At(now), cost);
  }

 private:
  const Rate rate_;
  Timeline timeline_;
  BucketLevel level_;
};

}  // namespace va::resilience
