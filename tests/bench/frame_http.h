// What our HTTP server costs: a constant answer beside a bare Beast loop, and connections that say
// nothing. Servers run in processes of their own, so that their CPU time and memory are theirs
// alone.
#pragma once

#include "absl/status/status.h"
#include "tests/bench/report.h"

namespace va::bench {

struct HttpRounds {
  int rounds = 21;
  int requests = 6000;   // of each candidate in each round
  int connections = 16;  // all busy
  int idle_connections = 10000;
};

// Says the costs and the goals http_constant_ratio, idle_before_handshake_mib and
// idle_after_handshake_kib. Forks: to be called before anything of this process starts a thread.
absl::Status MeasureHttp(const HttpRounds& how, Report& report);

}  // namespace va::bench
