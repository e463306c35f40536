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
  expires_at, absolute_expires_at
FROM sessions WHERE token_hash = $1 AND expires_at > $2 AND absolute_expires_at > $2)sql"};

// Only the first of several that found the write due makes it; none revives a session that ended.
constexpr Statement kSlide{"session_slide", R"sql(
UPDATE sessions SET last_seen_at = $2, expires_at = $3
WHERE token_hash = $1 AND last_seen_at = $4 AND expires_at > $2)sql"};

constexpr Statement kEnd{"session_end",
                         "DELETE FROM sessions WHERE token_hash = $1 RETURNING account_id"};

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
  return session;
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
      Unseal({.person = row.Bytes(3), .name_id = row.Bytes(4)}, box_, session);
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

absl::StatusOr<std::optional<std::string>> PgSessionStore::End(absl::string_view token_hash,
                                                               absl::Time deadline) {
  const absl::StatusOr<Rows> rows = pool_.Exec(deadline, kEnd, {Bytes{token_hash}});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  return (*rows)[0].Text(0);
}

}  // namespace va::gateway
