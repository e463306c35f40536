#include "services/user-attributes/store/pg_account_store.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "lib/base/status.h"
#include "services/user-attributes/domain/credential_dates.h"
#include "services/user-attributes/domain/merging.h"
#include "services/user-attributes/domain/verification.h"
#include "services/user-attributes/store/account_rows.h"

namespace va::attributes {
namespace {

using identity::Csp;
using store::Bytes;
using store::Param;
using store::Statement;

// A sign-in of somebody who was here on the same day writes nothing for that alone.
constexpr absl::Duration kLastUsedGrain = absl::Hours(24);

// Always one row: all that a repeated sign-in needs to know about the credential, its account and
// the account that holds the ICN that came in. The kinds on the account are looked at as long as a
// date is missing; by the account alone, so that no statistics can lead the plan astray.
#define VA_FIND(column)                                                                     \
  "SELECT v.id, v.user_account_id, v.locked OR a.locked, v.verified_at IS NOT NULL, "       \
  "a.icn_hash, v.backing_idme_uuid_hash, i.id, COALESCE(i.locked, false), v.email_sealed, " \
  "v.attributes_digest, v.last_used_at, a.acceptable_verified_credential_at, "              \
  "a.idme_verified_credential_at, k.logingov, k.idme "                                      \
  "FROM (SELECT 1) AS one "                                                                 \
  "LEFT JOIN user_verifications v ON v." column                                             \
  " = ANY($1::text[]) "                                                                     \
  "LEFT JOIN user_accounts a ON a.id = v.user_account_id "                                  \
  "LEFT JOIN user_accounts i ON i.icn_hash = ANY($2::text[]) "                              \
  "LEFT JOIN LATERAL (SELECT bool_or(w.logingov_uuid_hash IS NOT NULL) AS logingov, "       \
  "bool_or(w.idme_uuid_hash IS NOT NULL) AS idme FROM user_verifications w "                \
  "WHERE w.user_account_id = a.id AND (a.acceptable_verified_credential_at IS NULL OR "     \
  "a.idme_verified_credential_at IS NULL)) k ON true LIMIT 1"

#define VA_WAS_VERIFIED(column)                                                         \
  "SELECT v.verified_at IS NOT NULL, a.icn_hash IS NOT NULL FROM user_verifications v " \
  "JOIN user_accounts a ON a.id = v.user_account_id WHERE v." column " = ANY($1::text[])"

// The dates of an account that gained a credential of a kind ($8 Login.gov, $9 ID.me; NULL: nothing
// to set); each is written once (sign_in_service.md 10). Follows a part `t`.
#define VA_DATES                                                                            \
  "dates AS (UPDATE user_accounts a SET "                                                   \
  "acceptable_verified_credential_at = COALESCE(a.acceptable_verified_credential_at, "      \
  "$8::timestamptz), "                                                                      \
  "idme_verified_credential_at = COALESCE(a.idme_verified_credential_at, $9::timestamptz) " \
  "FROM t WHERE a.id = t.user_account_id AND "                                              \
  "(($8::timestamptz IS NOT NULL AND a.acceptable_verified_credential_at IS NULL) OR "      \
  "($9::timestamptz IS NOT NULL AND a.idme_verified_credential_at IS NULL))) "

#define VA_NEW_VERIFICATION(column)                                                              \
  "INSERT INTO user_verifications (id, user_account_id, " column                                 \
  ", credential_sealed, backing_idme_uuid_hash, backing_idme_uuid_sealed, verified_at, locked, " \
  "email_sealed, attributes_digest, last_used_at, created_at, updated_at) "

// A credential of a person whose ICN has an account. A credential of a kind that is locked on that
// account is born locked (ssoe_saml.md 15.2); a lock of the whole account is told as it is now, not
// as it was when the facts were read. $10 id hash, $11 sealed id, $12 candidates of the
// ICN.
#define VA_CREATE_ON(column) \
  "WITH i AS (SELECT id, locked FROM user_accounts WHERE id = $2::uuid AND "                   \
  "icn_hash = ANY($12::text[]) FOR KEY SHARE), t AS (" VA_NEW_VERIFICATION(column)             \
  "SELECT $1::uuid, i.id, $10, $11::bytea, $4, $5::bytea, $3::timestamptz, "                   \
  "EXISTS (SELECT 1 FROM user_verifications o WHERE o.user_account_id = i.id AND o.locked "    \
  "AND o." column " IS NOT NULL), $6::bytea, $7, $3, $3, $3 FROM i "                           \
  "RETURNING user_account_id, locked), " VA_DATES                                              \
  "SELECT t.user_account_id, t.locked OR i.locked FROM t, i"

// A credential and its account at once: both or neither. $12 hash of the ICN, $13 the ICN sealed.
#define VA_CREATE_NEW(column) \
  "WITH a AS (INSERT INTO user_accounts (id, icn_hash, icn_sealed, created_at, "               \
  "acceptable_verified_credential_at, idme_verified_credential_at) "                           \
  "VALUES ($2::uuid, $12, $13::bytea, $3::timestamptz, $8::timestamptz, $9::timestamptz) "     \
  "RETURNING id) " VA_NEW_VERIFICATION(column)                                                 \
  "SELECT $1::uuid, a.id, $10, $11::bytea, $4, $5::bytea, "                                    \
  "CASE WHEN $12::text IS NULL THEN NULL ELSE $3::timestamptz END, false, $6::bytea, $7, $3, " \
  "$3, $3 FROM a RETURNING user_account_id, locked"

// The statements of one kind of credential: its column is part of the text, never a parameter.
struct KindStatements {
  const char* purpose;  // of the keyed hash
  Statement find;
  Statement was_verified;
  Statement create_on;
  Statement create_new;
};

constexpr KindStatements kIdme = {
    "idme_uuid",
    {"find_idme", VA_FIND("idme_uuid_hash")},
    {"was_verified_idme", VA_WAS_VERIFIED("idme_uuid_hash")},
    {"create_on_idme", VA_CREATE_ON("idme_uuid_hash")},
    {"create_new_idme", VA_CREATE_NEW("idme_uuid_hash")},
};
constexpr KindStatements kLogingov = {
    "logingov_uuid",
    {"find_logingov", VA_FIND("logingov_uuid_hash")},
    {"was_verified_logingov", VA_WAS_VERIFIED("logingov_uuid_hash")},
    {"create_on_logingov", VA_CREATE_ON("logingov_uuid_hash")},
    {"create_new_logingov", VA_CREATE_NEW("logingov_uuid_hash")},
};
constexpr KindStatements kMhv = {
    "mhv_uuid",
    {"find_mhv", VA_FIND("mhv_uuid_hash")},
    {"was_verified_mhv", VA_WAS_VERIFIED("mhv_uuid_hash")},
    {"create_on_mhv", VA_CREATE_ON("mhv_uuid_hash")},
    {"create_new_mhv", VA_CREATE_NEW("mhv_uuid_hash")},
};
constexpr KindStatements kDslogon = {
    "dslogon_uuid",
    {"find_dslogon", VA_FIND("dslogon_uuid_hash")},
    {"was_verified_dslogon", VA_WAS_VERIFIED("dslogon_uuid_hash")},
    {"create_on_dslogon", VA_CREATE_ON("dslogon_uuid_hash")},
    {"create_new_dslogon", VA_CREATE_NEW("dslogon_uuid_hash")},
};

#undef VA_FIND
#undef VA_WAS_VERIFIED
#undef VA_CREATE_ON
#undef VA_CREATE_NEW
#undef VA_NEW_VERIFICATION

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

// What every sign-in may change on its credential: $3 now, $4 and $5 the ID.me uuid behind it, $6
// e-mail, $7 digest; NULL leaves what is there.
#define VA_CHANGES                                                               \
  "last_used_at = $3, updated_at = $3, "                                         \
  "backing_idme_uuid_hash = COALESCE($4::text, v.backing_idme_uuid_hash), "      \
  "backing_idme_uuid_sealed = COALESCE($5::bytea, v.backing_idme_uuid_sealed), " \
  "email_sealed = COALESCE($6::bytea, v.email_sealed), "                         \
  "attributes_digest = COALESCE($7::text, v.attributes_digest) "

// Every statement that changes a verification leaves a locked one alone, too: a lock set after the
// facts were read makes it a lost race. $10: it is verified from now on.
constexpr Statement kTouch = {
    "touch_verification",
    "WITH t AS (UPDATE user_verifications v SET verified_at = CASE WHEN $10 THEN "
    "COALESCE(v.verified_at, $3) ELSE v.verified_at END, " VA_CHANGES
    "WHERE v.id = $1::uuid AND v.user_account_id = $2::uuid AND NOT v.locked "
    "RETURNING v.user_account_id, v.locked), " VA_DATES "SELECT user_account_id, locked FROM t"};

// An account gets the ICN ($10 hash, $11 sealed) when it still has the one that was read ($12).
// That is none, unless the policy overwrites (decision R12).
constexpr Statement kWriteIcn = {
    "write_icn",
    "WITH l AS (SELECT v.id FROM user_verifications v WHERE v.id = $1::uuid AND "
    "v.user_account_id = $2::uuid AND NOT v.locked FOR UPDATE), "
    "a AS (UPDATE user_accounts a SET icn_hash = $10, icn_sealed = $11::bytea, "
    "acceptable_verified_credential_at = COALESCE(a.acceptable_verified_credential_at, "
    "$8::timestamptz), "
    "idme_verified_credential_at = COALESCE(a.idme_verified_credential_at, $9::timestamptz) "
    "FROM l WHERE a.id = $2::uuid AND NOT a.locked AND a.forgotten_at IS NULL AND "
    "a.icn_hash IS NOT DISTINCT FROM $12::text RETURNING a.id) "
    "UPDATE user_verifications v SET verified_at = $3, " VA_CHANGES
    "FROM a WHERE v.id = $1::uuid RETURNING v.user_account_id, v.locked"};

// A credential moves to the account of its ICN ($10, by the candidates $11), the old one is
// remembered, and its sessions there end. It leaves an account that still has the ICN that was read
// ($12): none, unless the policy moves verified ones, too. A kind that is locked there makes it
// locked: a person who was locked out must not come back by way of an account of their own.
constexpr Statement kMove = {
    "move_verification",
    "WITH old AS (SELECT v.id, v.user_account_id FROM user_verifications v "
    "JOIN user_accounts a ON a.id = v.user_account_id "
    "WHERE v.id = $1::uuid AND v.user_account_id = $2::uuid AND NOT v.locked AND NOT a.locked "
    "AND a.icn_hash IS NOT DISTINCT FROM $12::text FOR UPDATE OF v FOR SHARE OF a), "
    "target AS (SELECT b.id, b.locked FROM user_accounts b JOIN old ON b.id = $10::uuid "
    "WHERE b.icn_hash = ANY($11::text[]) FOR KEY SHARE OF b), "
    "back AS (DELETE FROM deprecated_user_accounts d USING target "
    "WHERE d.user_verification_id = $1::uuid AND d.user_account_id = target.id), "
    "former AS (INSERT INTO deprecated_user_accounts (user_verification_id, user_account_id, "
    "deprecated_at) SELECT old.id, old.user_account_id, $3 FROM old JOIN target ON true "
    "ON CONFLICT DO NOTHING), "
    "t AS (UPDATE user_verifications v SET user_account_id = target.id, "
    "verified_at = CASE WHEN $12::text IS NULL THEN $3 ELSE COALESCE(v.verified_at, $3) END, "
    "locked = EXISTS (SELECT 1 FROM user_verifications o WHERE o.user_account_id = target.id AND "
    "o.locked AND (o.idme_uuid_hash IS NULL) = (v.idme_uuid_hash IS NULL) AND "
    "(o.logingov_uuid_hash IS NULL) = (v.logingov_uuid_hash IS NULL) AND "
    "(o.mhv_uuid_hash IS NULL) = (v.mhv_uuid_hash IS NULL)), " VA_CHANGES
    "FROM target WHERE v.id = $1::uuid RETURNING v.user_account_id, v.locked), " VA_DATES
    ", "
    "n AS (UPDATE account_event_counter SET last = last + 1 FROM t RETURNING last), "
    "e AS (INSERT INTO account_events (sequence, kind, user_account_id, user_verification_id, "
    "caller, operator_id, reason, happened_at) "
    "SELECT n.last, 'moved', $2::uuid, $1::uuid, '', '', '', $3 FROM n) "
    "SELECT t.user_account_id, t.locked OR target.locked FROM t, target"};

#undef VA_CHANGES
#undef VA_DATES

constexpr Statement kFindMerge = {
    "find_merge_of_icn",
    "SELECT id, state, user_account_id, icn_account_id, former_icn_hash FROM pending_merges "
    "WHERE user_verification_id = $1::uuid AND icn_hash = ANY($2::text[]) "
    "ORDER BY created_at LIMIT 1 FOR UPDATE"};

constexpr Statement kNewMerge = {
    "new_merge",
    "INSERT INTO pending_merges (id, user_verification_id, user_account_id, icn_account_id, "
    "icn_hash, icn_sealed, first_request_id, last_request_id, created_at, last_seen_at) "
    "VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5, $6::bytea, $7, $7, $8, $8)"};

// The accounts follow while nobody's word is on them.
constexpr Statement kSeenAgain = {
    "merge_seen_again",
    "UPDATE pending_merges SET times_seen = times_seen + 1, last_request_id = $2, "
    "last_seen_at = $3, state = $4, "
    "proposed_by = CASE WHEN $4 = state THEN proposed_by END, "
    "user_account_id = CASE WHEN $4 = 'pending' THEN $5::uuid ELSE user_account_id END, "
    "icn_account_id = CASE WHEN $4 = 'pending' THEN $6::uuid ELSE icn_account_id END, "
    "former_icn_hash = CASE WHEN $4 = state THEN former_icn_hash END, "
    "former_icn_sealed = CASE WHEN $4 = state THEN former_icn_sealed END, "
    "former_since = CASE WHEN $4 = state THEN former_since END WHERE id = $1::uuid"};

constexpr Statement kReopened = {
    "merge_reopened",
    "INSERT INTO merge_steps (merge_id, state, caller, operator_id, reason, happened_at) "
    "VALUES ($1::uuid, $2, '', '', 'seen again', $3)"};

constexpr Statement kStanding = {
    "standing",
    "SELECT v.locked OR a.locked, v.verified_at IS NOT NULL, EXISTS (SELECT 1 FROM pending_merges "
    "m WHERE m.user_verification_id = v.id AND m.state IN ('pending', 'proposed')), "
    "a.icn_sealed, a.id "
    "FROM user_verifications v JOIN user_accounts a ON a.id = v.user_account_id "
    "WHERE v.id = $2::uuid AND v.user_account_id = $1::uuid"};

// A lock ends a credential's word about anybody, also about an assertion that came without a uuid.
constexpr Statement kUuidsByIcn = {
    "uuids_by_icn",
    "SELECT v.id, v.idme_uuid_hash IS NOT NULL, v.logingov_uuid_hash IS NOT NULL, "
    "v.credential_sealed, v.backing_idme_uuid_sealed "
    "FROM user_accounts a JOIN user_verifications v ON v.user_account_id = a.id "
    "WHERE a.icn_hash = ANY($1::text[]) AND NOT v.locked AND NOT a.locked "
    "ORDER BY v.created_at, v.id LIMIT 64"};

bool Contains(const std::vector<std::string>& hashes, const std::string& hash) {
  return std::find(hashes.begin(), hashes.end(), hash) != hashes.end();
}

absl::Status CheckCredential(const Credential& credential) {
  VerificationIds ids;
  switch (credential.type) {
    case Csp::kIdme:
      ids.idme_uuid = credential.id;
      break;
    case Csp::kLogingov:
      ids.logingov_uuid = credential.id;
      break;
    case Csp::kMhv:
      ids.mhv_uuid = credential.id;
      break;
    case Csp::kDslogon:
      ids.dslogon_uuid = credential.id;
      break;
  }
  ids.backing_idme_uuid = credential.backing_idme;
  const VerificationFault fault = ValidateVerification(ids).fault;
  if (fault == VerificationFault::kNone) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, ReasonOf(fault),
                         "not what a verification is made of");
}

}  // namespace

