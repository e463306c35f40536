#include "services/auth-gateway/store/pg_session_store.h"

#include <utility>

#include "services/auth-gateway/domain/session_policy.h"
#include "services/auth-gateway/store/session_row.h"

namespace va::gateway {
namespace {

using store::Bytes;
using store::Row;
using store::Rows;
using store::Statement;

constexpr Statement kFind{"session_find", R"sql(
SELECT flow_id, account_id, verification_id, person, name_id, session_index, transaction_id,
  authn_context, service_name, account_type, multifactor, ial, aal, auth_time, csp, pathway,
  loa_current, loa_highest, application, waived, policy_version, created_at, last_seen_at,
  expires_at, absolute_expires_at, COALESCE(last_signed_in, created_at),
  idp, name_id_format, COALESCE(name_qualifier, ''), COALESCE(sp_name_qualifier, '')
FROM sessions WHERE token_hash = $1 AND expires_at > $2 AND absolute_expires_at > $2)sql"};

// Only the first of several that found the write due makes it; none revives a session that ended.
constexpr Statement kSlide{"session_slide", R"sql(
UPDATE sessions SET last_seen_at = $2, expires_at = $3
WHERE token_hash = $1 AND last_seen_at = $4 AND expires_at > $2)sql"};

#define VA_ENDED_COLUMNS                                                              \
  "token_hash, flow_id, account_id, application, csp, idp, name_id, name_id_format, " \
  "session_index, COALESCE(name_qualifier, ''), COALESCE(sp_name_qualifier, '')"

constexpr Statement kEnd{"session_end",
                         "DELETE FROM sessions WHERE token_hash = $1 RETURNING " VA_ENDED_COLUMNS};

// A name is its text, its format and who gave it (SAML core 3.3.4). A format that one side left
// open agrees with any. No SessionIndex means all of them (SAML core 3.7.1) that were there.
constexpr Statement kEndByIdp{
    "session_end_by_idp",
    "DELETE FROM sessions WHERE idp = $1 AND name_id_hash = ANY ($2) "
    "AND (cardinality($3::text[]) = 0 AND auth_time <= $6 OR session_index = ANY ($3)) "
    "AND ($4 = '' OR COALESCE(name_id_format, '') IN "
    "('', 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified', $4)) "
    "AND COALESCE(NULLIF(name_qualifier, idp), '') = $5 "
    "RETURNING " VA_ENDED_COLUMNS};

// The index by account finds them; a person has few.
constexpr Statement kEndByAccount{
    "session_end_by_account",
    "DELETE FROM sessions WHERE account_id = $1 AND ($2 = '' OR verification_id = $2) "
    "AND created_at <= $3 RETURNING " VA_ENDED_COLUMNS};

#undef VA_ENDED_COLUMNS

constexpr Statement kKeepLogout{"logout_keep", R"sql(
INSERT INTO logouts (handle_hash, browser_hash, request_id, idp, csp, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};

constexpr Statement kFindLogout{"logout_find", R"sql(
SELECT request_id, idp, csp, created_at, expires_at FROM logouts
WHERE handle_hash = $1 AND browser_hash = $2 AND expires_at > $3)sql"};

constexpr Statement kTakeLogout{"logout_take",
                                "DELETE FROM logouts WHERE handle_hash = $1 RETURNING request_id"};

SessionRecord ReadRow(const Row& row, absl::string_view token_hash) {
  SessionRecord session;
  session.token_hash = std::string(token_hash);
  session.flow_id = row.Text(0);
  session.account_id = row.Text(1);
  session.verification_id = row.Text(2);
  session.session_index = row.Text(5);
  session.transaction_id = row.Text(6);
  session.authn_context = row.Text(7);
  session.service_name = row.Text(8);
  session.account_type = row.Text(9);
  session.multifactor = row.Bool(10);
  session.assurance.ial = static_cast<int>(row.Int(11));
  session.assurance.aal = static_cast<int>(row.Int(12));
  session.assurance.auth_time = row.Time(13);
  session.assurance.csp = identity::CspFromString(row.Text(14));
  session.assurance.pathway = row.Text(15);
  session.assurance.loa_current = static_cast<int>(row.Int(16));
  session.assurance.loa_highest = static_cast<int>(row.Int(17));
  session.application = row.Text(18);
  session.waived_findings = row.Texts(19);
  session.policy_version = row.Text(20);
  session.created_at = row.Time(21);
  session.last_seen_at = row.Time(22);
  session.expires_at = row.Time(23);
  session.absolute_expires_at = row.Time(24);
  session.last_signed_in = row.Time(25);
  session.idp = row.Text(26);
  session.name_id_format = row.Text(27);
  session.name_qualifier = row.Text(28);
  session.sp_name_qualifier = row.Text(29);
  return session;
}

// A session that cannot be opened any more has ended all the same: then nobody can tell its IdP.
EndedSession ReadEnded(const Row& row, const crypto::SealedBox& box) {
  EndedSession ended;
  ended.token_hash = row.Bytes(0);
  ended.flow_id = row.Text(1);
  ended.account_id = row.Text(2);
  ended.application = row.Text(3);
  ended.csp = identity::CspFromString(row.Text(4));
  ended.idp = row.Text(5);
  ended.name_id = OpenNameId(row.Bytes(6), ended.token_hash, box).value_or(identity::PersonText());
  ended.name_id_format = row.Text(7);
  ended.session_index = row.Text(8);
  ended.name_qualifier = row.Text(9);
  ended.sp_name_qualifier = row.Text(10);
  return ended;
}

}  // namespace

absl::StatusOr<std::optional<SessionRecord>> PgSessionStore::Use(absl::string_view token_hash,
                                                                 absl::Time now,
                                                                 absl::Time deadline) {
  const absl::StatusOr<Rows> rows = pool_.Exec(deadline, kFind, {Bytes{token_hash}, now});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  const Row row = (*rows)[0];
  SessionRecord session = ReadRow(row, token_hash);
  const absl::Status opened =
      Unseal({.person = row.Bytes(3), .name_id = row.Bytes(4), .name_id_hash = {}}, box_, session);
  if (!opened.ok()) return opened;
  if (!NeedsSlide(session, now)) return session;
  const absl::Time read_last_seen = session.last_seen_at;
  Slide(session, now);
  const absl::StatusOr<Rows> moved =
      pool_.Exec(deadline, kSlide,
                 {Bytes{token_hash}, session.last_seen_at, session.expires_at, read_last_seen});
  if (!moved.ok()) return moved.status();
  return session;
}

absl::StatusOr<std::optional<EndedSession>> PgSessionStore::End(absl::string_view token_hash,
                                                                absl::Time deadline) {
  const absl::StatusOr<Rows> rows = pool_.Exec(deadline, kEnd, {Bytes{token_hash}});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  return ReadEnded((*rows)[0], box_);
}

absl::StatusOr<std::vector<EndedSession>> PgSessionStore::EndByIdp(const IdpSessions& which,
                                                                   absl::Time deadline) {
  const absl::StatusOr<Rows> rows = pool_.Exec(
      deadline, kEndByIdp,
      {which.idp, NameIdCandidates(which.idp, which.name_id, box_), which.session_indexes,
       which.name_id_format, which.name_qualifier, which.authenticated_by});
  if (!rows.ok()) return rows.status();
  return ReadAllEnded(*rows);
}

absl::StatusOr<std::vector<EndedSession>> PgSessionStore::EndByAccount(const AccountSessions& which,
                                                                       absl::Time deadline) {
  const absl::StatusOr<Rows> rows = pool_.Exec(
      deadline, kEndByAccount, {which.account_id, which.verification_id, which.begun_by});
  if (!rows.ok()) return rows.status();
  return ReadAllEnded(*rows);
}

std::vector<EndedSession> PgSessionStore::ReadAllEnded(const Rows& rows) const {
  std::vector<EndedSession> ended;
  for (const Row row : rows) ended.push_back(ReadEnded(row, box_));
  return ended;
}

absl::Status PgSessionStore::KeepLogout(const PendingLogout& logout, absl::Time deadline) {
  return pool_
      .Exec(deadline, kKeepLogout,
            {Bytes{logout.handle_hash}, Bytes{logout.browser_hash}, logout.request_id, logout.idp,
             logout.csp.has_value() ? store::Param(identity::ToString(*logout.csp))
                                    : store::Param(nullptr),
             logout.created_at, logout.expires_at})
      .status();
}

absl::StatusOr<std::optional<PendingLogout>> PgSessionStore::FindLogout(
    absl::string_view handle_hash, absl::string_view browser_hash, absl::Time now,
    absl::Time deadline) {
  const absl::StatusOr<Rows> rows =
      pool_.Exec(deadline, kFindLogout, {Bytes{handle_hash}, Bytes{browser_hash}, now});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  const Row row = (*rows)[0];
  PendingLogout logout;
  logout.handle_hash = std::string(handle_hash);
  logout.browser_hash = std::string(browser_hash);
  logout.request_id = row.Text(0);
  logout.idp = row.Text(1);
  logout.csp = identity::CspFromString(row.Text(2));
  logout.created_at = row.Time(3);
  logout.expires_at = row.Time(4);
  return logout;
}

absl::StatusOr<bool> PgSessionStore::TakeLogout(absl::string_view handle_hash,
                                                absl::Time deadline) {
  const absl::StatusOr<Rows> rows = pool_.Exec(deadline, kTakeLogout, {Bytes{handle_hash}});
  if (!rows.ok()) return rows.status();
  return !rows->empty();
}

}  // namespace va::gateway
