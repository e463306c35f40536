#include "services/inherited-proofing/store/pg_consent_store.h"

#include <optional>
#include <string>

#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "services/inherited-proofing/store/open_consent.h"

namespace va::proofing {
namespace {

using store::Bytes;
using store::Param;
using store::Rows;
using store::Statement;

// A repeated answer keeps its row and its end and changes the token alone, as long as nothing was
// started with the earlier one. No row comes back when it is another answer, or over.
constexpr Statement kRecord{"consent_record", R"sql(
INSERT INTO consents AS c (id, account_id, flow_id, text_version, text_sha256, decision, locale,
  request_id, decided_at, token_hash, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (account_id, request_id) DO UPDATE SET token_hash = EXCLUDED.token_hash
WHERE (c.flow_id, c.text_version, c.text_sha256, c.decision, c.locale)
    = (EXCLUDED.flow_id, EXCLUDED.text_version, EXCLUDED.text_sha256, EXCLUDED.decision,
       EXCLUDED.locale)
  AND c.spent_at IS NULL AND (c.expires_at > $9) IS NOT FALSE
RETURNING c.expires_at)sql"};

// Why there was no row: whether what is stored is the same answer.
constexpr Statement kIsSame{"consent_is_same", R"sql(
SELECT (flow_id, text_version, text_sha256, decision, locale)
     = ($3::text, $4::text, $5::sha256_hex, $6::consent_decision, $7::text)
FROM consents WHERE account_id = $1 AND request_id = $2)sql"};

constexpr Statement kIsOpen{"consent_is_open", "SELECT 1 FROM consents c WHERE " VA_OPEN_CONSENT};

absl::Status Refused(bool same) {
  if (same) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "CONSENT_OVER",
                           "this answer was used or has ended: ask for a new one");
  }
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "REQUEST_ID_REUSED",
                         "another answer stands under this request id");
}

}  // namespace

absl::StatusOr<absl::Time> PgConsentStore::Record(const ConsentAnswer& answer,
                                                  const identity::Secret& token,
                                                  absl::Time deadline) {
  const bool given = answer.decision == ConsentDecision::kGiven;
  const std::string id = ids_.Uuid();
  const std::string hash = crypto::Sha256(token.Reveal());
  const absl::string_view decision = ToString(answer.decision);
  return pool_.Run(deadline, [&](store::Connection& db) -> absl::StatusOr<absl::Time> {
    const absl::StatusOr<Rows> rows =
        db.Exec(kRecord, {id, answer.scope.account_id, answer.scope.flow_id, answer.text_version,
                          answer.text_sha256, decision, answer.locale, answer.request_id,
                          answer.decided_at, given ? Param(Bytes{hash}) : Param(nullptr),
                          given ? Param(answer.expires_at) : Param(nullptr)});
    if (!rows.ok()) return rows.status();
    if (!rows->empty()) return (*rows)[0].Time(0);
    const absl::StatusOr<Rows> stored =
        db.Exec(kIsSame, {answer.scope.account_id, answer.request_id, answer.scope.flow_id,
                          answer.text_version, answer.text_sha256, decision, answer.locale});
    if (!stored.ok()) return stored.status();
    return Refused(!stored->empty() && (*stored)[0].Bool(0));
  });
}

absl::StatusOr<bool> PgConsentStore::IsOpen(const identity::Secret& token,
                                            const ConsentScope& scope, absl::Time now,
                                            absl::Time deadline) {
  const std::string hash = crypto::Sha256(token.Reveal());
  const absl::StatusOr<Rows> rows =
      pool_.Exec(deadline, kIsOpen, {Bytes{hash}, scope.account_id, scope.flow_id, now});
  if (!rows.ok()) return rows.status();
  return !rows->empty();
}

}  // namespace va::proofing