// A value in its two forms; both NULL when there is no value.
struct PgAccountStore::Sealed {
  std::optional<std::string> hash;
  std::optional<std::string> sealed;

  Param SealedParam() const { return sealed ? Param(Bytes{*sealed}) : Param(nullptr); }
};

struct PgAccountStore::Facts {
  StoredLink link;
  std::string verification_id;
  std::optional<std::string> icn_hash;  // of the credential's account
  bool icn_account_locked = false;
  std::optional<std::string> backing_hash;
  std::optional<std::string> email_sealed;
  std::optional<std::string> digest;
  std::optional<absl::Time> last_used_at;
  CredentialDates dates;
  bool has_logingov = false;
  bool has_idme = false;
};

// One sign-in on its way into the database; hashes are computed once for all laps.
struct PgAccountStore::Call {
  const Credential& credential;
  const KindStatements& sql;
  const LinkCall& attempt;
  absl::Time now;
  std::vector<std::string> id_hashes;       // current key first
  std::vector<std::string> icn_hashes;      // empty without an ICN
  std::vector<std::string> backing_hashes;  // empty without a backing uuid

  bool keys_change() const { return id_hashes.size() > 1; }
};

// What a sign-in writes beside linking; NULL where nothing is new.
struct PgAccountStore::Changes {
  Sealed backing;
  std::optional<std::string> email_sealed;
  std::optional<std::string> digest;
  CredentialDates due;
  bool digest_changed = false;
  bool used = false;  // the day of the last use is another one

