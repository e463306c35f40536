// Forgets codes: a day after a code ended nothing asks about it any more (inherited_proofing.md
// 13.1). Consents stay, they are the proof that somebody agreed.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/store/pool.h"
#include "lib/store/sweep.h"

namespace va::proofing {

// How long a code that is over can still be told from one that never was.
inline constexpr absl::Duration kHandoffRetention = absl::Hours(24);

// Deletes what is over at `now`; how many rows went. Safe to run in several processes at once.
absl::StatusOr<int64_t> Sweep(store::Pool& pool, const store::SweepLimits& limits, absl::Time now,
                              absl::Time deadline);

}  // namespace va::proofing
