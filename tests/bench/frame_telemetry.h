// What metrics and the audit trail add to a sign-in: how many updates and records one really makes,
// read from the services of the running stack, times what each costs here, beside the CPU of the
// same sign-ins.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tests/bench/report.h"

namespace va::bench {

struct TelemetryRounds {
  int sign_ins = 200;
  int threads = 4;
  std::string personas = "tests/personas";
};

// Says the costs and the goal telemetry_cpu_percent.
absl::Status MeasureTelemetry(const TelemetryRounds& how, Report& report);

}  // namespace va::bench
