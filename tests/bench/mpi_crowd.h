// Five hundred questions at once while MPI takes a second for each: how long all of them take, and
// what mpi-adapter weighs meanwhile. Cold is a process of mpi-adapter that was just started, so
// that every question begins with a TLS handshake at MPI; warm is the same process a moment later.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/mpi_place.h"
#include "tests/bench/report.h"

namespace va::bench {

struct CrowdRounds {
  int rounds = 5;  // each with a process of its own
  int finds = 500;
  int latency_ms = 1000;
  int channels = 4;  // one connection takes 256 calls at most
};

// Says the goals crowd_cold_s and crowd_peak_mib. `icns`: at least `how.finds` people.
absl::Status MeasureCrowd(const CrowdRounds& how, MpiPlace& place,
                          const std::vector<std::string>& icns, Report& report);

}  // namespace va::bench