  bool any() const {
    return used || backing.hash || email_sealed || digest || due.acceptable || due.idme;
  }
  Param Email() const { return email_sealed ? Param(Bytes{*email_sealed}) : Param(nullptr); }
};

absl::StatusOr<LinkedAccount> PgAccountStore::Link(const Credential& credential,
                                                   const LinkCall& attempt, absl::Time now,
                                                   absl::Time deadline) {
  if (absl::Status sound = CheckCredential(credential); !sound.ok()) return sound;
  Call call{credential, StatementsOf(credential.type), attempt, now, {}, {}, {}};
  call.id_hashes = hasher_.Candidates(call.sql.purpose, credential.id.Reveal());
  if (credential.icn) call.icn_hashes = hasher_.Candidates("icn", credential.icn->Reveal());
  if (credential.backing_idme) {
    call.backing_hashes =
        hasher_.Candidates("backing_idme_uuid", credential.backing_idme->Reveal());
  }
  return pool_.Run(deadline, [&](store::Connection& db) -> absl::StatusOr<LinkedAccount> {
    return RetryLostRaces([&] { return LinkOnce(db, call); });
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
        box_.Open(row.Bytes(3), SealedPlace("user_accounts", row.Text(4), "icn"));
    if (!icn.ok()) return icn.status();
    out.icn = identity::Icn::FromWire(*icn);
  }
  return std::optional<Standing>(std::move(out));
}

absl::StatusOr<Known> PgAccountStore::FindKnown(const std::optional<CredentialKey>& credential,
                                                const std::optional<identity::Icn>& icn,
                                                absl::Time deadline) {
  Known known;
  if (credential) {
    const KindStatements& sql = StatementsOf(credential->type);
    const absl::StatusOr<store::Rows> rows = pool_.Exec(
        deadline, sql.was_verified, {hasher_.Candidates(sql.purpose, credential->id.Reveal())});
    if (!rows.ok()) return rows.status();
    known.previously_verified =
        !rows->empty() && IsVerified((*rows)[0].Bool(0), (*rows)[0].Bool(1));
  }
  if (!icn) return known;
  const absl::StatusOr<store::Rows> rows =
      pool_.Exec(deadline, kUuidsByIcn, {hasher_.Candidates("icn", icn->Reveal())});
  if (!rows.ok()) return rows.status();
  std::optional<identity::CspId> backing;
  for (const store::Row row : *rows) {
    const auto open = [&](int column, absl::string_view name,
                          std::optional<identity::CspId>& out) -> absl::Status {
      if (out || row.IsNull(column)) return absl::OkStatus();
      absl::StatusOr<std::string> text =
          box_.Open(row.Bytes(column), SealedPlace("user_verifications", row.Text(0), name));
      if (text.ok()) out = identity::CspId::FromWire(*std::move(text));
      return text.status();
    };
    absl::Status opened;
    if (row.Bool(1)) opened = open(3, "credential", known.idme_uuid);
    if (row.Bool(2)) opened = open(3, "credential", known.logingov_uuid);
    if (opened.ok()) opened = open(4, "backing_idme_uuid", backing);
    if (!opened.ok()) return opened;
  }
  if (!known.idme_uuid) known.idme_uuid = backing;
  return known;
}

absl::StatusOr<LinkedAccount> PgAccountStore::LinkOnce(store::Connection& db,
                                                       const Call& call) const {
  const absl::StatusOr<Facts> facts = Read(db, call);
  if (!facts.ok()) return facts.status();
  const LinkAction action = PlanOf(call, *facts);
  const bool makes_hashes = action == LinkAction::kCreate || action == LinkAction::kWriteIcn ||
                            action == LinkAction::kOverwriteIcn;
  if (action != LinkAction::kPendingMerge && !(makes_hashes && call.keys_change())) {
    return Act(db, call, *facts, action);
  }
  absl::StatusOr<LinkedAccount> linked = absl::InternalError("not begun");
  const absl::Status done = db.InTransaction([&](store::Connection& tx) -> absl::Status {
    if (call.keys_change()) {
      std::vector<std::string> hashes = call.id_hashes;
      hashes.insert(hashes.end(), call.icn_hashes.begin(), call.icn_hashes.end());
      if (absl::Status locked = LockHashes(tx, hashes); !locked.ok()) return locked;
    }
    const absl::StatusOr<Facts> again = Read(tx, call);
    if (!again.ok()) return again.status();
    linked = Act(tx, call, *again, PlanOf(call, *again));
    return linked.status();
  });
  if (!done.ok()) return done;
  return linked;
}

LinkAction PgAccountStore::PlanOf(const Call& call, const Facts& facts) {
  return PlanLink(facts.link, call.credential.icn.has_value(), call.attempt.overwrite_icn);
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
  facts.icn_hash = row.OptText(4);
  facts.link.account_has_icn = facts.icn_hash.has_value();
  facts.link.account_icn_is_this = facts.icn_hash && Contains(call.icn_hashes, *facts.icn_hash);
  facts.backing_hash = row.OptText(5);
  facts.link.icn_account_id = row.OptText(6);
  facts.icn_account_locked = row.Bool(7);
  if (!row.IsNull(8)) facts.email_sealed = row.Bytes(8);
  facts.digest = row.OptText(9);
  facts.last_used_at = row.OptTime(10);
  facts.dates = {row.OptTime(11), row.OptTime(12)};
  facts.has_logingov = row.Bool(13);
  facts.has_idme = row.Bool(14);
  return facts;
}

PgAccountStore::Sealed PgAccountStore::SealIcn(const Call& call, absl::string_view table,
                                               absl::string_view row) const {
  if (!call.credential.icn) return {};
  return {call.icn_hashes.front(),
          box_.Seal(call.credential.icn->Reveal(), SealedPlace(table, row, "icn"), ids_)};
}

PgAccountStore::Changes PgAccountStore::ChangesOf(const Call& call, const Facts& facts,
                                                  absl::string_view row, LinkAction action) const {
  const Credential& credential = call.credential;
  Changes out;
  const bool backing_known =
      facts.backing_hash && Contains(call.backing_hashes, *facts.backing_hash);
  if (!call.backing_hashes.empty() && !backing_known) {
    out.backing = {call.backing_hashes.front(),
                   box_.Seal(credential.backing_idme->Reveal(),
                             SealedPlace("user_verifications", row, "backing_idme_uuid"), ids_)};
  }
  if (credential.email) {
    const std::string place = SealedPlace("user_verifications", row, "email");
    // What does not open any more is replaced: the sign-in says it anew.
    const auto stored = facts.email_sealed ? box_.Open(*facts.email_sealed, place)
                                           : absl::StatusOr<std::string>(absl::NotFoundError(""));
    if (!stored.ok() || !(identity::PersonText::FromWire(*stored) == *credential.email)) {
      out.email_sealed = box_.Seal(credential.email->Reveal(), place, ids_);
    }
  }
  // While it is in doubt whose credential this is, nothing is said about it (decision R12).
  const bool in_doubt = action == LinkAction::kPendingMerge;
  const bool verified = !in_doubt && (credential.icn.has_value() ||
                                      IsVerified(facts.link.verified, facts.link.account_has_icn));
  if (verified && !credential.attributes_digest.empty() &&
      facts.digest != credential.attributes_digest) {
    out.digest = credential.attributes_digest;
    out.digest_changed = true;
  }
  // Of an account that the credential comes to, the dates are not known: the statement looks.
  const bool elsewhere = action == LinkAction::kCreate || action == LinkAction::kRepoint ||
                         action == LinkAction::kMoveVerified;
  DatesFacts dates;
  dates.account_verified = facts.link.account_has_icn || (!in_doubt && credential.icn.has_value());
  dates.has_logingov = credential.type == Csp::kLogingov || (!elsewhere && facts.has_logingov);
  dates.has_idme = credential.type == Csp::kIdme || (!elsewhere && facts.has_idme);
  if (!elsewhere) dates.dates = facts.dates;
  const CredentialDates planned = PlanDates(dates, call.now);
  if (!dates.dates.acceptable) out.due.acceptable = planned.acceptable;
  if (!dates.dates.idme) out.due.idme = planned.idme;
  out.used = !facts.last_used_at || call.now - *facts.last_used_at >= kLastUsedGrain;
  return out;
}

absl::StatusOr<LinkedAccount> PgAccountStore::Act(store::Connection& db, const Call& call,
                                                  const Facts& facts, LinkAction action) const {
  switch (action) {
    case LinkAction::kLocked: {
      LinkedAccount linked;
      linked.account_id = facts.link.account_id;
      linked.verification_id = facts.verification_id;
      linked.locked = true;
      return linked;
    }
    case LinkAction::kCreate:
      return Create(db, call, facts);
    default:
      return Change(db, call, facts, action);
  }
}

absl::StatusOr<LinkedAccount> PgAccountStore::Create(store::Connection& db, const Call& call,
                                                     const Facts& facts) const {
  LinkedAccount linked;
  linked.created = true;
  linked.verification_id = ids_.Uuid();
  const std::string& id = linked.verification_id;
  const std::optional<std::string>& existing = facts.link.icn_account_id;
  linked.account_id = existing ? *existing : ids_.Uuid();
  const std::string credential = box_.Seal(
      call.credential.id.Reveal(), SealedPlace("user_verifications", id, "credential"), ids_);
  const Changes changes = ChangesOf(call, facts, id, LinkAction::kCreate);
  linked.digest_changed = changes.digest_changed;
  const Sealed icn = existing ? Sealed{} : SealIcn(call, "user_accounts", linked.account_id);
  const Param email = changes.Email();
  const Param backing = changes.backing.SealedParam();
  const absl::StatusOr<store::Rows> rows =
      existing ? db.Exec(call.sql.create_on,
                         {id, linked.account_id, call.now, changes.backing.hash, backing, email,
                          changes.digest, changes.due.acceptable, changes.due.idme,
                          call.id_hashes.front(), Bytes{credential}, call.icn_hashes})
               : db.Exec(call.sql.create_new,
                         {id, linked.account_id, call.now, changes.backing.hash, backing, email,
                          changes.digest, changes.due.acceptable, changes.due.idme,
                          call.id_hashes.front(), Bytes{credential}, icn.hash, icn.SealedParam()});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return LostRace();
  linked.locked = (*rows)[0].Bool(1) || facts.icn_account_locked;
  return linked;
}

absl::StatusOr<LinkedAccount> PgAccountStore::Change(store::Connection& db, const Call& call,
                                                     const Facts& facts, LinkAction action) const {
  const std::string& id = facts.verification_id;
  const Changes changes = ChangesOf(call, facts, id, action);
  LinkedAccount linked;
  linked.account_id = facts.link.account_id;
  linked.verification_id = id;
  // Whoever MPI says this is, is locked, whatever account the credential is on.
  linked.locked = facts.icn_account_locked;
  linked.digest_changed = changes.digest_changed;
  const bool moves = action == LinkAction::kRepoint || action == LinkAction::kMoveVerified;
  const bool writes = action == LinkAction::kWriteIcn || action == LinkAction::kOverwriteIcn;
  linked.overwritten = action == LinkAction::kOverwriteIcn || action == LinkAction::kMoveVerified;
  linked.merge_pending = action == LinkAction::kPendingMerge;
  if (action == LinkAction::kKeep && !changes.any()) return linked;

  std::vector<Param> params = {id,
                               facts.link.account_id,
                               call.now,
                               changes.backing.hash,
                               changes.backing.SealedParam(),
                               changes.Email(),
                               changes.digest,
                               changes.due.acceptable,
                               changes.due.idme};
  const Sealed icn = writes ? SealIcn(call, "user_accounts", facts.link.account_id) : Sealed{};
  const Statement* statement = &kTouch;
  if (moves) {
    statement = &kMove;
    linked.account_id = *facts.link.icn_account_id;
    params.insert(params.end(), {linked.account_id, call.icn_hashes, facts.icn_hash});
  } else if (writes) {
    statement = &kWriteIcn;
    params.insert(params.end(), {icn.hash, icn.SealedParam(), facts.icn_hash});
  } else {
    params.emplace_back(action == LinkAction::kMarkVerified);
  }
  const absl::StatusOr<store::Rows> rows = db.Exec(*statement, params);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return LostRace();
  linked.locked = linked.locked || (*rows)[0].Bool(1);
  if (linked.merge_pending) {
    // Under the lock of the credential's row, that its last use was written with.
    if (absl::Status recorded = RecordMerge(db, call, facts); !recorded.ok()) return recorded;
  }
  return linked;
}

absl::Status PgAccountStore::RecordMerge(store::Connection& db, const Call& call,
                                         const Facts& facts) const {
  const std::string& id = facts.verification_id;
  const std::optional<std::string>& other = facts.link.icn_account_id;
  const absl::StatusOr<store::Rows> found = db.Exec(kFindMerge, {id, call.icn_hashes});
  if (!found.ok()) return found.status();
  if (found->empty()) {
    const std::string merge = ids_.Uuid();
    const Sealed icn = SealIcn(call, "pending_merges", merge);
    return db
        .Exec(kNewMerge, {merge, id, facts.link.account_id, other, icn.hash, icn.SealedParam(),
                          call.attempt.request_id, call.now})
        .status();
  }
  const store::Row row = (*found)[0];
  const std::string merge = row.Text(0);
  const absl::StatusOr<MergeState> state = MergeStateFromString(row.Text(1));
  if (!state.ok()) return state.status();
  const std::optional<std::string> spoken_of = row.OptText(4);
  const bool other_icn =
      spoken_of && facts.icn_hash && *spoken_of != *facts.icn_hash &&
      crypto::LookupHasher::KeyIdOf(*spoken_of) == crypto::LookupHasher::KeyIdOf(*facts.icn_hash);
  const bool changed = row.Text(2) != facts.link.account_id || row.OptText(3) != other || other_icn;
  const MergeState next = SeenAgain(*state, changed);
  const absl::Status seen = db.Exec(kSeenAgain, {merge, call.attempt.request_id, call.now,
                                                 ToString(next), facts.link.account_id, other})
                                .status();
  if (!seen.ok() || next == *state) return seen;
  return db.Exec(kReopened, {merge, ToString(next), call.now}).status();
}

}  // namespace va::attributes
