// Handoffs in PostgreSQL. Spending a consent and storing a code is one statement, so that however
// many callers hold one token, one of them gets a code; the code itself is hashed here (P-2, P-3).
#pragma once

#include <string>

#include "lib/store/pool.h"
#include "services/inherited-proofing/domain/ports.h"

namespace va::proofing {

class PgHandoffStore final : public HandoffStore {
 public:
  // The pool outlives the store.
  explicit PgHandoffStore(store::Pool& pool) : pool_(pool) {}

  absl::StatusOr<bool> Mint(const NewHandoff& handoff, absl::Time deadline) override;
  absl::StatusOr<bool> IsVerified(const std::string& account_id, absl::Time deadline) override;

 private:
  store::Pool& pool_;
};

}  // namespace va::proofing
