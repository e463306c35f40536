#include "lib/service/audit_heads.h"

#include "lib/base/status.h"

namespace va::service {
namespace {

using store::Statement;

constexpr Statement kAnchor{"anchor_audit_head", R"sql(
INSERT INTO audit_heads (chain, seq, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING)sql"};
constexpr Statement kStands{"find_audit_head", R"sql(
SELECT hash = $3 FROM audit_heads WHERE chain = $1 AND seq = $2)sql"};
constexpr Statement kHeads{"audit_heads_of_chain", R"sql(
SELECT seq, hash FROM audit_heads WHERE chain = $1 ORDER BY seq)sql"};
constexpr Statement kChains{"audit_chains_between", R"sql(
SELECT DISTINCT chain FROM audit_heads WHERE anchored_at BETWEEN $1 AND $2 ORDER BY chain)sql"};
// By the database's clock, as its guard judges.
constexpr Statement kForget{"forget_audit_heads", R"sql(
DELETE FROM audit_heads WHERE (chain, seq) IN (
  SELECT chain, seq FROM audit_heads WHERE anchored_at < now() - interval '400 days'
  ORDER BY anchored_at LIMIT 1000 FOR UPDATE SKIP LOCKED))sql"};

}  // namespace

absl::Status AnchorHead(store::Pool& pool, const telemetry::ChainHead& head, absl::Time deadline) {
  const auto added = pool.Exec(deadline, kAnchor, {head.chain, head.seq, store::Bytes{head.hash}});
  if (!added.ok()) return added.status();
  if (added->affected() == 1) return absl::OkStatus();
  const auto stands = pool.Exec(deadline, kStands, {head.chain, head.seq, store::Bytes{head.hash}});
  if (!stands.ok()) return stands.status();
  if (!stands->empty() && (*stands)[0].Bool(0)) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kAlreadyExists, "AUDIT_HEAD_DIFFERS",
                         "the database holds another head at this place of the chain");
}

absl::StatusOr<std::vector<telemetry::ChainHead>> HeadsOf(store::Pool& pool,
                                                          absl::string_view chain,
                                                          absl::Time deadline) {
  const auto rows = pool.Exec(deadline, kHeads, {chain});
  if (!rows.ok()) return rows.status();
  std::vector<telemetry::ChainHead> heads;
  for (const store::Row row : *rows) {
    heads.push_back({std::string(chain), row.Int(0), row.Bytes(1)});
  }
  return heads;
}

absl::StatusOr<std::vector<std::string>> ChainsBetween(store::Pool& pool, absl::Time from,
                                                       absl::Time to, absl::Time deadline) {
  const auto rows = pool.Exec(deadline, kChains, {from, to});
  if (!rows.ok()) return rows.status();
  std::vector<std::string> chains;
  for (const store::Row row : *rows) chains.push_back(row.Text(0));
  return chains;
}

absl::StatusOr<int64_t> ForgetOldHeads(store::Pool& pool, absl::Time deadline) {
  const auto gone = pool.Exec(deadline, kForget);
  if (!gone.ok()) return gone.status();
  return gone->affected();
}

}  // namespace va::service
