#include "lib/store/sweep.h"

namespace va::store {

absl::StatusOr<int64_t> SweepRows(Pool& pool, const Statement& statement, absl::Time over_by,
                                  const SweepLimits& limits, absl::Time deadline) {
  int64_t deleted = 0;
  for (int batch = 0; batch < limits.max_batches; ++batch) {
    const absl::StatusOr<Rows> rows = pool.Exec(deadline, statement, {over_by, limits.batch});
    if (!rows.ok()) return rows.status();
    deleted += rows->affected();
    if (rows->affected() < limits.batch) break;
  }
  return deleted;
}

}  // namespace va::store
