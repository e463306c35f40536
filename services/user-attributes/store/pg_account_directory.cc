#include "services/user-attributes/store/pg_account_directory.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "lib/base/status.h"
#include "services/user-attributes/store/account_rows.h"

namespace va::attributes {
namespace {

using store::Connection;
using store::Param;
using store::Statement;

#define VA_ACCOUNT_COLUMNS                                                                \
  "a.id, a.icn_hash IS NOT NULL, a.locked, a.created_at, "                                \
  "a.acceptable_verified_credential_at, a.idme_verified_credential_at, a.icn_sealed, "    \
  "(SELECT count(*) FROM pending_merges m WHERE m.user_account_id = a.id AND m.state IN " \
  "('pending', 'proposed', 'revert_proposed')) FROM user_accounts a "

constexpr Statement kAccount = {
    "account", "SELECT " VA_ACCOUNT_COLUMNS "WHERE a.id = $1::uuid AND a.forgotten_at IS NULL"};

// COALESCE keeps the condition one on the index.
constexpr Statement kAccounts = {
    "accounts", "SELECT " VA_ACCOUNT_COLUMNS
                "WHERE a.id > COALESCE($1::uuid, '00000000-0000-0000-0000-000000000000') "
                "AND a.forgotten_at IS NULL ORDER BY a.id LIMIT $2"};

constexpr Statement kLockedAccounts = {
    "locked_accounts",
    "SELECT " VA_ACCOUNT_COLUMNS
    "WHERE a.forgotten_at IS NULL AND a.id IN ("
    "(SELECT id FROM user_accounts WHERE locked AND "
    "id > COALESCE($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY id LIMIT $2) UNION "
    "(SELECT DISTINCT user_account_id FROM user_verifications WHERE locked AND "
    "user_account_id > COALESCE($1::uuid, '00000000-0000-0000-0000-000000000000') "
    "ORDER BY user_account_id LIMIT $2)) ORDER BY a.id LIMIT $2"};

#undef VA_ACCOUNT_COLUMNS

constexpr Statement kVerifications = {
    "verifications",
    "SELECT user_account_id, id, idme_uuid_hash IS NOT NULL, logingov_uuid_hash IS NOT NULL, "
    "mhv_uuid_hash IS NOT NULL, verified_at, locked, backing_idme_uuid_hash IS NOT NULL, "
    "created_at, COALESCE(last_used_at, updated_at), credential_sealed, email_sealed "
    "FROM user_verifications WHERE user_account_id = ANY($1::uuid[]) ORDER BY created_at, id"};

constexpr Statement kFormerAccounts = {
    "former_accounts",
    "SELECT v.user_account_id, d.user_account_id FROM user_verifications v "
    "JOIN deprecated_user_accounts d ON d.user_verification_id = v.id "
    "WHERE v.user_account_id = ANY($1::uuid[]) GROUP BY 1, 2 ORDER BY min(d.deprecated_at), 2"};

constexpr Statement kHoldVerification = {
    "hold_verification",
    "SELECT locked FROM user_verifications WHERE id = $1::uuid AND user_account_id = $2::uuid "
    "FOR UPDATE"};
constexpr Statement kHoldAccount = {
    "hold_account",
    "SELECT locked, icn_hash, icn_sealed FROM user_accounts WHERE id = $1::uuid AND "
    "forgotten_at IS NULL FOR UPDATE"};
constexpr Statement kLockVerification = {
    "lock_verification",
    "UPDATE user_verifications SET locked = $2, updated_at = $3 WHERE id = $1::uuid"};
constexpr Statement kLockAccount = {"lock_account",
                                    "UPDATE user_accounts SET locked = $2 WHERE id = $1::uuid"};

constexpr Statement kHoldVerifications = {
    "hold_verifications",
    "SELECT id FROM user_verifications WHERE user_account_id = $1::uuid ORDER BY id FOR UPDATE"};
constexpr Statement kForgetRequest = {
    "forget_request",
    "SELECT operator_id FROM forget_requests WHERE user_account_id = $1::uuid AND "
    "requested_at > $2"};
constexpr Statement kAskToForget = {
    "ask_to_forget",
    "INSERT INTO forget_requests (user_account_id, caller, operator_id, reason, requested_at) "
    "VALUES ($1::uuid, $2, $3, $4, $5) ON CONFLICT (user_account_id) DO UPDATE SET "
    "caller = excluded.caller, operator_id = excluded.operator_id, reason = excluded.reason, "
    "requested_at = excluded.requested_at"};
// Whoever speaks later than this begins anew: a word said by mistake does not wait for ever.
constexpr absl::Duration kWordStands = absl::Hours(7 * 24);
// Merges of others go, too, when an ICN in them is this person's ($2: under every key), whether it
// was known then that this account holds it or not.
constexpr Statement kForgetMerges = {
    "forget_merges",
    "DELETE FROM pending_merges WHERE user_account_id = $1::uuid OR icn_account_id = $1::uuid OR "
    "icn_hash = ANY($2::text[]) OR former_icn_hash = ANY($2::text[]) OR "
    "user_verification_id IN (SELECT id FROM user_verifications WHERE user_account_id = "
    "$1::uuid)"};
constexpr Statement kForgetContacts = {
    "forget_contacts", "DELETE FROM contact_cache WHERE user_account_id = $1::uuid"};
// What refers to something else goes first.
constexpr Statement kForgetSteps[] = {
    kForgetContacts,
    {"forget_former_accounts",
     "DELETE FROM deprecated_user_accounts WHERE user_account_id = $1::uuid OR "
     "user_verification_id IN (SELECT id FROM user_verifications WHERE user_account_id = "
     "$1::uuid)"},
    {"forget_verifications", "DELETE FROM user_verifications WHERE user_account_id = $1::uuid"},
};
constexpr Statement kTombstone = {
    "tombstone",
    "UPDATE user_accounts SET icn_hash = NULL, icn_sealed = NULL, locked = false, "
    "acceptable_verified_credential_at = NULL, idme_verified_credential_at = NULL, "
    "forgotten_at = $2 WHERE id = $1::uuid"};

identity::Csp TypeOf(const store::Row& row) {
  if (row.Bool(2)) return identity::Csp::kIdme;
  if (row.Bool(3)) return identity::Csp::kLogingov;
  return row.Bool(4) ? identity::Csp::kMhv : identity::Csp::kDslogon;
}

}  // namespace

absl::Status PgAccountDirectory::OpenInto(const std::optional<std::string>& sealed,
                                          absl::string_view table, absl::string_view row,
                                          absl::string_view column,
                                          absl::FunctionRef<void(std::string)> take) const {
  if (!sealed) return absl::OkStatus();
  absl::StatusOr<std::string> opened = box_.Open(*sealed, SealedPlace(table, row, column));
  if (opened.ok()) take(*std::move(opened));
  return opened.status();
}

absl::Status PgAccountDirectory::AddVerifications(Connection& db, std::vector<AccountRecord>& to,
                                                  bool open) const {
  std::vector<std::string> ids;
  absl::flat_hash_map<std::string, AccountRecord*> by_id;
  for (AccountRecord& account : to) {
    ids.push_back(account.id);
    by_id[account.id] = &account;
  }
  const absl::StatusOr<store::Rows> rows = db.Exec(kVerifications, {ids});
  if (!rows.ok()) return rows.status();
  for (const store::Row row : *rows) {
    VerificationRecord record;
    record.id = row.Text(1);
    record.type = TypeOf(row);
    record.verified_at = row.OptTime(5);
    record.locked = row.Bool(6);
    record.backed = row.Bool(7);
    record.created_at = row.Time(8);
    record.last_used_at = row.Time(9);
    if (open) {
      absl::Status opened = OpenInto(
          row.Bytes(10), "user_verifications", record.id, "credential", [&](std::string text) {
            record.identifier = identity::CspId::FromWire(std::move(text));
          });
      opened.Update(OpenInto(OptBytes(row, 11), "user_verifications", record.id, "email",
                             [&](std::string text) {
                               record.email = identity::PersonText::FromWire(std::move(text));
                             }));
      if (!opened.ok()) return opened;
    }
    by_id[row.Text(0)]->verifications.push_back(std::move(record));
  }
  const absl::StatusOr<store::Rows> former = db.Exec(kFormerAccounts, {ids});
  if (!former.ok()) return former.status();
  for (const store::Row row : *former) {
    by_id[row.Text(0)]->former_account_ids.push_back(row.Text(1));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AccountRecord>> PgAccountDirectory::ReadAccounts(Connection& db,
                                                                            const store::Rows& rows,
                                                                            bool open) const {
  std::vector<AccountRecord> out;
  for (const store::Row row : rows) {
    AccountRecord account;
    account.id = row.Text(0);
    account.verified = row.Bool(1);
    account.locked = row.Bool(2);
    account.created_at = row.Time(3);
    account.acceptable_verified_credential_at = row.OptTime(4);
    account.idme_verified_credential_at = row.OptTime(5);
    account.merges_pending = static_cast<int>(row.Int(7));
    if (open) {
      const absl::Status opened = OpenInto(
          OptBytes(row, 6), "user_accounts", account.id, "icn",
          [&](std::string text) { account.icn = identity::Icn::FromWire(std::move(text)); });
      if (!opened.ok()) return opened;
    }
    out.push_back(std::move(account));
  }
  if (absl::Status added = AddVerifications(db, out, open); !added.ok()) return added;
  return out;
}

absl::StatusOr<std::optional<AccountRecord>> PgAccountDirectory::Find(absl::string_view account_id,
                                                                      bool open,
                                                                      absl::Time deadline) {
  using Answer = std::optional<AccountRecord>;
  return pool_.Run(deadline, [&](Connection& db) -> absl::StatusOr<Answer> {
    const absl::StatusOr<store::Rows> rows = db.Exec(kAccount, {account_id});
    if (!rows.ok()) return rows.status();
    if (rows->empty()) return Answer();
    absl::StatusOr<std::vector<AccountRecord>> accounts = ReadAccounts(db, *rows, open);
    if (!accounts.ok()) return accounts.status();
    return Answer(std::move(accounts->front()));
  });
}

absl::StatusOr<Page<AccountRecord>> PgAccountDirectory::List(absl::string_view after, int size,
                                                             bool locked_only,
                                                             absl::Time deadline) {
  return pool_.Run(deadline, [&](Connection& db) -> absl::StatusOr<Page<AccountRecord>> {
    const Param from = after.empty() ? Param(nullptr) : Param(after);
    // One more than the page tells whether there is another one.
    const absl::StatusOr<store::Rows> rows =
        db.Exec(locked_only ? kLockedAccounts : kAccounts, {from, size + 1});
    if (!rows.ok()) return rows.status();
    absl::StatusOr<std::vector<AccountRecord>> accounts = ReadAccounts(db, *rows, false);
    if (!accounts.ok()) return accounts.status();
    Page<AccountRecord> page;
    page.items = *std::move(accounts);
    if (page.items.size() > static_cast<std::size_t>(size)) {
      page.items.resize(static_cast<std::size_t>(size));
      page.next = page.items.back().id;
    }
    return page;
  });
}

absl::StatusOr<std::optional<Changed>> PgAccountDirectory::SetLock(
    absl::string_view account_id, absl::string_view verification_id, bool locked,
    const Actor& actor, absl::Time now, absl::Time deadline) {
  using Answer = std::optional<Changed>;
  return InRetriedTransaction<Answer>(
      pool_, deadline, [&](Connection& db) -> absl::StatusOr<Answer> {
        const bool whole = verification_id.empty();
        const absl::StatusOr<store::Rows> held =
            whole ? db.Exec(kHoldAccount, {account_id})
                  : db.Exec(kHoldVerification, {verification_id, account_id});
        if (!held.ok()) return held.status();
        if (held->empty()) return Answer();
        if ((*held)[0].Bool(0) == locked) return Answer(Changed());
        const absl::StatusOr<store::Rows> written =
            whole ? db.Exec(kLockAccount, {account_id, locked})
                  : db.Exec(kLockVerification, {verification_id, locked, now});
        if (!written.ok()) return written.status();
        // A lock ends sessions, and with those goes what is kept for them.
        if (locked) {
          if (auto gone = db.Exec(kForgetContacts, {account_id}); !gone.ok()) return gone.status();
        }
        const absl::StatusOr<std::int64_t> sequence =
            AddEvent(db, locked ? AccountEventKind::kLocked : AccountEventKind::kUnlocked,
                     account_id, verification_id, actor, now);
        if (!sequence.ok()) return sequence.status();
        return Answer(Changed{true, *sequence});
      });
}

// The ICN of a held account under every key. One that does not open any more is no reason to keep a
// person: it is looked for as it stands.
std::vector<std::string> PgAccountDirectory::IcnHashes(absl::string_view account_id,
                                                       const store::Row& held) const {
  if (held.IsNull(1)) return {};
  std::vector<std::string> out;
  OpenInto(OptBytes(held, 2), "user_accounts", account_id, "icn", [&](const std::string& icn) {
    out = hasher_.Candidates("icn", icn);
  }).IgnoreError();
  out.push_back(held.Text(1));
  return out;
}

absl::StatusOr<std::optional<bool>> PgAccountDirectory::Forget(absl::string_view account_id,
                                                               const Actor& actor, absl::Time now,
                                                               absl::Time deadline) {
  using Answer = std::optional<bool>;
  return InRetriedTransaction<Answer>(
      pool_, deadline, [&](Connection& db) -> absl::StatusOr<Answer> {
        // Credentials before their account, as every sign-in does.
        const absl::StatusOr<store::Rows> credentials = db.Exec(kHoldVerifications, {account_id});
        if (!credentials.ok()) return credentials.status();
        const absl::StatusOr<store::Rows> held = db.Exec(kHoldAccount, {account_id});
        if (!held.ok()) return held.status();
        if (held->empty()) return Answer();
        const absl::StatusOr<store::Rows> asked =
            db.Exec(kForgetRequest, {account_id, now - kWordStands});
        if (!asked.ok()) return asked.status();
        if (asked->empty()) {
          const absl::Status written = db.Exec(kAskToForget, {account_id, actor.caller,
                                                              actor.operator_id, actor.reason, now})
                                           .status();
          if (!written.ok()) return written;
          return Answer(false);
        }
        if ((*asked)[0].Text(0) == actor.operator_id) return SecondOperator();
        const std::vector<std::string> icn = IcnHashes(account_id, (*held)[0]);
        if (auto gone = db.Exec(kForgetMerges, {account_id, icn}); !gone.ok()) return gone.status();
        for (const Statement& step : kForgetSteps) {
          if (auto gone = db.Exec(step, {account_id}); !gone.ok()) return gone.status();
        }
        if (auto gone = db.Exec(kTombstone, {account_id, now}); !gone.ok()) return gone.status();
        const absl::StatusOr<std::int64_t> sequence =
            AddEvent(db, AccountEventKind::kForgotten, account_id, "", actor, now);
        if (!sequence.ok()) return sequence.status();
        return Answer(true);
      });
}

}  // namespace va::attributes
