// Forgets what is over: events that every session has ended for long ago, and answers of VA Profile
// that nobody may be shown any more.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/store/pool.h"
#include "lib/store/sweep.h"

namespace va::attributes {

struct JanitorOptions {
  // Far longer than any session lives: whoever was away for longer judges every session anew.
  absl::Duration event_retention = absl::Hours(24 * 30);
  store::SweepLimits limits;
};

// Deletes what is over at `now`; how many rows went. An error at one table does not keep the other;
// the first is answered. Safe to run in several processes at once.
absl::StatusOr<int64_t> Sweep(store::Pool& pool, const JanitorOptions& options, absl::Time now,
                              absl::Time deadline);

}  // namespace va::attributes
