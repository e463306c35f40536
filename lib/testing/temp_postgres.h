// A PostgreSQL database for one test program: really PostgreSQL, made on first use, gone at exit.
// When VA_TEST_PG_HOST names the socket folder of a running cluster (trust for `postgres`),
// databases are made there; else a private cluster is started, as user `postgres` when the tests
// run as root.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/store/migrator.h"
#include "lib/store/pool.h"

namespace va::testing {

// One database with one service's schema and its two roles, `<schema>_owner` (may change the
// schema) and `<schema>_app` (may change data). Dropped with the object.
class TempDatabase {
 public:
  static absl::StatusOr<std::unique_ptr<TempDatabase>> Create(absl::string_view schema);
  // The same with these migrations applied. They run once in this process, in a database that
  // nobody else ever uses; each call gets a copy of it, which takes a fraction of the time.
  static absl::StatusOr<std::unique_ptr<TempDatabase>> CreateMigrated(
      absl::string_view schema, absl::Span<const store::Migration> migrations);
  ~TempDatabase();
  TempDatabase(const TempDatabase&) = delete;
  TempDatabase& operator=(const TempDatabase&) = delete;

  // As the service serves, as it migrates, and as the cluster's superuser.
  store::PoolOptions App(int pool_size = 4) const;
  store::PoolOptions Owner() const;
  store::PoolOptions Superuser() const;

  // Runs SQL as superuser in this database, for what a test must arrange behind the store's back;
  // the unaligned answer, columns separated by '|'.
  absl::StatusOr<std::string> Psql(const std::string& sql) const;

  // Closes every connection of the app role from the server's side.
  absl::Status TerminateApp() const;

  const std::string& name() const { return name_; }
  // Folder of the cluster's unix socket.
  const std::string& host() const { return host_; }

 private:
  TempDatabase(std::string host, std::string name, std::string schema);
  static absl::StatusOr<const TempDatabase*> Template(
      absl::string_view schema, absl::Span<const store::Migration> migrations);
  store::PoolOptions Options(std::string user, int size) const;

  std::string host_;
  std::string name_;
  std::string schema_;
};

}  // namespace va::testing
