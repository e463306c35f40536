#include "lib/store/migrator.h"

#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/clock.h"
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

// How long a look at the state may take.
constexpr absl::Duration kStatusTimeout = absl::Seconds(10);

// The advisory lock of one schema as pg_locks shows it, with $1 the schema.
constexpr char kLockRows[] =
    "SELECT pid, granted FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid::bigint = (hashtext('va.migrate')::bigint & 4294967295)"
    " AND objid::bigint = (hashtext($1)::bigint & 4294967295)";

struct Applied {
  std::string name;
  std::string checksum;
  absl::Time at;
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

  bool TryLock() {
    pqxx::nontransaction direct(link_);
    return direct
        .exec_params1("SELECT pg_try_advisory_lock(hashtext('va.migrate'), hashtext($1))",
                      schema_)[0]
        .as<bool>();
  }

  void Lock() {
    pqxx::nontransaction direct(link_);
    direct.exec_params("SELECT pg_advisory_lock(hashtext('va.migrate'), hashtext($1))", schema_);
  }

  void Pause() {
    pqxx::nontransaction direct(link_);
    direct.exec("SELECT pg_sleep(0.5)");
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
         direct.exec("SELECT number, name, checksum, extract(epoch FROM applied_at)::bigint"
                     " FROM schema_migrations")) {
      applied.emplace(row[0].as<int>(), Applied{row[1].as<std::string>(), row[2].as<std::string>(),
                                                absl::FromUnixSeconds(row[3].as<int64_t>())});
    }
    return applied;
  }

  bool HasHistory() {
    pqxx::nontransaction direct(link_);
    return !direct
                .exec_params(
                    "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND"
                    " tablename = 'schema_migrations'",
                    schema_)
                .empty();
  }

  void ReadWaits(MigrationStatus& status) {
    pqxx::nontransaction direct(link_);
    for (const pqxx::row& row : direct.exec_params(kLockRows, schema_)) {
      if (row[1].as<bool>()) status.running.push_back(row[0].as<int>());
    }
    const std::string edges = absl::StrCat(
        "SELECT edge.pid, COALESCE(a.application_name, ''), edge.by,"
        " COALESCE(b.application_name, '')"
        " FROM (SELECT pid, unnest(pg_blocking_pids(pid)) AS by FROM (",
        kLockRows,
        ") AS party) AS edge"
        " LEFT JOIN pg_stat_activity a ON a.pid = edge.pid"
        " LEFT JOIN pg_stat_activity b ON b.pid = edge.by ORDER BY 1, 3");
    for (const pqxx::row& row : direct.exec_params(edges, schema_)) {
      status.waits.push_back(
          {row[0].as<int>(), row[1].as<std::string>(), row[2].as<int>(), row[3].as<std::string>()});
    }
  }

  void Apply(const Migration& migration, const std::string& checksum, absl::Duration lock_timeout) {
    pqxx::work work(link_);
    work.exec(absl::StrCat("SET LOCAL lock_timeout = ", absl::ToInt64Milliseconds(lock_timeout)));
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

void Tell(const MigrateOptions& how, MigrationEvent event) {
  if (how.on_event) how.on_event(event);
}

absl::Status ApplyOne(Session& session, const Migration& migration, const MigrateOptions& how,
                      bool* broken) {
  Tell(how, {MigrationEvent::Kind::kStarting, &migration, absl::ZeroDuration()});
  const base::Stopwatch watch;
  const std::string checksum = base::HexEncode(crypto::Sha256(migration.sql));
  for (int attempt = 1;; ++attempt) {
    const absl::Status status = Guard(Label(migration.number, migration.name), broken, [&] {
      session.Apply(migration, checksum, how.lock_timeout);
    });
    if (status.ok()) break;
    if (base::ReasonOf(status) != "LOCK_TIMEOUT" || attempt >= how.attempts) return status;
    Tell(how, {MigrationEvent::Kind::kBlocked, &migration, watch.Elapsed()});
    const absl::Status paused = Guard("migrate: pause", broken, [&] { session.Pause(); });
    if (!paused.ok()) return paused;
  }
  Tell(how, {MigrationEvent::Kind::kApplied, &migration, watch.Elapsed()});
  return absl::OkStatus();
}

absl::Status ApplyMissing(Session& session, absl::Span<const Migration> migrations,
                          const MigrateOptions& how, bool* broken) {
  std::map<int, Applied> applied;
  absl::Status status = Guard("migrate: read history", broken, [&] {
    session.PrepareSchema();
    applied = session.ReadApplied();
  });
  if (status.ok()) status = CheckHistory(applied, migrations);
  for (const Migration& migration : migrations) {
    if (!status.ok()) return status;
    if (applied.contains(migration.number)) continue;
    status = ApplyOne(session, migration, how, broken);
  }
  if (!status.ok()) return status;
  return Guard("migrate: grant", broken, [&] { session.GrantToApp(); });
}

// A connection of the owner's, whose statements may take `timeout`.
absl::StatusOr<std::unique_ptr<pqxx::connection>> ConnectOwner(const PoolOptions& owner,
                                                               absl::Duration timeout) {
  // Create checks the options, the schema's name above all.
  PoolOptions options = owner;
  options.statement_timeout = timeout;
  const absl::StatusOr<std::unique_ptr<Pool>> checked = Pool::Create(options);
  if (!checked.ok()) return checked.status();
  return Connect((*checked)->options());
}

MigrationState StateOf(const Migration& migration, const std::map<int, Applied>& applied) {
  const auto found = applied.find(migration.number);
  if (found == applied.end()) return MigrationState::kPending;
  return found->second.checksum == base::HexEncode(crypto::Sha256(migration.sql))
             ? MigrationState::kApplied
             : MigrationState::kChanged;
}

std::vector<MigrationRow> RowsOf(const std::map<int, Applied>& applied,
                                 absl::Span<const Migration> migrations) {
  std::vector<MigrationRow> rows;
  for (const Migration& migration : migrations) {
    const auto found = applied.find(migration.number);
    rows.push_back({migration.number, std::string(migration.name), StateOf(migration, applied),
                    found == applied.end() ? std::nullopt : std::optional(found->second.at)});
  }
  for (const auto& [number, row] : applied) {
    if (number >= 1 && static_cast<size_t>(number) <= migrations.size()) continue;
    rows.push_back({number, row.name, MigrationState::kUnknown, row.at});
  }
  return rows;
}

}  // namespace

