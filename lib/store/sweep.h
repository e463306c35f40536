// Deletes rows that are over, in small statements, so that no lock and no transaction grows with a
// backlog. Which rows are over is the statement's business; it belongs to the store that owns them.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/store/pool.h"

namespace va::store {

struct SweepLimits {
  int batch = 500;
  // Batches per call; what is left waits for the next call.
  int max_batches = 100;
};

// Runs `statement` ($1: over by this time, $2: how many rows at most) until it finds less than a
// batch; how many rows went. A statement that skips locked rows is safe in several processes.
absl::StatusOr<int64_t> SweepRows(Pool& pool, const Statement& statement, absl::Time over_by,
                                  const SweepLimits& limits, absl::Time deadline);

}  // namespace va::store
