// Brings one service's schema forward to what the program expects, and tells a starting program
// whether that happened. Migrations are numbered SQL files compiled into the program (va_migrations
// in cmake/Va.cmake); they run as the schema's owner, never as the role that serves people.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/store/pool.h"

namespace va::store {

// One file NNNN_name.sql.
struct Migration {
  int number;
  absl::string_view name;
  absl::string_view sql;
};

// Applies what is missing, in order, each in its own transaction, under an advisory lock, so that
// several programs may try at once. Then grants the role `<schema>_app`, if there is one, data
// access to all tables and nothing else. Refuses (FAILED_PRECONDITION) a file that changed after it
// was applied (MIGRATION_CHANGED) and a database that is ahead of the program (MIGRATION_UNKNOWN).
absl::Status Migrate(const PoolOptions& owner, absl::Span<const Migration> migrations);

// The highest number applied; 0 for an empty schema.
absl::StatusOr<int> CurrentVersion(Pool& pool, absl::Time deadline);

// What a normal start asks: FAILED_PRECONDITION (SCHEMA_BEHIND) until the last of `migrations` is
// applied. A database that is ahead passes: new schemas serve the previous program during a
// rollout.
absl::Status CheckVersion(Pool& pool, absl::Span<const Migration> migrations, absl::Time deadline);

}  // namespace va::store
