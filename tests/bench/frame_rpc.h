// What one of our RPCs costs beside a bare asynchronous gRPC hop: same TLS, same message, same
// calls in flight, no work in the handler. CPU of both ends together, measured in turns.
#pragma once

#include "absl/status/status.h"
#include "tests/bench/report.h"

namespace va::bench {

struct RpcRounds {
  int rounds = 15;
  int calls = 2000;   // of each candidate in each round
  int in_flight = 8;  // at the same moment
};

// Says the costs and the goal rpc_ratio.
absl::Status MeasureRpc(const RpcRounds& how, Report& report);

}  // namespace va::bench
