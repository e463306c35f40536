#include "lib/store/migrator.h"

#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/store/pqxx_connection.h"

namespace va::store {
namespace {

constexpr Statement kVersion{"store_version",
                             "SELECT COALESCE(max(number), 0) FROM schema_migrations"};

// Waiting for another program's migration is part of the job; a migration of a large table too.
constexpr absl::Duration kMigrationTimeout = absl::Minutes(30);

struct Applied {
  std::string name;
  std::string checksum;
};

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, reason, message);
}

std::string Label(int number, absl::string_view name) {
  return absl::StrFormat("%04d_%s", number, name);
}

// One schema's migration, on one connection. The methods throw what libpqxx throws; Migrate guards.
class Session {
 public:
  Session(pqxx::connection& link, const std::string& schema)
      : link_(link), schema_(schema), quoted_schema_(link.quote_name(schema)) {}

  void Lock() {
    pqxx::nontransaction direct(link_);
    direct.exec_params("SELECT pg_advisory_lock(hashtext('va.migrate'), hashtext($1))", schema_);
  }

  void PrepareSchema() {
    pqxx::work work(link_);
    const pqxx::result found =
        work.exec_params("SELECT 1 FROM pg_namespace WHERE nspname = $1", schema_);
    if (found.empty()) work.exec("CREATE SCHEMA " + quoted_schema_);
    work.exec(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        " number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now())");
    work.commit();
  }

  std::map<int, Applied> ReadApplied() {
    pqxx::nontransaction direct(link_);
    std::map<int, Applied> applied;
    for (const pqxx::row& row :
         direct.exec("SELECT number, name, checksum FROM schema_migrations")) {
      applied.emplace(row[0].as<int>(),
                      Applied{row[1].as<std::string>(), row[2].as<std::string>()});
    }
    return applied;
  }

  void Apply(const Migration& migration, const std::string& checksum) {
    pqxx::work work(link_);
    work.exec(std::string(migration.sql));
    work.exec_params("INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                     migration.number, std::string(migration.name), checksum);
    work.commit();
  }

  // Data, and no more: no DDL, no TRUNCATE, no rewriting of the migration history.
  void GrantToApp() {
    pqxx::work work(link_);
    const std::string role = schema_ + "_app";
    if (work.exec_params("SELECT 1 FROM pg_roles WHERE rolname = $1", role).empty()) return;
    const std::string app = link_.quote_name(role);
    work.exec("GRANT USAGE ON SCHEMA " + quoted_schema_ + " TO " + app);
    work.exec("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + quoted_schema_ +
              " TO " + app);
    work.exec("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA " + quoted_schema_ + " TO " + app);
    work.exec("REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM " + app);
    work.commit();
  }

 private:
  pqxx::connection& link_;
  std::string schema_;
  std::string quoted_schema_;
};

absl::Status CheckHistory(const std::map<int, Applied>& applied,
                          absl::Span<const Migration> migrations) {
  for (const auto& [number, row] : applied) {
    if (number < 1 || static_cast<size_t>(number) > migrations.size()) {
      return Refuse("MIGRATION_UNKNOWN",
                    absl::StrCat(Label(number, row.name), " was applied by a newer program"));
    }
    const Migration& expected = migrations[static_cast<size_t>(number) - 1];
    if (row.checksum != base::HexEncode(crypto::Sha256(expected.sql))) {
      return Refuse("MIGRATION_CHANGED",
                    absl::StrCat(Label(number, row.name), " changed after it was applied"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNumbers(absl::Span<const Migration> migrations) {
  for (size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].number != static_cast<int>(i) + 1) {
      return Refuse("MIGRATION_NUMBERS", "migrations are numbered from 1 without gaps");
    }
  }
  return absl::OkStatus();
}

absl::Status ApplyMissing(Session& session, absl::Span<const Migration> migrations, bool* broken) {
  std::map<int, Applied> applied;
  absl::Status status = Guard("migrate: read history", broken, [&] {
    session.PrepareSchema();
    applied = session.ReadApplied();
  });
  if (status.ok()) status = CheckHistory(applied, migrations);
  for (const Migration& migration : migrations) {
    if (!status.ok()) return status;
    if (applied.contains(migration.number)) continue;
    status = Guard(Label(migration.number, migration.name), broken, [&] {
      session.Apply(migration, base::HexEncode(crypto::Sha256(migration.sql)));
    });
  }
  if (!status.ok()) return status;
  return Guard("migrate: grant", broken, [&] { session.GrantToApp(); });
}

}  // namespace

absl::Status Migrate(const PoolOptions& owner, absl::Span<const Migration> migrations) {
  absl::Status status = CheckNumbers(migrations);
  if (!status.ok()) return status;
  // Create checks the options, the schema's name above all.
  PoolOptions options = owner;
  options.statement_timeout = kMigrationTimeout;
  const absl::StatusOr<std::unique_ptr<Pool>> checked = Pool::Create(options);
  if (!checked.ok()) return checked.status();
  absl::StatusOr<std::unique_ptr<pqxx::connection>> link = Connect((*checked)->options());
  if (!link.ok()) return link.status();
  bool broken = false;
  std::unique_ptr<Session> session;
  status = Guard("migrate: lock", &broken, [&] {
    session = std::make_unique<Session>(**link, options.schema);
    session->Lock();
  });
  // The lock ends with the connection.
  return status.ok() ? ApplyMissing(*session, migrations, &broken) : status;
}

absl::StatusOr<int> CurrentVersion(Pool& pool, absl::Time deadline) {
  const absl::StatusOr<Rows> rows = pool.Exec(deadline, kVersion);
  if (!rows.ok()) return rows.status();
  return static_cast<int>((*rows)[0].Int(0));
}

absl::Status CheckVersion(Pool& pool, absl::Span<const Migration> migrations, absl::Time deadline) {
  const absl::StatusOr<int> version = CurrentVersion(pool, deadline);
  if (version.ok() && *version >= static_cast<int>(migrations.size())) return absl::OkStatus();
  // A schema that was never migrated lacks the table itself.
  if (!version.ok() && version.status().code() != absl::StatusCode::kInternal) {
    return version.status();
  }
  return Refuse("SCHEMA_BEHIND", absl::StrCat("schema ", pool.options().schema, " is at ",
                                              version.value_or(0), ", this program needs ",
                                              migrations.size(), ": run it with --migrate"));
}

}  // namespace va::store
