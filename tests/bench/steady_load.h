// Calls at a steady rate, whatever the answers take: what a caller who keeps coming sees. A call
// that had to wait for a late one before it counts from the moment it should have been made.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace va::bench {

struct SteadyLoad {
  double per_second = 1000;
  absl::Duration length = absl::Seconds(5);
  int threads = 16;
};

// What each call took, in no order. `call` gets the number of the call; ends with its first fault.
absl::StatusOr<std::vector<absl::Duration>> RunSteadily(
    const SteadyLoad& load, const std::function<absl::Status(int)>& call);

}  // namespace va::bench
