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

namespace va::store {

struct ResultHolder {
  pqxx::result result;
};

// Opens a connection as the options say. Blocks up to connect_timeout.
absl::StatusOr<std::unique_ptr<pqxx::connection>> Connect(const PoolOptions& options);

// Runs `body` and turns what it throws into a Status. `broken` is set when the connection is of no
// further use. `subject` names the statement; server messages are dropped, they may quote values.
absl::Status Guard(absl::string_view subject, bool* broken, absl::FunctionRef<void()> body);

struct Connection::Impl {
  Impl(const PoolOptions& o, std::unique_ptr<pqxx::connection> c)
      : options(o), link(std::move(c)) {}

  // Whether the other side closed the connection, or said something nobody asked for, while it lay
  // idle. One system call, nothing is sent.
  bool WentStale() const;
  absl::Status Reconnect();
  absl::Status Prepare(const Statement& statement);
  absl::StatusOr<Rows> ExecPrepared(const Statement& statement, absl::Span<const Param> params);
  absl::Status CheckParams(const Statement& statement, absl::Span<const Param> params) const;

  const PoolOptions& options;
  std::unique_ptr<pqxx::connection> link;
  // By address of the name: statements are constants.
  absl::flat_hash_set<const char*> prepared;
  std::unique_ptr<pqxx::work> transaction;
  absl::Status transaction_failure;
  bool used = false;    // something was executed since the connection was borrowed
  bool broken = false;  // never lend it again
  int64_t replaced = 0;
};

}  // namespace va::store
