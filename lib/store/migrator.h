// Brings one service's schema forward to what the program expects, and tells a starting program
// whether that happened. Migrations are numbered SQL files compiled into the program (va_migrations
// in cmake/Va.cmake); they run as the schema's owner, never as the role that serves people.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/store/pool.h"

namespace va::store {

// One file NNNN_name.sql.
struct Migration {
  int number;
  absl::string_view name;
  absl::string_view sql;
};

// What a migrating program tells while it works, so that nobody sits before a silent terminal.
struct MigrationEvent {
  enum class Kind {
    kWaiting,   // another program migrates this schema; `migration` is null
    kStarting,  // `migration` begins
    kBlocked,   // it gave way to a transaction that holds a lock it needs, and tries again
    kApplied,   // it is done after `took`
  };
  Kind kind;
  const Migration* migration = nullptr;
  absl::Duration took;
};

// "waiting", "starting", "blocked", "applied".
absl::string_view StepName(MigrationEvent::Kind kind);

struct MigrateOptions {
  std::function<void(const MigrationEvent&)> on_event;  // may be empty
  // A statement that waits for a lock makes everybody queue up behind it who wants that table, so
  // it gives up soon, lets them pass and tries again.
  absl::Duration lock_timeout = absl::Seconds(4);
  int attempts = 60;
};

// Applies what is missing, in order, each in its own transaction, under an advisory lock, so that
// several programs may try at once. Then grants the role `<schema>_app`, if there is one, data
// access to all tables and nothing else. Refuses (FAILED_PRECONDITION) a file that changed after it
// was applied (MIGRATION_CHANGED) and a database that is ahead of the program (MIGRATION_UNKNOWN).
// DEADLINE_EXCEEDED (LOCK_TIMEOUT) when a table stayed locked by others through all attempts.
absl::Status Migrate(const PoolOptions& owner, absl::Span<const Migration> migrations,
                     const MigrateOptions& how = {});

enum class MigrationState {
  kApplied,
  kPending,
  kUnknown,  // in the database, not in the program: a newer one was here
  kChanged,  // applied from a file that read otherwise
};

// "applied", "pending", "unknown", "changed".
absl::string_view StateName(MigrationState state);

// One number, known to the program or to the database.
struct MigrationRow {
  int number;
  std::string name;
  MigrationState state;
  std::optional<absl::Time> applied_at;
};

// A session that migrates, or would, and whom it waits for.
struct MigrationWait {
  int pid;
  std::string application;
  int blocking_pid;
  std::string blocking_application;
};

struct MigrationStatus {
  std::vector<MigrationRow> rows;  // by number
  std::vector<int> running;        // pids that hold the lock: one at most
  std::vector<MigrationWait> waits;
};

// Looks and changes nothing; a schema that was never migrated has everything pending.
absl::StatusOr<MigrationStatus> ReadMigrationStatus(const PoolOptions& owner,
                                                    absl::Span<const Migration> migrations);

// The highest number applied; 0 for an empty schema.
absl::StatusOr<int> CurrentVersion(Pool& pool, absl::Time deadline);

// What a normal start asks: FAILED_PRECONDITION (SCHEMA_BEHIND) until the last of `migrations` is
// applied. A database that is ahead passes: new schemas serve the previous program during a
// rollout.
absl::Status CheckVersion(Pool& pool, absl::Span<const Migration> migrations, absl::Time deadline);

}  // namespace va::store
