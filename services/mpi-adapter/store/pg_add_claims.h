// Who may add which credential now, in PostgreSQL: one row under each key of the look-up ring, so
// that processes that write under different keys (decision E7) still meet at the same rows.
#pragma once

#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "services/mpi-adapter/domain/answer_cache.h"

namespace va::mpi {

class PgAddClaims final : public AddClaims {
 public:
  // Both outlive the claims.
  PgAddClaims(store::Pool& pool, const crypto::LookupHasher& hasher)
      : pool_(pool), hasher_(hasher) {}

  absl::StatusOr<bool> Take(const CacheKey& credential, const std::string& owner, absl::Time now,
                            absl::Time until, absl::Time deadline) override;
  absl::Status Release(const CacheKey& credential, const std::string& owner,
                       absl::Time deadline) override;

 private:
  store::Pool& pool_;
  const crypto::LookupHasher& hasher_;
};

}  // namespace va::mpi
