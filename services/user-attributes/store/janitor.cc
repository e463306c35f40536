#include "services/user-attributes/store/janitor.h"

namespace va::attributes {
namespace {

using store::Statement;

// From the oldest on and without a hole, whatever clocks said when the events were written: a
// reader asks by number. Hence no SKIP LOCKED; a second janitor waits and finds nothing.
constexpr Statement kSweepEvents{"sweep_account_events", R"sql(
DELETE FROM account_events WHERE sequence IN (
  SELECT sequence FROM account_events WHERE sequence < COALESCE(
    (SELECT sequence FROM account_events WHERE happened_at > $1 ORDER BY sequence LIMIT 1),
    9223372036854775807)
  ORDER BY sequence LIMIT $2 FOR UPDATE))sql"};

constexpr Statement kSweepContacts{"sweep_contact_cache", R"sql(
DELETE FROM contact_cache WHERE user_account_id IN (
  SELECT user_account_id FROM contact_cache WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
  FOR UPDATE SKIP LOCKED))sql"};

}  // namespace

absl::StatusOr<int64_t> Sweep(store::Pool& pool, const JanitorOptions& options, absl::Time now,
                              absl::Time deadline) {
  int64_t deleted = 0;
  absl::Status failure;
  const auto sweep = [&](const Statement& statement, absl::Time over_by) {
    const auto swept = store::SweepRows(pool, statement, over_by, options.limits, deadline);
    failure.Update(swept.status());
    deleted += swept.value_or(0);
  };
  sweep(kSweepEvents, now - options.event_retention);
  sweep(kSweepContacts, now);
  if (!failure.ok()) return failure;
  return deleted;
}

}  // namespace va::attributes
