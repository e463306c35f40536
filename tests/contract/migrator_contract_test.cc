// The migrator against a real PostgreSQL: forward only, once, as the owner, whoever runs it.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/store/migrator.h"
#include "lib/testing/temp_postgres.h"

namespace va::store {
namespace {

using testing::TempDatabase;

const Migration kFirst{1, "first", "CREATE TABLE things (id bigserial PRIMARY KEY, note text);"};
const Migration kSecond{2, "second",
                        "ALTER TABLE things ADD COLUMN more int;\n"
                        "CREATE TABLE others (id int PRIMARY KEY);"};

absl::Time Soon() { return base::SystemClock().Now() + absl::Seconds(20); }

std::unique_ptr<TempDatabase> NewDatabase() { return *TempDatabase::Create("contract"); }

int Version(const TempDatabase& database) {
  const auto pool = *Pool::Create(database.App(1));
  return *CurrentVersion(*pool, Soon());
}

TEST_CASE("Migrate: applies what is missing, in order, and nothing twice", "[contract]") {
  const auto database = NewDatabase();
  REQUIRE(Migrate(database->Owner(), {kFirst}).ok());
  CHECK(Version(*database) == 1);
  REQUIRE(Migrate(database->Owner(), {kFirst, kSecond}).ok());
  REQUIRE(Migrate(database->Owner(), {kFirst, kSecond}).ok());
  CHECK(Version(*database) == 2);
  CHECK(*database->Psql("SELECT string_agg(number || name, ',' ORDER BY number) "
                        "FROM schema_migrations") == "1first,2second");
}

TEST_CASE("Migrate: a file that changed after it was applied is refused", "[contract]") {
  const auto database = NewDatabase();
  REQUIRE(Migrate(database->Owner(), {kFirst}).ok());
  const Migration changed{1, "first", "CREATE TABLE things (id int);"};
  const absl::Status status = Migrate(database->Owner(), {changed, kSecond});
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(base::ReasonOf(status) == "MIGRATION_CHANGED");
  CHECK(Version(*database) == 1);
}

TEST_CASE("Migrate: an older program does not touch a newer schema", "[contract]") {
  const auto database = NewDatabase();
  REQUIRE(Migrate(database->Owner(), {kFirst, kSecond}).ok());
  CHECK(base::ReasonOf(Migrate(database->Owner(), {kFirst})) == "MIGRATION_UNKNOWN");
}

TEST_CASE("Migrate: numbers have no gaps", "[contract]") {
  const auto database = NewDatabase();
  CHECK(base::ReasonOf(Migrate(database->Owner(), {kSecond})) == "MIGRATION_NUMBERS");
}

TEST_CASE("Migrate: a migration that fails leaves no trace of itself", "[contract]") {
  const auto database = NewDatabase();
  const Migration broken{2, "broken", "CREATE TABLE half (id int); SELECT * FROM nowhere;"};
  CHECK_FALSE(Migrate(database->Owner(), {kFirst, broken}).ok());
  CHECK(*database->Psql("SELECT count(*) FROM pg_tables WHERE tablename = 'half'") == "0");
  CHECK(*database->Psql("SELECT max(number) FROM schema_migrations") == "1");
}

TEST_CASE("Migrate: several programs at once apply each file once", "[contract]") {
  const auto database = NewDatabase();
  std::vector<absl::Status> results(6);
  std::vector<std::thread> threads;
  threads.reserve(results.size());
  for (absl::Status& result : results) {
    threads.emplace_back([&result, &database] {
      result = Migrate(database->Owner(), {kFirst, kSecond});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) CHECK(result.ok());
  CHECK(*database->Psql("SELECT count(*) FROM schema_migrations") == "2");
}

TEST_CASE("CheckVersion: a start on a schema that is behind says what to do", "[contract]") {
  const auto database = NewDatabase();
  REQUIRE(Migrate(database->Owner(), {kFirst}).ok());
  const auto pool = *Pool::Create(database->App(1));
  CHECK(CheckVersion(*pool, {kFirst}, Soon()).ok());
  CHECK(base::ReasonOf(CheckVersion(*pool, {kFirst, kSecond}, Soon())) == "SCHEMA_BEHIND");
  REQUIRE(Migrate(database->Owner(), {kFirst, kSecond}).ok());
  // During a rollout the previous program still starts.
  CHECK(CheckVersion(*pool, {kFirst}, Soon()).ok());
}

TEST_CASE("CheckVersion: a schema that was never migrated is behind", "[contract]") {
  const auto database = NewDatabase();
  REQUIRE(database->Psql("GRANT USAGE ON SCHEMA contract TO contract_app").ok());
  const auto pool = *Pool::Create(database->App(1));
  CHECK(base::ReasonOf(CheckVersion(*pool, {kFirst}, Soon())) == "SCHEMA_BEHIND");
}

TEST_CASE("Migrate: B8 the serving role reads and writes data and nothing else",
          "[contract][security]") {
  constexpr Statement kInsert{"m_insert", "INSERT INTO things (note) VALUES ('n') RETURNING id"};
  constexpr Statement kForbidden[] = {
      {"m_create", "CREATE TABLE mine (id int)"},
      {"m_alter", "ALTER TABLE things ADD COLUMN x int"},
      {"m_drop", "DROP TABLE things"},
      {"m_truncate", "TRUNCATE things"},
      {"m_index", "CREATE INDEX ON things (note)"},
      {"m_grant", "CREATE SCHEMA mine"},
      {"m_history", "DELETE FROM schema_migrations"},
      {"m_forge", "INSERT INTO schema_migrations (number, name, checksum) VALUES (9, 'x', 'y')"},
      {"m_other", "SELECT * FROM foreign_schema.secrets"},
      {"m_role", "CREATE ROLE intruder"},
      {"m_public", "CREATE TABLE public.mine (id int)"},
  };
  const auto database = NewDatabase();
  REQUIRE(Migrate(database->Owner(), {kFirst, kSecond}).ok());
  REQUIRE(
      database->Psql("CREATE SCHEMA foreign_schema; CREATE TABLE foreign_schema.secrets (x int)")
          .ok());
  const auto pool = *Pool::Create(database->App(1));
  CHECK(pool->Exec(Soon(), kInsert).ok());
  for (const Statement& statement : kForbidden) {
    INFO(statement.sql);
    CHECK(pool->Exec(Soon(), statement).status().code() == absl::StatusCode::kPermissionDenied);
  }
}

// "1 applied, 2 pending".
std::string StatesOf(const MigrationStatus& status) {
  std::string text;
  for (const MigrationRow& row : status.rows) {
    text += (text.empty() ? "" : ", ") + std::to_string(row.number) + " " +
            std::string(StateName(row.state));
  }
  return text;
}

std::string States(const TempDatabase& database, const std::vector<Migration>& migrations) {
  const auto status = ReadMigrationStatus(database.Owner(), migrations);
  REQUIRE(status.ok());
  return StatesOf(*status);
}

TEST_CASE("ReadMigrationStatus: applied, pending, unknown and changed, each by its number",
          "[contract]") {
  const auto database = NewDatabase();
  CHECK(States(*database, {kFirst, kSecond}) == "1 pending, 2 pending");
  // Looking made nothing.
  CHECK(*database->Psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'contract'") == "0");
  REQUIRE(Migrate(database->Owner(), {kFirst}).ok());
  CHECK(States(*database, {kFirst, kSecond}) == "1 applied, 2 pending");
  REQUIRE(Migrate(database->Owner(), {kFirst, kSecond}).ok());
  CHECK(States(*database, {kFirst, kSecond}) == "1 applied, 2 applied");
  CHECK(States(*database, {kFirst}) == "1 applied, 2 unknown");
  CHECK(States(*database, {{1, "first", "SELECT 1"}, kSecond}) == "1 changed, 2 applied");
  const auto status = *ReadMigrationStatus(database->Owner(), {kFirst, kSecond});
  CHECK(status.rows[0].applied_at.has_value());
  CHECK(status.running.empty());
  CHECK(status.waits.empty());
}

TEST_CASE("Migrate: a program that waits for another says so, and status names both",
          "[contract]") {
  constexpr Statement kHold{
      "m_hold", "SELECT pg_advisory_xact_lock(hashtext('va.migrate'), hashtext('contract'))"};
  const auto database = NewDatabase();
  PoolOptions other = database->Owner();
  other.application_name = "the-other";
  const auto pool = *Pool::Create(other);
  PoolOptions owner = database->Owner();
  owner.application_name = "the-waiting";
  std::promise<void> waiting;
  MigrateOptions how;
  how.on_event = [&waiting](const MigrationEvent& event) {
    if (event.kind == MigrationEvent::Kind::kWaiting) waiting.set_value();
  };
  std::future<absl::Status> migrated;
  MigrationStatus seen;
  const absl::Status held = pool->Run(Soon(), [&](Connection& connection) {
    return connection.InTransaction([&](Connection& inside) {
      const auto locked = inside.Exec(kHold);
      if (!locked.ok()) return locked.status();
      migrated = std::async(std::launch::async, [&] { return Migrate(owner, {kFirst}, how); });
      waiting.get_future().wait();
      // It has said so just before it asks for the lock.
      const absl::Time deadline = Soon();
      while (seen.waits.empty() && base::SystemClock().Now() < deadline) {
        const auto status = ReadMigrationStatus(database->Owner(), {kFirst});
        if (!status.ok()) return status.status();
        seen = *status;
      }
      return absl::OkStatus();
    });
  });
  REQUIRE(held.ok());
  CHECK(migrated.get().ok());
  REQUIRE(seen.running.size() == 1);
  REQUIRE(seen.waits.size() == 1);
  CHECK(seen.waits[0].application == "the-waiting");
  CHECK(seen.waits[0].blocking_application == "the-other");
  CHECK(seen.waits[0].blocking_pid == seen.running[0]);
}

TEST_CASE("Migrate: a table in use is not queued for: it gives way, says so and tries again",
          "[contract]") {
  constexpr Statement kRead{"m_read", "SELECT count(*) FROM things"};
  const auto database = NewDatabase();
  REQUIRE(Migrate(database->Owner(), {kFirst}).ok());
  const auto pool = *Pool::Create(database->App(2));
  MigrateOptions how;
  how.lock_timeout = absl::Milliseconds(50);
  std::promise<void> blocked;
  std::atomic<int> blocks{0};
  std::vector<std::string> steps;
  how.on_event = [&](const MigrationEvent& event) {
    steps.emplace_back(StepName(event.kind));
    if (event.kind == MigrationEvent::Kind::kBlocked && ++blocks == 1) blocked.set_value();
  };
  std::future<absl::Status> migrated;
  const absl::Status read = pool->Run(Soon(), [&](Connection& connection) {
    return connection.InTransaction([&](Connection& inside) {
      const auto rows = inside.Exec(kRead);
      if (!rows.ok()) return rows.status();
      migrated = std::async(std::launch::async, [&] {
        return Migrate(database->Owner(), {kFirst, kSecond}, how);
      });
      blocked.get_future().wait();
      // Whoever comes now is served: nobody queues behind the migration.
      return pool->Exec(Soon(), kRead).status();
    });
  });
  CHECK(read.ok());
  CHECK(migrated.get().ok());
  CHECK(Version(*database) == 2);
  CHECK(steps.front() == "starting");
  CHECK(steps.back() == "applied");
}

TEST_CASE("Migrate: a table that stays in use ends the attempt, and nothing is half done",
          "[contract]") {
  constexpr Statement kRead{"m_read_on", "SELECT count(*) FROM things"};
  const auto database = NewDatabase();
  REQUIRE(Migrate(database->Owner(), {kFirst}).ok());
  const auto pool = *Pool::Create(database->App(1));
  MigrateOptions how;
  how.lock_timeout = absl::Milliseconds(20);
  how.attempts = 2;
  absl::Status migrated;
  const absl::Status read = pool->Run(Soon(), [&](Connection& connection) {
    return connection.InTransaction([&](Connection& inside) {
      const auto rows = inside.Exec(kRead);
      if (!rows.ok()) return rows.status();
      migrated = Migrate(database->Owner(), {kFirst, kSecond}, how);
      return absl::OkStatus();
    });
  });
  REQUIRE(read.ok());
  CHECK(base::ReasonOf(migrated) == "LOCK_TIMEOUT");
  CHECK(Version(*database) == 1);
}

}  // namespace
}  // namespace va::store
