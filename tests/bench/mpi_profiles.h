// What somebody who asks mpi-adapter for a person waits: from the cache under a steady load, and
// when MPI must be asked.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/mpi_place.h"
#include "tests/bench/report.h"

namespace va::bench {

struct ProfileRounds {
  int rounds = 5;  // of the steady load
  int per_second = 1000;
  int seconds = 4;  // of each
  int miss_rounds = 9;
  int misses = 200;  // in a round, one after another
};

// Says what a miss costs and the goal cached_profile_p99_ms. `icns`: people MPI knows.
absl::Status MeasureProfiles(const ProfileRounds& how, MpiPlace& place,
                             const std::vector<std::string>& icns, Report& report);

}  // namespace va::bench
