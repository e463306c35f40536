#include "services/inherited-proofing/store/pg_handoff_store.h"

#include "lib/crypto/hash.h"
#include "services/inherited-proofing/domain/handoff.h"
#include "services/inherited-proofing/store/open_consent.h"

namespace va::proofing {
namespace {

using store::Bytes;
using store::Rows;
using store::Statement;

// Parallel callers wait for the row of the consent and then find it spent: one of them inserts.
constexpr Statement kMint{"handoff_mint",
                          "WITH spent AS (UPDATE consents c SET spent_at = $4 "
                          "WHERE " VA_OPEN_CONSENT
                          " RETURNING c.id, c.account_id, c.flow_id) "
                          "INSERT INTO handoffs (code_hash, account_id, flow_id, csp, consent_id, "
                          "state, issued_at, expires_at) "
                          "SELECT $5, account_id, flow_id, $6, id, $7, $4, $8 FROM spent "
                          "RETURNING consent_id"};

constexpr Statement kIsVerified{"account_is_verified",
                                "SELECT 1 FROM verified_accounts WHERE account_id = $1"};

}  // namespace

absl::StatusOr<bool> PgHandoffStore::Mint(const NewHandoff& handoff, absl::Time deadline) {
  const std::string token_hash = crypto::Sha256(handoff.consent_token.Reveal());
  const std::string code_hash = crypto::Sha256(handoff.code.Reveal());
  const absl::StatusOr<Rows> rows =
      pool_.Exec(deadline, kMint,
                 {Bytes{token_hash}, handoff.scope.account_id, handoff.scope.flow_id,
                  handoff.issued_at, Bytes{code_hash}, identity::ToString(handoff.csp),
                  ToString(HandoffState::kIssued), handoff.expires_at});
  if (!rows.ok()) return rows.status();
  return !rows->empty();
}

absl::StatusOr<bool> PgHandoffStore::IsVerified(const std::string& account_id,
                                                absl::Time deadline) {
  const absl::StatusOr<Rows> rows = pool_.Exec(deadline, kIsVerified, {account_id});
  if (!rows.ok()) return rows.status();
  return !rows->empty();
}

}  // namespace va::proofing
