#include "services/user-attributes/store/pg_account_events.h"

#include <utility>

#include "lib/base/status.h"
#include "services/user-attributes/store/account_rows.h"

namespace va::attributes {
namespace {

using store::Statement;

// One snapshot of the counter, of the oldest that is kept, and of the page.
constexpr Statement kReadEvents = {
    "read_account_events",
    "SELECT c.last, (SELECT min(k.sequence) FROM account_events k), e.sequence, e.kind, "
    "e.user_account_id, e.user_verification_id, e.happened_at FROM account_event_counter c "
    "LEFT JOIN LATERAL (SELECT sequence, kind, user_account_id, user_verification_id, happened_at "
    "FROM account_events WHERE sequence > $1 ORDER BY sequence LIMIT $2) e ON true "
    "ORDER BY e.sequence"};

constexpr Statement kLastEvent = {"last_account_event", "SELECT last FROM account_event_counter"};

absl::Status NoCounter() {
  return base::MakeError(absl::StatusCode::kInternal, "ACCOUNT_ROW", "the event counter is gone");
}

}  // namespace

absl::StatusOr<std::vector<AccountEvent>> PgAccountEvents::ReadEvents(std::int64_t after, int size,
                                                                      absl::Time deadline) {
  const absl::StatusOr<store::Rows> rows = pool_.Exec(deadline, kReadEvents, {after, size});
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return NoCounter();
  const std::int64_t last = (*rows)[0].Int(0);
  const std::int64_t oldest = (*rows)[0].IsNull(1) ? last + 1 : (*rows)[0].Int(1);
  // A number that was never given out was seen before the database came back from a backup.
  const bool forgotten = after > 0 && after + 1 < oldest;
  if (forgotten || after > last) {
    return base::MakeError(absl::StatusCode::kOutOfRange, "EVENTS_FORGOTTEN",
                           "events behind this number are not kept");
  }
  std::vector<AccountEvent> out;
  for (const store::Row row : *rows) {
    if (row.IsNull(2)) break;
    const absl::StatusOr<AccountEventKind> kind = EventKindFromString(row.Text(3));
    if (!kind.ok()) return kind.status();
    out.push_back({row.Int(2), *kind, row.Text(4), row.Text(5), row.Time(6)});
  }
  return out;
}

absl::StatusOr<std::int64_t> PgAccountEvents::LastEvent(absl::Time deadline) {
  const absl::StatusOr<store::Rows> rows = pool_.Exec(deadline, kLastEvent);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return NoCounter();
  return (*rows)[0].Int(0);
}

}  // namespace va::attributes
