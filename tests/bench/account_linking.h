// What linking sign-ins to accounts costs on a real PostgreSQL with fsync on, in an empty database
// and in one that holds a million verifications.
#pragma once

#include "absl/status/status.h"
#include "tests/bench/report.h"

namespace va::bench {

struct LinkingRounds {
  int rounds = 7;
  int links = 2000;  // new people in each round
  int threads = 16;  // connections, too
  int rows = 1'000'000;
};

// Says the goals links_per_second and million_rows_p50.
absl::Status MeasureLinking(const LinkingRounds& how, Report& report);

}  // namespace va::bench
