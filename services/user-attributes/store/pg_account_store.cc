#include "services/user-attributes/store/pg_account_store.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::attributes {
namespace {

using identity::Csp;
using store::Bytes;
using store::Statement;

// Always one row: what is stored about the credential, and which account holds the ICN that came
// in.
#define VA_FIND(column)                                                               \
  "SELECT v.id, v.user_account_id, v.locked, v.verified_at IS NOT NULL, a.icn_hash, " \
  "v.backing_idme_uuid_hash, i.id "                                                   \
  "FROM (SELECT 1) AS one "                                                           \
  "LEFT JOIN user_verifications v ON v." column                                       \
  " = ANY($1::text[]) "                                                               \
  "LEFT JOIN user_accounts a ON a.id = v.user_account_id "                            \
  "LEFT JOIN user_accounts i ON i.icn_hash = ANY($2::text[]) LIMIT 1"

// A credential of a person whose ICN has an account. A credential of a kind that is locked on that
// account is born locked (ssoe_saml.md 15.2).
#define VA_CREATE_ON(column)                                                                     \
  "INSERT INTO user_verifications (id, user_account_id, " column                                 \
  ", credential_sealed, backing_idme_uuid_hash, backing_idme_uuid_sealed, verified_at, locked, " \
  "created_at, updated_at) "                                                                     \
  "SELECT $1::uuid, $2::uuid, $3, $4::bytea, $5, $6::bytea, $7::timestamptz, EXISTS (SELECT 1 "  \
  "FROM user_verifications o "                                                                   \
  "WHERE o.user_account_id = $2 AND o.locked AND o." column                                      \
  " IS NOT NULL), $7::timestamptz, $7::timestamptz RETURNING user_account_id, locked"

// A credential and its account at once: both or neither.
#define VA_CREATE_NEW(column)                                                            \
  "WITH a AS (INSERT INTO user_accounts (id, icn_hash, icn_sealed, created_at) "         \
  "VALUES ($2, $8, $9, $7::timestamptz) RETURNING id) "                                  \
  "INSERT INTO user_verifications (id, user_account_id, " column                         \
  ", credential_sealed, backing_idme_uuid_hash, backing_idme_uuid_sealed, verified_at, " \
  "created_at, updated_at) SELECT $1::uuid, a.id, $3, $4::bytea, $5, $6::bytea, "        \
  "CASE WHEN $8::text IS NULL THEN NULL ELSE $7::timestamptz END, $7::timestamptz, "     \
  "$7::timestamptz FROM a RETURNING user_account_id, locked"

// The statements of one kind of credential: its column is part of the text, never a parameter.
struct KindStatements {
  const char* purpose;  // of the keyed hash
  Statement find;
  Statement create_on;
  Statement create_new;
};

constexpr KindStatements kIdme = {
    "idme_uuid",
    {"find_idme", VA_FIND("idme_uuid_hash")},
    {"create_on_idme", VA_CREATE_ON("idme_uuid_hash")},
    {"create_new_idme", VA_CREATE_NEW("idme_uuid_hash")},
};
constexpr KindStatements kLogingov = {
    "logingov_uuid",
    {"find_logingov", VA_FIND("logingov_uuid_hash")},
    {"create_on_logingov", VA_CREATE_ON("logingov_uuid_hash")},
    {"create_new_logingov", VA_CREATE_NEW("logingov_uuid_hash")},
};
constexpr KindStatements kMhv = {
    "mhv_uuid",
    {"find_mhv", VA_FIND("mhv_uuid_hash")},
    {"create_on_mhv", VA_CREATE_ON("mhv_uuid_hash")},
    {"create_new_mhv", VA_CREATE_NEW("mhv_uuid_hash")},
};
constexpr KindStatements kDslogon = {
    "dslogon_uuid",
    {"find_dslogon", VA_FIND("dslogon_uuid_hash")},
    {"create_on_dslogon", VA_CREATE_ON("dslogon_uuid_hash")},
    {"create_new_dslogon", VA_CREATE_NEW("dslogon_uuid_hash")},
};

#undef VA_FIND
#undef VA_CREATE_ON
#undef VA_CREATE_NEW

const KindStatements& StatementsOf(Csp type) {
  switch (type) {
    case Csp::kIdme:
      return kIdme;
    case Csp::kLogingov:
      return kLogingov;
    case Csp::kMhv:
      return kMhv;
    case Csp::kDslogon:
      return kDslogon;
  }
  return kIdme;
}

// Every statement that changes a verification leaves a locked one alone, too: a lock set after the
// facts were read makes it a lost race.
constexpr Statement kMarkVerified = {
    "mark_verified",
    "UPDATE user_verifications SET verified_at = $3, updated_at = $3 "
    "WHERE id = $1 AND user_account_id = $2 AND verified_at IS NULL AND NOT locked RETURNING id"};

// Only an account without an ICN gets one: a verified account is never overwritten (decision R12).
constexpr Statement kWriteIcn = {
    "write_icn",
    "WITH a AS (UPDATE user_accounts SET icn_hash = $4, icn_sealed = $5 "
    "WHERE id = $2 AND icn_hash IS NULL AND EXISTS (SELECT 1 FROM user_verifications l "
    "WHERE l.id = $1 AND NOT l.locked) RETURNING id) "
    "UPDATE user_verifications v SET verified_at = $3, updated_at = $3 FROM a "
    "WHERE v.id = $1 AND v.user_account_id = a.id RETURNING v.id"};

// Only a credential on an account without an ICN moves, and the old account is remembered.
constexpr Statement kRepoint = {
    "repoint",
    "WITH old AS (SELECT v.id, v.user_account_id FROM user_verifications v "
    "JOIN user_accounts a ON a.id = v.user_account_id "
    "WHERE v.id = $1 AND v.user_account_id = $2 AND a.icn_hash IS NULL AND NOT v.locked "
    "FOR UPDATE), "
    "d AS (INSERT INTO deprecated_user_accounts (user_verification_id, user_account_id, "
    "deprecated_at) SELECT id, user_account_id, $3 FROM old ON CONFLICT DO NOTHING) "
    "UPDATE user_verifications v SET user_account_id = $4, verified_at = $3, updated_at = $3 "
    "FROM old WHERE v.id = old.id RETURNING v.id"};

constexpr Statement kPendingMerge = {
    "pending_merge",
    "INSERT INTO pending_merges (id, user_verification_id, user_account_id, icn_account_id, "
    "icn_hash, icn_sealed, first_request_id, last_request_id, created_at, last_seen_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $8) "
    "ON CONFLICT (user_verification_id, icn_hash) DO UPDATE SET "
    "times_seen = pending_merges.times_seen + 1, last_request_id = EXCLUDED.last_request_id, "
    "last_seen_at = EXCLUDED.last_seen_at RETURNING id"};

constexpr Statement kRefreshBacking = {
    "refresh_backing",
    "UPDATE user_verifications SET backing_idme_uuid_hash = $2, backing_idme_uuid_sealed = $3, "
    "updated_at = $4 WHERE id = $1 AND NOT locked"};

constexpr Statement kStanding = {
    "standing",
    "SELECT v.locked, v.verified_at IS NOT NULL, "
    "EXISTS (SELECT 1 FROM pending_merges m WHERE m.user_verification_id = v.id), a.icn_sealed, "
    "a.id "
    "FROM user_verifications v JOIN user_accounts a ON a.id = v.user_account_id "
    "WHERE v.id = $2 AND v.user_account_id = $1"};

// A lost race shows as a unique violation or as a guard that no longer holds; each lap sees what
// the winner wrote, so more than a few laps mean something else is wrong.
constexpr int kLaps = 8;

absl::Status LostRace() {
  return base::MakeError(absl::StatusCode::kAborted, "LINK_RACE", "the row changed meanwhile",
                         true);
}

bool IsLostRace(const absl::Status& status) {
  return status.code() == absl::StatusCode::kAlreadyExists ||
         status.code() == absl::StatusCode::kAborted;
}

bool Contains(const std::vector<std::string>& hashes, const std::string& hash) {
  return std::find(hashes.begin(), hashes.end(), hash) != hashes.end();
}

std::string Aad(absl::string_view table, absl::string_view row, absl::string_view column) {
  return absl::StrCat(table, "/", row, "/", column);
}

}  // namespace

