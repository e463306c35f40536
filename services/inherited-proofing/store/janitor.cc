#include "services/inherited-proofing/store/janitor.h"

namespace va::proofing {
namespace {

// SKIP LOCKED: two janitors share the work instead of waiting for each other.
constexpr store::Statement kSweepHandoffs{"sweep_handoffs", R"sql(
DELETE FROM handoffs WHERE code_hash IN (
  SELECT code_hash FROM handoffs WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
  FOR UPDATE SKIP LOCKED))sql"};

}  // namespace

absl::StatusOr<int64_t> Sweep(store::Pool& pool, const store::SweepLimits& limits, absl::Time now,
                              absl::Time deadline) {
  return store::SweepRows(pool, kSweepHandoffs, now - kHandoffRetention, limits, deadline);
}

}  // namespace va::proofing
