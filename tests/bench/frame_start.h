// How long a service takes from its start to the first "ready" of its operators' port, on a
// database that is up and migrated.
#pragma once

#include "absl/status/status.h"
#include "tests/bench/report.h"

namespace va::bench {

struct StartRounds {
  int starts = 5;  // of each service
};

// Starts second processes of the running stack's services, on ports of their own and with an audit
// folder of their own, and ends them. Says the goals start_to_ready_s_<service>.
absl::Status MeasureStart(const StartRounds& how, Report& report);

}  // namespace va::bench