// A value in its two forms; both NULL when there is no value.
struct PgAccountStore::Sealed {
  std::optional<std::string> hash;
  std::optional<std::string> sealed;

  store::Param SealedParam() const {
    return sealed ? store::Param(Bytes{*sealed}) : store::Param(nullptr);
  }
};

struct PgAccountStore::Facts {
  StoredLink link;
  std::string verification_id;
  std::optional<std::string> backing_hash;
};

// One sign-in on its way into the database; hashes are computed once for all laps.
struct PgAccountStore::Call {
  const Credential& credential;
  const KindStatements& sql;
  absl::string_view request_id;
  absl::Time now;
  std::vector<std::string> id_hashes;       // current key first
  std::vector<std::string> icn_hashes;      // empty without an ICN
  std::vector<std::string> backing_hashes;  // empty without a backing uuid
};

absl::StatusOr<LinkedAccount> PgAccountStore::Link(const Credential& credential,
                                                   absl::string_view request_id, absl::Time now,
                                                   absl::Time deadline) {
  Call call{credential, StatementsOf(credential.type), request_id, now, {}, {}, {}};
  call.id_hashes = hasher_.Candidates(call.sql.purpose, credential.id.Reveal());
  if (credential.icn) call.icn_hashes = hasher_.Candidates("icn", credential.icn->Reveal());
  if (credential.backing_idme) {
    call.backing_hashes =
        hasher_.Candidates("backing_idme_uuid", credential.backing_idme->Reveal());
  }
  return pool_.Run(deadline, [&](store::Connection& db) -> absl::StatusOr<LinkedAccount> {
    absl::Status last;
    for (int lap = 0; lap < kLaps; ++lap) {
      absl::StatusOr<LinkedAccount> linked = LinkOnce(db, call);
      if (linked.ok() || !IsLostRace(linked.status())) return linked;
      last = linked.status();
    }
    return last;
  });
}

