// What happened to accounts, in the order of its numbers, read from PostgreSQL. The numbers have no
// gap and none is seen before a smaller one (see the table account_event_counter).
#pragma once

#include <cstdint>
#include <vector>

#include "lib/store/pool.h"
#include "services/user-attributes/domain/ports.h"

namespace va::attributes {

class PgAccountEvents final : public AccountEvents {
 public:
  // The pool outlives this.
  explicit PgAccountEvents(store::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<AccountEvent>> ReadEvents(std::int64_t after, int size,
                                                       absl::Time deadline) override;
  absl::StatusOr<std::int64_t> LastEvent(absl::Time deadline) override;

 private:
  store::Pool& pool_;
};

}  // namespace va::attributes
