// Answers to the consent text in PostgreSQL. Each call is one statement; tokens come in as they are
// and are hashed here, so that nothing but a hash reaches the database.
#pragma once

#include "lib/base/id_generator.h"
#include "lib/store/pool.h"
#include "services/inherited-proofing/domain/ports.h"

namespace va::proofing {

class PgConsentStore final : public ConsentStore {
 public:
  // Both outlive the store.
  PgConsentStore(store::Pool& pool, base::IdGenerator& ids) : pool_(pool), ids_(ids) {}

  absl::StatusOr<absl::Time> Record(const ConsentAnswer& answer, const identity::Secret& token,
                                    absl::Time deadline) override;
  absl::StatusOr<bool> IsOpen(const identity::Secret& token, const ConsentScope& scope,
                              absl::Time now, absl::Time deadline) override;

 private:
  store::Pool& pool_;
  base::IdGenerator& ids_;
};

}  // namespace va::proofing
