// Accounts as operators see and change them, in PostgreSQL. What changes something is one
// transaction: rows are locked first (the credential before its account, the counter of events
// last), looked at again, and the event that ends sessions is committed with the change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "lib/base/id_generator.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "services/user-attributes/domain/ports.h"

namespace va::attributes {

class PgAccountDirectory final : public AccountDirectory {
 public:
  // All arguments outlive the directory.
  PgAccountDirectory(store::Pool& pool, const crypto::SealedBox& box,
                     const crypto::LookupHasher& hasher, base::IdGenerator& ids)
      : pool_(pool), box_(box), hasher_(hasher), ids_(ids) {}

  absl::StatusOr<std::optional<AccountRecord>> Find(absl::string_view account_id, bool open,
                                                    absl::Time deadline) override;
  absl::StatusOr<Page<AccountRecord>> List(absl::string_view after, int size, bool locked_only,
                                           absl::Time deadline) override;
  absl::StatusOr<std::optional<Changed>> SetLock(absl::string_view account_id,
                                                 absl::string_view verification_id, bool locked,
                                                 const Actor& actor, absl::Time now,
                                                 absl::Time deadline) override;
  absl::StatusOr<Page<MergeRecord>> ListMerges(std::optional<MergeState> state,
                                               absl::string_view after, int size,
                                               absl::Time deadline) override;
  absl::StatusOr<std::optional<MergeRecord>> FindMerge(absl::string_view merge_id, bool open,
                                                       absl::Time deadline) override;
  absl::StatusOr<WaitingMerges> CountWaitingMerges(absl::Time deadline) override;
  absl::StatusOr<std::optional<MergeRecord>> DecideMerge(absl::string_view merge_id, bool accept,
                                                         const Actor& actor, absl::Time now,
                                                         absl::Time deadline) override;
  absl::StatusOr<std::optional<MergeRecord>> RevertMerge(absl::string_view merge_id,
                                                         const Actor& actor, absl::Time now,
                                                         absl::Time deadline) override;
  absl::StatusOr<std::optional<bool>> Forget(absl::string_view account_id, const Actor& actor,
                                             absl::Time now, absl::Time deadline) override;

 private:
  absl::StatusOr<std::vector<AccountRecord>> ReadAccounts(store::Connection& db,
                                                          const store::Rows& rows, bool open) const;
  absl::Status AddVerifications(store::Connection& db, std::vector<AccountRecord>& to,
                                bool open) const;
  // Hands the value to `take` when there is one.
  absl::Status OpenInto(const std::optional<std::string>& sealed, absl::string_view table,
                        absl::string_view row, absl::string_view column,
                        absl::FunctionRef<void(std::string)> take) const;
  std::vector<std::string> IcnHashes(absl::string_view account_id, const store::Row& held) const;

  // Merges: pg_account_merges.cc.
  struct HeldMerge;
  enum class Word { kAccept, kReject, kRevert };
  absl::StatusOr<std::optional<MergeRecord>> ShowMerge(store::Connection& db,
                                                       absl::string_view merge_id, bool open) const;
  absl::StatusOr<std::optional<MergeRecord>> Say(absl::string_view merge_id, Word word,
                                                 const Actor& actor, absl::Time now,
                                                 absl::Time deadline) const;
  static absl::StatusOr<HeldMerge> ReadMerge(const store::Row& row);
  absl::Status CarryOut(store::Connection& db, HeldMerge& merge, const Actor& actor,
                        absl::Time now) const;
  absl::Status TakeBack(store::Connection& db, HeldMerge& merge, const Actor& actor,
                        absl::Time now) const;
  absl::Status WriteIcn(store::Connection& db, const std::string& account_id,
                        const std::string& icn) const;
  absl::Status HoldHashes(store::Connection& db, absl::string_view merge_id) const;
  absl::Status Remember(HeldMerge& merge) const;
  static void Drop(HeldMerge& merge);
  static absl::Status RefuseLocked(store::Connection& db, const HeldMerge& merge);

  store::Pool& pool_;
  const crypto::SealedBox& box_;
  const crypto::LookupHasher& hasher_;
  base::IdGenerator& ids_;
};

}  // namespace va::attributes
