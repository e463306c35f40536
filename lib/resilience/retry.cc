#include "lib/resilience/retry.h"

#include <algorithm>

namespace va::resilience {

std::optional<absl::Duration> NextPause(const RetryPolicy& policy, int attempts_made,
                                        absl::Time now, absl::Time deadline, double random01) {
  if (attempts_made < 1 || attempts_made >= policy.max_attempts) return std::nullopt;
  absl::Duration pause = policy.first;
  for (int doubled = 1; doubled < attempts_made && pause < policy.longest; ++doubled) pause *= 2;
  pause = std::min(pause, policy.longest);
  const double jitter = std::clamp(policy.jitter, 0.0, 1.0);
  pause *= 1.0 - jitter * std::clamp(random01, 0.0, 1.0);
  if (now + pause >= deadline) return std::nullopt;
  return pause;
}

}  // namespace va::resilience
