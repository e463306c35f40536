// What a process costs, read from /proc: CPU time of itself, of its living children and of those it
// has waited for (PostgreSQL makes one process a connection), and resident memory.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace va::bench {

struct ProcessCost {
  absl::Duration cpu;       // user and system, the whole family
  double resident_mib = 0;  // of the process alone
  double peak_mib = 0;      // the most it ever had resident
};

// NOT_FOUND when there is no such process.
absl::StatusOr<ProcessCost> MeasureProcess(int pid);

// Numbers in the second half of a /proc/PID/stat line, which starts after the command's ")": the
// command may hold blanks and parentheses itself.
struct StatLine {
  int parent = 0;
  long long ticks_own = 0;     // utime + stime
  long long ticks_waited = 0;  // cutime + cstime
};
absl::StatusOr<StatLine> ParseStat(const std::string& line);

}  // namespace va::bench