absl::string_view StepName(MigrationEvent::Kind kind) {
  switch (kind) {
    case MigrationEvent::Kind::kWaiting:
      return "waiting";
    case MigrationEvent::Kind::kStarting:
      return "starting";
    case MigrationEvent::Kind::kBlocked:
      return "blocked";
    case MigrationEvent::Kind::kApplied:
      return "applied";
  }
  return "";
}

absl::string_view StateName(MigrationState state) {
  switch (state) {
    case MigrationState::kApplied:
      return "applied";
    case MigrationState::kPending:
      return "pending";
    case MigrationState::kUnknown:
      return "unknown";
    case MigrationState::kChanged:
      return "changed";
  }
  return "";
}

absl::Status Migrate(const PoolOptions& owner, absl::Span<const Migration> migrations,
                     const MigrateOptions& how) {
  absl::Status status = CheckNumbers(migrations);
  if (!status.ok()) return status;
  const auto link = ConnectOwner(owner, kMigrationTimeout);
  if (!link.ok()) return link.status();
  bool broken = false;
  std::unique_ptr<Session> session;
  bool locked = false;
  status = Guard("migrate: lock", &broken, [&] {
    session = std::make_unique<Session>(**link, owner.schema);
    locked = session->TryLock();
  });
  if (status.ok() && !locked) {
    Tell(how, {MigrationEvent::Kind::kWaiting, nullptr, absl::ZeroDuration()});
    status = Guard("migrate: lock", &broken, [&] { session->Lock(); });
  }
  // The lock ends with the connection.
  return status.ok() ? ApplyMissing(*session, migrations, how, &broken) : status;
}

absl::StatusOr<MigrationStatus> ReadMigrationStatus(const PoolOptions& owner,
                                                    absl::Span<const Migration> migrations) {
  absl::Status numbers = CheckNumbers(migrations);
  if (!numbers.ok()) return numbers;
  const auto link = ConnectOwner(owner, kStatusTimeout);
  if (!link.ok()) return link.status();
  bool broken = false;
  MigrationStatus out;
  absl::Status read = Guard("migrate: status", &broken, [&] {
    Session session(**link, owner.schema);
    std::map<int, Applied> applied;
    if (session.HasHistory()) applied = session.ReadApplied();
    out.rows = RowsOf(applied, migrations);
    session.ReadWaits(out);
  });
  if (!read.ok()) return read;
  return out;
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
