// A goal about what a steady load of calls sees, beside a bare health check at the same rate.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "lib/rpc/channel.h"
#include "tests/bench/report.h"
#include "tests/bench/steady_load.h"

namespace va::bench {

struct SteadyGoal {
  std::string name;   // the goal is called NAME_p99_ms
  std::string words;  // what is called, to be read behind "p99 of"
  double p99_ms = 0;
  SteadyLoad load;
};

// Median over the rounds of p50 and p99. `call` goes where the health checks on `channel` go.
absl::Status MeasureSteadily(const SteadyGoal& goal, int rounds, const rpc::Channel& channel,
                             const std::function<absl::Status(int)>& call, Report& report);

}  // namespace va::bench
