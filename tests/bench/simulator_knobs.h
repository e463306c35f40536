// A simulator as a benchmark needs it: told what goes wrong from now on, and asked how often it was
// called.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/http/client.h"

namespace va::bench {

class SimulatorKnobs {
 public:
  // `name` stands in faults; `url` is scheme, host and port. `client` must outlive this and be one
  // the simulator lets in.
  SimulatorKnobs(http::Client& client, std::string name, std::string url)
      : client_(client), name_(std::move(name)), url_(std::move(url)) {}

  // `fault`: the JSON of the simulator's POST /_sim/faults.
  absl::Status Set(absl::string_view fault);

  // Calls it has seen so far, of all kinds.
  absl::StatusOr<int64_t> Calls();

  // Waits until it has not been called for half a second: what was left of earlier work is done.
  // DEADLINE_EXCEEDED when it never is.
  absl::Status Settle(absl::Duration limit);

 private:
  http::Client& client_;
  std::string name_;
  std::string url_;
};

}  // namespace va::bench
