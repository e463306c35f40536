// Private to lib/store: the libpqxx side of rows and connections. Nobody else includes this, so a
// change of driver stays in this folder.
#pragma once

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/store/pool.h"
#include "lib/store/watchdog.h"

namespace va::store {

struct ResultHolder {
  pqxx::result result;
};

// Opens a connection as the options say. Blocks up to connect_timeout, or up to `patience` when
// that is shorter; libpq counts in seconds and gives every host of a list two at least.
absl::StatusOr<std::unique_ptr<pqxx::connection>> Connect(
    const PoolOptions& options, absl::Duration patience = absl::InfiniteDuration());

// Runs `body` and turns what it throws into a Status. `broken` is set when the connection is of no
// further use. `subject` names the statement; server messages are dropped, they may quote values.
absl::Status Guard(absl::string_view subject, bool* broken, absl::FunctionRef<void()> body);

struct Connection::Impl {
  Impl(const PoolOptions& o, Watchdog& w) : options(o), watchdog(w) {}

  // Connects, for the first time or in place of a broken connection, before the deadline.
  absl::Status Open();
  // Whether the other side closed the connection, or said something nobody asked for, while it lay
  // idle. One system call, nothing is sent.
  bool WentStale() const;
  absl::Status Reconnect();
  absl::Status Prepare(const Statement& statement);
  absl::StatusOr<Rows> ExecPrepared(const Statement& statement, absl::Span<const Param> params);
  absl::Status CheckParams(const Statement& statement, absl::Span<const Param> params) const;

  // Guard, with the connection cut off when the deadline passes in the meantime.
  absl::Status GuardInTime(absl::string_view subject, Watchdog::Clock::time_point deadline_at,
                           absl::FunctionRef<void()> body);

  const PoolOptions& options;
  Watchdog& watchdog;
  // Of the call that has borrowed the connection; on the steady clock, so that a step of the wall
  // clock cuts nobody off.
  Watchdog::Clock::time_point deadline = Watchdog::kNever;
  std::unique_ptr<pqxx::connection> link;
  std::unique_ptr<Watch> watch;  // over `link`
  // By address of the name: statements are constants.
  absl::flat_hash_set<const char*> prepared;
  std::unique_ptr<pqxx::work> transaction;
  absl::Status transaction_failure;
  bool used = false;    // something was executed since the connection was borrowed
  bool broken = false;  // never lend it again
  int64_t replaced = 0;
};

}  // namespace va::store
