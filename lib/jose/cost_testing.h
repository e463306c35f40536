// What a thread has used of the processor, for tests that compare costs on a machine that does
// other things too.
#pragma once

#include <ctime>

#include "absl/time/time.h"

namespace va::jose::testing {

inline absl::Duration ThreadCpu() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace va::jose::testing
