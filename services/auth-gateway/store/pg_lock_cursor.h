// How far the events of accounts have been applied, in PostgreSQL: one row for all gateways.
#pragma once

#include "lib/store/pool.h"
#include "services/auth-gateway/domain/lock_feed.h"

namespace va::gateway {

class PgLockCursor final : public LockCursor {
 public:
  // The pool outlives this.
  explicit PgLockCursor(store::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::optional<std::int64_t>> Load(absl::Time deadline) override;
  absl::Status Advance(std::int64_t sequence, absl::Time deadline) override;
  absl::Status Reset(absl::Time deadline) override;

 private:
  store::Pool& pool_;
};

}  // namespace va::gateway