absl::StatusOr<std::optional<Standing>> PgAccountStore::FindStanding(
    absl::string_view account_id, absl::string_view verification_id, absl::Time deadline) {
  const absl::StatusOr<store::Rows> rows =
      pool_.Exec(deadline, kStanding, {account_id, verification_id});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::optional<Standing>();
  const store::Row row = (*rows)[0];
  Standing out;
  out.locked = row.Bool(0);
  out.verified = row.Bool(1);
  out.merge_pending = row.Bool(2);
  if (!row.IsNull(3)) {
    const absl::StatusOr<std::string> icn =
        box_.Open(row.Bytes(3), Aad("user_accounts", row.Text(4), "icn"));
    if (!icn.ok()) return icn.status();
    out.icn = identity::Icn::FromWire(*icn);
  }
  return std::optional<Standing>(std::move(out));
}

absl::StatusOr<LinkedAccount> PgAccountStore::LinkOnce(store::Connection& db,
                                                       const Call& call) const {
  absl::StatusOr<Facts> facts = Read(db, call);
  if (!facts.ok()) return facts.status();
  const LinkAction action = PlanLink(facts->link, call.credential.icn.has_value());
  if (action == LinkAction::kLocked) {
    return LinkedAccount{facts->link.account_id, facts->verification_id, true, false, false};
  }
  if (action == LinkAction::kCreate) return Create(db, call, *facts);
  if (absl::Status refreshed = RefreshBacking(db, call, *facts); !refreshed.ok()) return refreshed;
  return Change(db, call, *facts, action);
}

absl::StatusOr<PgAccountStore::Facts> PgAccountStore::Read(store::Connection& db,
                                                           const Call& call) const {
  absl::StatusOr<store::Rows> rows = db.Exec(call.sql.find, {call.id_hashes, call.icn_hashes});
  if (!rows.ok()) return rows.status();
  const store::Row row = (*rows)[0];
  Facts facts;
  facts.link.exists = !row.IsNull(0);
  facts.verification_id = row.Text(0);
  facts.link.account_id = row.Text(1);
  facts.link.locked = row.Bool(2);
  facts.link.verified = row.Bool(3);
  const std::optional<std::string> account_icn = row.OptText(4);
  facts.link.account_has_icn = account_icn.has_value();
  facts.link.account_icn_is_this = account_icn && Contains(call.icn_hashes, *account_icn);
  facts.backing_hash = row.OptText(5);
  facts.link.icn_account_id = row.OptText(6);
  return facts;
}

