// Forgets what is over: expired attempts, uses of assertions that nobody would accept any more,
// sessions, and logouts that were never answered. Small deletes in a loop, so that no lock and no
// transaction grows with a backlog.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/store/pool.h"

namespace va::gateway {

struct JanitorOptions {
  // How long an attempt can still be explained after it expired.
  absl::Duration flow_retention = absl::Hours(24 * 30);
  // The same for an attempt that nobody came back from: there is nothing to explain, and anybody
  // can start as many as they like.
  absl::Duration started_retention = absl::Hours(1);
  // How long uses of assertions and sessions are kept beyond their end. A clock that is set forward
  // and back again must make nobody forget a use that still counts, nor a session that still lives
  // (attack C1).
  absl::Duration clock_reserve = absl::Hours(2);
  int batch = 500;
  // Batches per call and table; what is left waits for the next call.
  int max_batches = 100;
  // Told of each table from which rows went.
  std::function<void(absl::string_view table, int64_t rows)> on_deleted{};
};

// Deletes what is over at `now`; how many rows went. An error at one kind of rows does not keep the
// others; the first is answered. Safe to run on several gateways at once.
absl::StatusOr<int64_t> Sweep(store::Pool& pool, const JanitorOptions& options, absl::Time now,
                              absl::Time deadline);

}  // namespace va::gateway
