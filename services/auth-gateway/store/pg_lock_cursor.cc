#include "services/auth-gateway/store/pg_lock_cursor.h"

namespace va::gateway {
namespace {

using store::Statement;

constexpr Statement kLoad{"lock_cursor_load",
                          "SELECT sequence FROM lock_cursor WHERE feed = 'accounts'"};

constexpr Statement kAdvance{"lock_cursor_advance", R"sql(
INSERT INTO lock_cursor (feed, sequence) VALUES ('accounts', $1)
ON CONFLICT (feed) DO UPDATE SET sequence = EXCLUDED.sequence
WHERE lock_cursor.sequence < EXCLUDED.sequence)sql"};

constexpr Statement kReset{"lock_cursor_reset",
                           "UPDATE lock_cursor SET sequence = 0 WHERE feed = 'accounts'"};

}  // namespace

absl::StatusOr<std::optional<std::int64_t>> PgLockCursor::Load(absl::Time deadline) {
  const absl::StatusOr<store::Rows> rows = pool_.Exec(deadline, kLoad);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::nullopt;
  return (*rows)[0].Int(0);
}

absl::Status PgLockCursor::Advance(std::int64_t sequence, absl::Time deadline) {
  return pool_.Exec(deadline, kAdvance, {sequence}).status();
}

absl::Status PgLockCursor::Reset(absl::Time deadline) {
  return pool_.Exec(deadline, kReset).status();
}

}  // namespace va::gateway