PgAccountStore::Sealed PgAccountStore::SealIcn(const Call& call, absl::string_view table,
                                               absl::string_view row) const {
  if (!call.credential.icn) return {};
  return {call.icn_hashes.front(),
          box_.Seal(call.credential.icn->Reveal(), Aad(table, row, "icn"), ids_)};
}

PgAccountStore::Sealed PgAccountStore::SealBacking(const Call& call, absl::string_view row) const {
  if (!call.credential.backing_idme) return {};
  return {call.backing_hashes.front(),
          box_.Seal(call.credential.backing_idme->Reveal(),
                    Aad("user_verifications", row, "backing_idme_uuid"), ids_)};
}

absl::StatusOr<LinkedAccount> PgAccountStore::Create(store::Connection& db, const Call& call,
                                                     const Facts& facts) const {
  const std::string id = ids_.Uuid();
  const std::string credential =
      box_.Seal(call.credential.id.Reveal(), Aad("user_verifications", id, "credential"), ids_);
  const Sealed backing = SealBacking(call, id);
  const std::optional<std::string>& existing = facts.link.icn_account_id;
  const std::string account_id = existing ? *existing : ids_.Uuid();
  const Sealed icn = existing ? Sealed{} : SealIcn(call, "user_accounts", account_id);
  absl::StatusOr<store::Rows> rows =
      existing
          ? db.Exec(call.sql.create_on, {id, account_id, call.id_hashes.front(), Bytes{credential},
                                         backing.hash, backing.SealedParam(), call.now})
          : db.Exec(call.sql.create_new,
                    {id, account_id, call.id_hashes.front(), Bytes{credential}, backing.hash,
                     backing.SealedParam(), call.now, icn.hash, icn.SealedParam()});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return LostRace();
  return LinkedAccount{account_id, id, (*rows)[0].Bool(1), true, false};
}

absl::StatusOr<LinkedAccount> PgAccountStore::Change(store::Connection& db, const Call& call,
                                                     const Facts& facts, LinkAction action) const {
  const std::string& id = facts.verification_id;
  const std::string& account = facts.link.account_id;
  LinkedAccount linked{account, id, false, false, false};
  // NULL results only leave the switch for actions that write.
  absl::StatusOr<store::Rows> rows = absl::InternalError("no statement");
  switch (action) {
    case LinkAction::kLocked:
    case LinkAction::kCreate:
    case LinkAction::kKeep:
      return linked;
    case LinkAction::kMarkVerified:
      rows = db.Exec(kMarkVerified, {id, account, call.now});
      break;
    case LinkAction::kWriteIcn: {
      const Sealed icn = SealIcn(call, "user_accounts", account);
      rows = db.Exec(kWriteIcn, {id, account, call.now, icn.hash, icn.SealedParam()});
      break;
    }
    case LinkAction::kRepoint:
      linked.account_id = *facts.link.icn_account_id;
      rows = db.Exec(kRepoint, {id, account, call.now, linked.account_id});
      break;
    case LinkAction::kPendingMerge: {
      linked.merge_pending = true;
      const std::string merge = ids_.Uuid();
      const Sealed icn = SealIcn(call, "pending_merges", merge);
      rows = db.Exec(kPendingMerge, {merge, id, account, facts.link.icn_account_id, icn.hash,
                                     icn.SealedParam(), call.request_id, call.now});
      break;
    }
  }
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return LostRace();
  return linked;
}

absl::Status PgAccountStore::RefreshBacking(store::Connection& db, const Call& call,
                                            const Facts& facts) const {
  const bool known = facts.backing_hash && Contains(call.backing_hashes, *facts.backing_hash);
  if (call.backing_hashes.empty() || known) return absl::OkStatus();
  const Sealed backing = SealBacking(call, facts.verification_id);
  return db
      .Exec(kRefreshBacking, {facts.verification_id, backing.hash, backing.SealedParam(), call.now})
      .status();
}

}  // namespace va::attributes
