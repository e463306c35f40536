#include "services/user-attributes/store/pg_terms_store.h"

#include <utility>

#include "lib/base/status.h"

namespace va::attributes {
namespace {

using store::Statement;

// Either the row that was added or the one that stood there. Of two at the same moment the loser
// waits for the winner, adds nothing, and does not see the winner's row yet: no row at all.
constexpr Statement kRecord = {
    "record_terms",
    "WITH added AS (INSERT INTO terms_answers (user_account_id, request_id, document, revision, "
    "legal_version, title, decision, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
    "ON CONFLICT (user_account_id, request_id) DO NOTHING "
    "RETURNING document, revision, legal_version, title, decision, decided_at) "
    "SELECT document, revision, legal_version, title, decision, decided_at FROM added "
    "UNION ALL SELECT document, revision, legal_version, title, decision, decided_at "
    "FROM terms_answers WHERE user_account_id = $1 AND request_id = $2"};

constexpr Statement kLatest = {
    "latest_terms",
    "SELECT document, revision, legal_version, title, decision, decided_at FROM terms_answers "
    "WHERE user_account_id = $1 AND document = $2 ORDER BY id DESC LIMIT 1"};

// The second lap sees what the winner of the first one wrote; rows never go away.
constexpr int kLaps = 2;

absl::StatusOr<TermsAnswer> ReadRow(const store::Row& row) {
  const std::optional<TermsDecision> decision = TermsDecisionFromString(row.Text(4));
  if (!decision) {
    return base::MakeError(absl::StatusCode::kInternal, "TERMS_ROW", "no such terms decision");
  }
  return TermsAnswer{{row.Text(0), row.Text(1), row.Text(2), row.Text(3)}, *decision, row.Time(5)};
}

}  // namespace

absl::StatusOr<TermsAnswer> PgTermsStore::Record(absl::string_view account_id,
                                                 absl::string_view request_id,
                                                 const TermsAnswer& answer, absl::Time deadline) {
  return pool_.Run(deadline, [&](store::Connection& db) -> absl::StatusOr<TermsAnswer> {
    for (int lap = 0; lap < kLaps; ++lap) {
      const absl::StatusOr<store::Rows> rows =
          db.Exec(kRecord, {account_id, request_id, answer.document.name, answer.document.revision,
                            answer.document.legal_version, answer.document.title,
                            ToString(answer.decision), answer.decided_at});
      if (!rows.ok()) return rows.status();
      if (!rows->empty()) return ReadRow((*rows)[0]);
    }
    return base::MakeError(absl::StatusCode::kAborted, "TERMS_RACE",
                           "the answer was recorded by somebody else and cannot be seen", true);
  });
}

absl::StatusOr<std::optional<TermsAnswer>> PgTermsStore::Latest(absl::string_view account_id,
                                                                absl::string_view document,
                                                                absl::Time deadline) {
  const absl::StatusOr<store::Rows> rows = pool_.Exec(deadline, kLatest, {account_id, document});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::optional<TermsAnswer>();
  absl::StatusOr<TermsAnswer> answer = ReadRow((*rows)[0]);
  if (!answer.ok()) return answer.status();
  return std::optional<TermsAnswer>(*std::move(answer));
}

}  // namespace va::attributes
