// Accounts and their history in PostgreSQL. State and event are written by one statement, so that
// neither stands without the other, and the row is an upsert: two calls for one person at the same
// moment both succeed and agree.
#pragma once

#include <string>
#include <vector>

#include "lib/base/id_generator.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "services/mhv-account/domain/ports.h"

namespace va::mhv {

// Thread-safe. Holds its arguments by reference.
class PgAccountStore final : public AccountStore {
 public:
  PgAccountStore(store::Pool& pool, const crypto::SealedBox& box,
                 const crypto::LookupHasher& hasher, base::IdGenerator& ids)
      : pool_(pool), box_(box), hasher_(hasher), ids_(ids) {}

  absl::StatusOr<std::optional<MhvAccount>> FindEnsured(const Person& person,
                                                        absl::string_view terms_revision,
                                                        absl::Time not_before,
                                                        absl::Time deadline) override;
  absl::Status Record(const Person& person, const EnsureRecord& record, absl::Time now,
                      absl::Time deadline) override;

 private:
  absl::Status RecordEnsured(const Person& person, const EnsureRecord& record, absl::Time now,
                             absl::Time deadline);
  absl::Status RecordState(const Person& person, const EnsureRecord& record, absl::Time now,
                           absl::Time deadline);

  store::Pool& pool_;
  const crypto::SealedBox& box_;
  const crypto::LookupHasher& hasher_;
  base::IdGenerator& ids_;
};

}  // namespace va::mhv
