// My HealtheVet as a benchmark needs it: the simulator that stands in for it, told to be slow or
// down, and asked how often it was called.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/http/client.h"

namespace va::bench {

class MhvFaults {
 public:
  // `client` must outlive this.
  MhvFaults(http::Client& client, std::string url) : client_(client), url_(std::move(url)) {}

  // `fault`: the JSON of the simulator's POST /_sim/faults.
  absl::Status Set(absl::string_view fault);

  // Calls that MHV has seen so far, on all its paths.
  absl::StatusOr<int64_t> Calls();

  // Waits until MHV has not been called for half a second: what was left of earlier sign-ins is
  // done. DEADLINE_EXCEEDED when it never is.
  absl::Status Settle(absl::Duration limit);

 private:
  http::Client& client_;
  std::string url_;
};

}  // namespace va::bench
