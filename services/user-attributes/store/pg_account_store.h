// Accounts and verifications in PostgreSQL. The facts are read in one statement, the pure rule
// PlanLink says what follows, and each answer is one guarded statement (a pending merge: one
// transaction), with e-mail, digest and dates in it: a loser of a race changes nothing and reads
// again. A person who is linked already costs one round trip, and a second one when something is
// new.
#pragma once

#include <optional>
#include <string>

#include "lib/base/id_generator.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/pool.h"
#include "services/user-attributes/domain/ports.h"

namespace va::attributes {

class PgAccountStore final : public AccountStore {
 public:
  // All arguments outlive the store.
  PgAccountStore(store::Pool& pool, const crypto::SealedBox& box,
                 const crypto::LookupHasher& hasher, base::IdGenerator& ids)
      : pool_(pool), box_(box), hasher_(hasher), ids_(ids) {}

  absl::StatusOr<LinkedAccount> Link(const Credential& credential, const LinkCall& attempt,
                                     absl::Time now, absl::Time deadline) override;
  absl::StatusOr<std::optional<Standing>> FindStanding(absl::string_view account_id,
                                                       absl::string_view verification_id,
                                                       absl::Time deadline) override;
  absl::StatusOr<Known> FindKnown(const std::optional<CredentialKey>& credential,
                                  const std::optional<identity::Icn>& icn,
                                  absl::Time deadline) override;

 private:
  struct Sealed;
  struct Facts;
  struct Call;
  struct Changes;

  absl::StatusOr<Facts> Read(store::Connection& db, const Call& call) const;
  static LinkAction PlanOf(const Call& call, const Facts& facts);
  absl::StatusOr<LinkedAccount> LinkOnce(store::Connection& db, const Call& call) const;
  absl::StatusOr<LinkedAccount> Act(store::Connection& db, const Call& call, const Facts& facts,
                                    LinkAction action) const;
  absl::StatusOr<LinkedAccount> Create(store::Connection& db, const Call& call,
                                       const Facts& facts) const;
  absl::StatusOr<LinkedAccount> Change(store::Connection& db, const Call& call, const Facts& facts,
                                       LinkAction action) const;
  absl::Status RecordMerge(store::Connection& db, const Call& call, const Facts& facts) const;
  Changes ChangesOf(const Call& call, const Facts& facts, absl::string_view row,
                    LinkAction action) const;
  Sealed SealIcn(const Call& call, absl::string_view table, absl::string_view row) const;

  store::Pool& pool_;
  const crypto::SealedBox& box_;
  const crypto::LookupHasher& hasher_;
  base::IdGenerator& ids_;
};

}  // namespace va::attributes
