// Time that never runs backwards, made of a wall clock that may be set (attack C1). A clock set
// back leaves no gap in which nothing refills; a clock set forward is believed.
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace va::resilience {

// Not thread-safe.
class Timeline {
 public:
  // `now` on this line; never before what an earlier call answered.
  absl::Time At(absl::Time now) {
    const absl::Time here = now + offset_;
    // Threads read the clock before they take a lock, so a moment may come late by a little: time
    // stands still for it. A larger step is a clock that was set: the line goes on from where it
    // is.
    if (here + kDisorder < last_) offset_ += last_ - here;
    last_ = std::max(last_, here);
    return last_;
  }

 private:
  static constexpr absl::Duration kDisorder = absl::Seconds(1);

  absl::Duration offset_;
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace va::resilience
