// Connections to one service's schema in PostgreSQL: bounded, borrowed for the length of one call,
// replaced when broken. Everything the database can answer comes back as a Status with a stable
// reason and no data in its text; libpqxx and its exceptions stay behind this header.
//
// Codes and reasons: UNAVAILABLE (POOL_EXHAUSTED, CONNECTION_FAILED, CONNECTION_LOST,
// COMMIT_IN_DOUBT, DATABASE_READ_ONLY, DATABASE_OVERLOADED), DEADLINE_EXCEEDED (STATEMENT_DEADLINE,
// STATEMENT_TIMEOUT, LOCK_TIMEOUT), ABORTED (SERIALIZATION), ALREADY_EXISTS (UNIQUE_VIOLATION),
// FAILED_PRECONDITION (CONSTRAINT_VIOLATION), INVALID_ARGUMENT (BAD_VALUE), PERMISSION_DENIED
// (NOT_PERMITTED), INTERNAL (STATEMENT_FAILED).
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/store/rows.h"
#include "lib/store/statement.h"

namespace va::store {

struct PoolOptions {
  std::string host;  // a name, an address, or the folder of a unix socket; a list with commas is
                     // tried in order
  int port = 5432;
  std::string name;  // of the database
  std::string user;
  std::string
      password_file;   // read again for every new connection, so a rotated password is picked up
  std::string schema;  // becomes the search path
  std::string application_name;
  int size = 8;
  absl::Duration acquire_timeout = absl::Seconds(2);
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration statement_timeout = absl::Seconds(5);
  size_t max_param_bytes = 1 << 20;
};

struct PoolStats {
  int open = 0;
  int idle = 0;
  int waiting = 0;
  int64_t exhausted = 0;  // calls that found no connection in time
  int64_t replaced = 0;   // connections thrown away as broken
};

// One borrowed connection. Used by one thread at a time.
class Connection {
 public:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Outside a transaction each statement commits by itself, without BEGIN and COMMIT round trips.
  absl::StatusOr<Rows> Exec(const Statement& statement, std::initializer_list<Param> params = {}) {
    return Exec(statement, absl::Span<const Param>(params.begin(), params.size()));
  }
  absl::StatusOr<Rows> Exec(const Statement& statement, absl::Span<const Param> params);

  // Runs `body` between BEGIN and COMMIT; anything but OK from it rolls back.
  absl::Status InTransaction(absl::FunctionRef<absl::Status(Connection&)> body);

  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

class Pool {
 public:
  // Checks the options; connects on first use (Ping tells whether that works).
  static absl::StatusOr<std::unique_ptr<Pool>> Create(PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Calls `body(Connection&)`, which returns absl::Status or absl::StatusOr<T>, with a connection
  // that is free before `deadline` and within acquire_timeout; otherwise answers UNAVAILABLE,
  // POOL_EXHAUSTED. A connection that died while idle is replaced before anything is sent on it.
  // While no new connection can be made, those that are open serve (attack B3: a password is
  // changed in the database and in its file at two moments); CONNECTION_FAILED means that there is
  // none. `deadline` holds for everything that follows too: nothing is begun after it, and a
  // statement that has no answer by then ends in DEADLINE_EXCEEDED, STATEMENT_DEADLINE, and costs
  // the connection. Whether it took effect is as unknown as with CONNECTION_LOST.
  template <typename F>
  std::invoke_result_t<F&, Connection&> Run(absl::Time deadline, F&& body) {
    absl::StatusOr<std::unique_ptr<Connection>> connection = Acquire(deadline);
    if (!connection.ok()) return connection.status();
    const Lease lease(*this, *std::move(connection));
    return body(*lease.connection);
  }

  // One statement on its own.
  absl::StatusOr<Rows> Exec(absl::Time deadline, const Statement& statement,
                            std::initializer_list<Param> params = {});

  // Whether the database answers: for readiness.
  absl::Status Ping(absl::Time deadline);

  PoolStats stats() const;
  const PoolOptions& options() const;

 private:
  struct Impl;
  struct Lease {
    Lease(Pool& p, std::unique_ptr<Connection> c) : pool(p), connection(std::move(c)) {}
    ~Lease() { pool.Release(std::move(connection)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Pool& pool;
    mutable std::unique_ptr<Connection> connection;
  };

  explicit Pool(std::unique_ptr<Impl> impl);
  absl::StatusOr<std::unique_ptr<Connection>> Acquire(absl::Time deadline);
  // One that is open already, for who could not open another: none when there are none any more,
  // or none became free in time.
  std::unique_ptr<Connection> AwaitOther(std::chrono::steady_clock::time_point deadline);
  void Release(std::unique_ptr<Connection> connection);

  std::unique_ptr<Impl> impl_;
};

}  // namespace va::store
