#include "services/mhv-account/store/pg_account_store.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace va::mhv {
namespace {

using store::Bytes;
using store::Statement;

constexpr char kEnsureAction[] = "ensure";

constexpr Statement kFindEnsured = {
    "find_ensured",
    "SELECT mhv_id_sealed, premium, champ_va, patient, sm_account_created, origin FROM accounts "
    "WHERE account_id = $1 AND icn_hash = ANY($2::text[]) AND state = 'ensured' "
    "AND terms_revision = $3 AND ensured_at > $4"};

// MHV says "created" once and "existing" ever after: the origin of one and the same MHV account,
// once known to be ours, stays.
constexpr Statement kRecordEnsured = {
    "record_ensured",
    "WITH account AS (INSERT INTO accounts AS a (account_id, icn_hash, state, reasons, "
    "mhv_id_hash, mhv_id_sealed, premium, champ_va, patient, sm_account_created, origin, "
    "terms_revision, ensured_at, created_at, updated_at) "
    "VALUES ($1::uuid, $2, 'ensured', '{}', $3, $4::bytea, $5::boolean, $6::boolean, $7::boolean, "
    "$8::boolean, $9, $10, $11::timestamptz, $11::timestamptz, $11::timestamptz) "
    "ON CONFLICT (account_id) DO UPDATE SET icn_hash = EXCLUDED.icn_hash, state = EXCLUDED.state, "
    "reasons = EXCLUDED.reasons, upstream_code = NULL, mhv_id_hash = EXCLUDED.mhv_id_hash, "
    "mhv_id_sealed = EXCLUDED.mhv_id_sealed, premium = EXCLUDED.premium, "
    "champ_va = EXCLUDED.champ_va, patient = EXCLUDED.patient, "
    "sm_account_created = EXCLUDED.sm_account_created, "
    "origin = CASE WHEN a.origin = 'api_created' AND a.mhv_id_hash = ANY($12::text[]) "
    "THEN a.origin ELSE EXCLUDED.origin END, "
    "terms_revision = EXCLUDED.terms_revision, ensured_at = EXCLUDED.ensured_at, "
    "updated_at = EXCLUDED.updated_at RETURNING account_id, state, reasons) "
    "INSERT INTO account_events (account_id, actor, action, request_id, mhv_asked, state, reasons, "
    "origin, terms_revision, at) "
    "SELECT account_id, $13, $14, $15, true, state, reasons, $9, $10, $11::timestamptz "
    "FROM account"};

// Facts of an earlier success stay; the state says that they are not current. Another ICN's facts
// do not stay.
constexpr Statement kRecordState = {
    "record_state",
    "WITH before AS (SELECT 1 FROM accounts WHERE account_id = $1::uuid AND state = $3 "
    "AND reasons = $4::text[]), "
    "account AS (INSERT INTO accounts AS a (account_id, icn_hash, state, reasons, upstream_code, "
    "created_at, updated_at) VALUES ($1::uuid, $2, $3, $4::text[], $5, $6::timestamptz, "
    "$6::timestamptz) "
    "ON CONFLICT (account_id) DO UPDATE SET icn_hash = EXCLUDED.icn_hash, state = EXCLUDED.state, "
    "reasons = EXCLUDED.reasons, upstream_code = EXCLUDED.upstream_code, "
    "mhv_id_hash = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.mhv_id_hash END, "
    "mhv_id_sealed = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.mhv_id_sealed END, "
    "premium = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.premium END, "
    "champ_va = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.champ_va END, "
    "patient = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.patient END, "
    "sm_account_created = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.sm_account_created END, "
    "origin = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.origin END, "
    "terms_revision = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.terms_revision END, "
    "ensured_at = CASE WHEN a.icn_hash = ANY($7::text[]) THEN a.ensured_at END, "
    "updated_at = EXCLUDED.updated_at RETURNING account_id, state, reasons) "
    "INSERT INTO account_events (account_id, actor, action, request_id, mhv_asked, state, reasons, "
    "upstream_code, terms_revision, at) "
    "SELECT account_id, $8, $9, $10, $11::boolean, state, reasons, $5, $12, $6::timestamptz "
    "FROM account WHERE $11::boolean OR NOT EXISTS (SELECT 1 FROM before)"};

std::string Aad(absl::string_view account_id) {
  return absl::StrCat("accounts/", account_id, "/mhv_id");
}

std::optional<std::string> OrNull(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

}  // namespace

absl::StatusOr<std::optional<MhvAccount>> PgAccountStore::FindEnsured(
    const Person& person, absl::string_view terms_revision, absl::Time not_before,
    absl::Time deadline) {
  const std::vector<std::string> icn_hashes = hasher_.Candidates("icn", person.icn.Reveal());
  const absl::StatusOr<store::Rows> rows = pool_.Exec(
      deadline, kFindEnsured, {person.account_id, icn_hashes, terms_revision, not_before});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  const store::Row row = (*rows)[0];
  absl::StatusOr<std::string> mhv_id = box_.Open(row.Bytes(0), Aad(person.account_id));
  if (!mhv_id.ok()) return mhv_id.status();
  MhvAccount account;
  account.mhv_id = identity::CspId::FromWire(*std::move(mhv_id));
  account.premium = row.Bool(1);
  account.champ_va = row.Bool(2);
  account.patient = row.Bool(3);
  account.sm_account_created = row.Bool(4);
  account.origin = OriginFromString(row.Text(5)).value_or(Origin::kUnknown);
  return account;
}

absl::Status PgAccountStore::Record(const Person& person, const EnsureRecord& record,
                                    absl::Time now, absl::Time deadline) {
  return record.outcome.account ? RecordEnsured(person, record, now, deadline)
                                : RecordState(person, record, now, deadline);
}

absl::Status PgAccountStore::RecordEnsured(const Person& person, const EnsureRecord& record,
                                           absl::Time now, absl::Time deadline) {
  const MhvAccount& account = *record.outcome.account;
  const std::vector<std::string> mhv_id_hashes =
      hasher_.Candidates("mhv_id", account.mhv_id.Reveal());
  const std::string sealed = box_.Seal(account.mhv_id.Reveal(), Aad(person.account_id), ids_);
  return pool_
      .Exec(deadline, kRecordEnsured,
            {person.account_id, hasher_.Hash("icn", person.icn.Reveal()), mhv_id_hashes.front(),
             Bytes{sealed}, account.premium, account.champ_va, account.patient,
             account.sm_account_created, ToString(account.origin), record.terms_revision, now,
             mhv_id_hashes, record.actor, kEnsureAction, record.request_id})
      .status();
}

absl::Status PgAccountStore::RecordState(const Person& person, const EnsureRecord& record,
                                         absl::Time now, absl::Time deadline) {
  const std::vector<std::string> icn_hashes = hasher_.Candidates("icn", person.icn.Reveal());
  const std::optional<std::string> code = OrNull(record.outcome.upstream_code);
  const std::optional<std::string> revision = OrNull(record.terms_revision);
  return pool_
      .Exec(deadline, kRecordState,
            {person.account_id, icn_hashes.front(), ToString(record.outcome.state),
             record.outcome.reasons, code, now, icn_hashes, record.actor, kEnsureAction,
             record.request_id, record.mhv_asked, revision})
      .status();
}

}  // namespace va::mhv
