// What reading and writing MPI's messages costs, in one thread: a full answer beside a bare libxml2
// parse of the same bytes, and every message we send at its largest.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tests/bench/report.h"

namespace va::bench {

struct MessageRounds {
  int rounds = 15;
  int times = 200;  // messages in a round of each candidate
  std::string answer = "tests/fixtures/mpi/full_answer.xml";
};

// Says the costs and the goals parse_ratio and build_us.
absl::Status MeasureMessages(const MessageRounds& how, Report& report);

}  // namespace va::bench
