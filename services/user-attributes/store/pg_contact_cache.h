// Answers of VA Profile in PostgreSQL, sealed, one row an account, for minutes. A sign-out leaves a
// mark in place of the answer, so that a question that was under way when the session ended does
// not put one back. Marks and answers end by `expires_at`; the janitor takes them away.
#pragma once

#include "lib/base/id_generator.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "services/user-attributes/domain/contact.h"

namespace va::attributes {

class PgContactCache final : public ContactCache {
 public:
  // Pool, box and ids outlive the cache.
  PgContactCache(store::Pool& pool, const crypto::SealedBox& box, base::IdGenerator& ids)
      : pool_(pool), box_(box), ids_(ids) {}

  // A row that does not open, because its key is gone, is as good as none.
  absl::StatusOr<std::optional<identity::Secret>> Find(absl::string_view account_id, absl::Time now,
                                                       absl::Time deadline) override;
  absl::Status Keep(absl::string_view account_id, const identity::Secret& answer,
                    absl::Time asked_at, absl::Time expires_at, absl::Time deadline) override;
  absl::Status Drop(absl::string_view account_id, absl::Time now, absl::Time deadline) override;

 private:
  store::Pool& pool_;
  const crypto::SealedBox& box_;
  base::IdGenerator& ids_;
};

}  // namespace va::attributes
