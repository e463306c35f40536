// Forgets what is over: answers that may not be served any more, marks that no answer can be older
// than, links of retired ICNs that nobody confirmed for long, claims that have run out.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/store/pool.h"
#include "lib/store/sweep.h"

namespace va::mpi {

struct JanitorOptions {
  // How far clocks of processes may lie apart: what was asked for later than that is of none of
  // them, but of a clock that has been set back.
  absl::Duration clock_tolerance = absl::Minutes(2);
  // An answer lives for a day at most; an hour more for clocks.
  absl::Duration mark_retention = absl::Hours(25);
  // As old as an answer that comes by them may be, and as marks that end them.
  absl::Duration link_retention = absl::Hours(24);
  store::SweepLimits limits;
};

// Deletes what is over at `now`; how many rows went. An error at one table does not keep the
// others; the first is answered. Safe to run in several processes at once.
absl::StatusOr<int64_t> Sweep(store::Pool& pool, const JanitorOptions& options, absl::Time now,
                              absl::Time deadline);

}  // namespace va::mpi
