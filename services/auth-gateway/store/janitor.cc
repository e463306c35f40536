#include "services/auth-gateway/store/janitor.h"

#include <utility>

#include "lib/store/sweep.h"

namespace va::gateway {
namespace {

using store::Statement;

// SKIP LOCKED: two janitors share the work instead of waiting for each other.
constexpr Statement kSweepFlows{"sweep_flows", R"sql(
DELETE FROM flows WHERE id IN (
  SELECT id FROM flows WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
  FOR UPDATE SKIP LOCKED))sql"};
// In the order of flows_open_by_browser, which has started attempts only: by expiry, thirty days of
// finished ones would be read first.
constexpr Statement kSweepStarted{"sweep_started", R"sql(
DELETE FROM flows WHERE id IN (
  SELECT id FROM flows WHERE stage = 'started' AND expires_at <= $1
  ORDER BY browser_hash, created_at LIMIT $2
  FOR UPDATE SKIP LOCKED))sql"};
constexpr Statement kSweepAssertions{"sweep_assertions", R"sql(
DELETE FROM used_assertions WHERE (issuer, assertion_id) IN (
  SELECT issuer, assertion_id FROM used_assertions WHERE expires_at <= $1 ORDER BY expires_at
  LIMIT $2 FOR UPDATE SKIP LOCKED))sql"};
constexpr Statement kSweepSessions{"sweep_sessions", R"sql(
DELETE FROM sessions WHERE token_hash IN (
  SELECT token_hash FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
  FOR UPDATE SKIP LOCKED))sql"};
constexpr Statement kSweepLogouts{"sweep_logouts", R"sql(
DELETE FROM logouts WHERE handle_hash IN (
  SELECT handle_hash FROM logouts WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
  FOR UPDATE SKIP LOCKED))sql"};

}  // namespace

absl::StatusOr<int64_t> Sweep(store::Pool& pool, const JanitorOptions& options, absl::Time now,
                              absl::Time deadline) {
  struct Kind {
    const Statement& statement;
    absl::Time over_by;
    absl::string_view table;
  };
  const Kind kinds[] = {
      {kSweepStarted, now - options.started_retention, "flows"},
      {kSweepFlows, now - options.flow_retention, "flows"},
      {kSweepAssertions, now - options.clock_reserve, "used_assertions"},
      {kSweepSessions, now - options.clock_reserve, "sessions"},
      {kSweepLogouts, now - options.clock_reserve, "logouts"},
  };
  int64_t deleted = 0;
  absl::Status failure;
  for (const Kind& kind : kinds) {
    const absl::StatusOr<int64_t> swept = store::SweepRows(
        pool, kind.statement, kind.over_by, {options.batch, options.max_batches}, deadline);
    failure.Update(swept.status());
    if (options.on_deleted && swept.value_or(0) > 0) options.on_deleted(kind.table, *swept);
    deleted += swept.value_or(0);
  }
  if (!failure.ok()) return failure;
  return deleted;
}

}  // namespace va::gateway
