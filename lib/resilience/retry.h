// When to try again: a pure rule. Pauses grow and are spread at random, so that the callers of a
// party that came back do not all return in the same moment, and none begins that could not end
// before the deadline. Only calls that are safe to repeat may be retried; that is for the caller to
// know.
#pragma once

#include <optional>

#include "absl/time/time.h"

namespace va::resilience {

struct RetryPolicy {
  int max_attempts = 3;                               // the first one included
  absl::Duration first = absl::Milliseconds(50);      // before the second attempt
  absl::Duration longest = absl::Milliseconds(1000);  // the pause doubles up to this
  double jitter = 0.5;                                // this share of each pause is random, 0 to 1
};

// How long to wait after `attempts_made` attempts that failed; none when it is enough: no attempts
// left, or the next one would begin at or after `deadline`. `random01` is fresh for each call, in
// [0, 1).
std::optional<absl::Duration> NextPause(const RetryPolicy& policy, int attempts_made,
                                        absl::Time now, absl::Time deadline, double random01);

}  // namespace va::resilience
