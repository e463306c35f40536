// signinctl migrate with the real migrations of all five services in one database, as in
// production, and what their roles may do there afterwards (B8).
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/store/pool.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

struct Service {
  std::string name;
  std::string schema;
};

const std::vector<Service>& Services() {
  static const auto* const services = new std::vector<Service>{
      // NOLINT(cppcoreguidelines-owning-memory)
      {"auth-gateway", "gateway"}, {"inherited-proofing", "proofing"}, {"mhv-account", "mhv"},
      {"mpi-adapter", "mpi"},      {"user-attributes", "attributes"},
  };
  return *services;
}

// One database with a schema and two roles for each service, and the services' settings.
class Suite {
 public:
  Suite() : database_(testing::TempDatabase::Create("gateway").value()) {
    for (const Service& service : Services()) {
      if (service.schema != "gateway") AddSchema(service.schema);
      config_.push_back(dir_.Write(service.name + ".yaml", Settings(service)));
    }
  }

  Ran Migrate(const std::string& verb, const std::string& service,
              std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"migrate", verb, service, "--config", ConfigOf(service)};
    words.insert(words.end(), more.begin(), more.end());
    return RunWith(words);
  }

  std::string ConfigOf(const std::string& service) const {
    for (size_t i = 0; i < Services().size(); ++i) {
      if (Services()[i].name == service) return config_[i];
    }
    return config_[0];
  }

  store::PoolOptions As(const std::string& role, const std::string& schema) const {
    store::PoolOptions options = database_->App(1);
    options.user = role;
    options.schema = schema;
    return options;
  }

  std::vector<std::string> TablesOf(const std::string& schema) const {
    const std::string listed = *database_->Psql(absl::StrCat(
        "SELECT tablename FROM pg_tables WHERE schemaname = '", schema, "' ORDER BY 1"));
    return absl::StrSplit(listed, '\n', absl::SkipEmpty());
  }

  testing::TempDatabase& database() { return *database_; }

 private:
  void AddSchema(const std::string& schema) {
    for (const char* const kind : {"_owner", "_app"}) {
      REQUIRE(database_
                  ->Psql(absl::StrCat("DO $$ BEGIN CREATE ROLE ", schema, kind,
                                      " LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation "
                                      "THEN NULL; END $$"))
                  .ok());
    }
    REQUIRE(database_
                ->Psql(absl::StrCat("GRANT CONNECT ON DATABASE \"", database_->name(), "\" TO ",
                                    schema, "_owner, ", schema, "_app; CREATE SCHEMA ", schema,
                                    " AUTHORIZATION ", schema, "_owner"))
                .ok());
  }

  // With rows of the service's own beside, which are not this tool's to judge.
  std::string Settings(const Service& service) const {
    return absl::StrCat(
        "log: {level: info}\nsomething: {of: its own}\ndatabase:\n  host: ", database_->host(),
        "\n  name: ", database_->name(), "\n  user: ", service.schema,
        "_app\n  owner_user: ", service.schema, "_owner\n");
  }

  testing::TempDir dir_;
  std::unique_ptr<testing::TempDatabase> database_;
  std::vector<std::string> config_;
};

absl::Time Soon() { return base::SystemClock().Now() + absl::Seconds(20); }

absl::StatusCode Try(store::Pool& pool, const std::string& sql) {
  // A name for each: a prepared statement is known by it.
  static auto* const kept = new std::vector<std::unique_ptr<std::string>>();
  kept->push_back(std::make_unique<std::string>(absl::StrCat("b8_", kept->size())));
  const char* const name = kept->back()->c_str();
  kept->push_back(std::make_unique<std::string>(sql));
  return pool.Exec(Soon(), store::Statement{name, kept->back()->c_str()}).status().code();
}

}  // namespace

TEST_CASE("signinctl migrate: pending, dry run, up and status of every service", "[contract]") {
  const Suite suite;
  for (const Service& service : Services()) {
    CAPTURE(service.name);
    const Ran before = suite.Migrate("status", service.name);
    CHECK(before.exit == 1);
    CHECK(before.json["verdict"] == "behind");
    REQUIRE_FALSE(before.json["migrations"].empty());
    CHECK(before.json["migrations"][0]["state"] == "pending");

    const Ran dry = suite.Migrate("up", service.name);
    CHECK(dry.exit == 0);
    CHECK(dry.json["verdict"] == "dry_run");
    CHECK(dry.json["would_apply"].size() == before.json["migrations"].size());
    CHECK(absl::StrContains(dry.err, "nothing was changed"));
    CHECK(suite.TablesOf(service.schema).empty());

    const Ran up = suite.Migrate("up", service.name, {"--yes"});
    CHECK(up.exit == 0);
    CHECK(up.json["verdict"] == "migrated");
    CHECK(up.json["applied"] == dry.json["would_apply"]);
    // A line for each, so that nobody sits before a silent terminal.
    for (const auto& name : up.json["applied"]) {
      CHECK(absl::StrContains(up.err, name.get<std::string>() + " starting"));
      CHECK(absl::StrContains(up.err, name.get<std::string>() + " applied"));
    }

    const Ran after = suite.Migrate("status", service.name, {"--json"});
    CHECK(after.exit == 0);
    CHECK(after.err.empty());
    CHECK(after.json["verdict"] == "current");
    CHECK(suite.Migrate("up", service.name, {"--yes", "--json"}).json["applied"].empty());
  }
}

TEST_CASE("signinctl migrate: a database that is ahead still serves, and is not touched",
          "[contract]") {
  Suite suite;
  REQUIRE(suite.Migrate("up", "mhv-account", {"--yes"}).exit == 0);
  REQUIRE(suite.database()
              .Psql("INSERT INTO mhv.schema_migrations (number, name, checksum) "
                    "VALUES (9000, 'of_tomorrow', 'x')")
              .ok());
  const Ran status = suite.Migrate("status", "mhv-account");
  CHECK(status.exit == 0);
  CHECK(status.json["verdict"] == "ahead");
  CHECK(status.json["migrations"].back()["state"] == "unknown");
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--yes"}}) {
    const Ran up = suite.Migrate("up", "mhv-account", more);
    CHECK(up.exit == 1);
    CHECK(up.json["reason"] == "MIGRATION_UNKNOWN");
  }
}

TEST_CASE("signinctl migrate: a file that changed is a reject", "[contract]") {
  Suite suite;
  REQUIRE(suite.Migrate("up", "mhv-account", {"--yes"}).exit == 0);
  REQUIRE(suite.database()
              .Psql("UPDATE mhv.schema_migrations SET checksum = 'x' WHERE number = 1")
              .ok());
  const Ran status = suite.Migrate("status", "mhv-account");
  CHECK(status.exit == 1);
  CHECK(status.json["verdict"] == "changed");
  CHECK(suite.Migrate("up", "mhv-account", {"--yes"}).json["reason"] == "MIGRATION_CHANGED");
}

TEST_CASE("signinctl migrate: wrong words and wrong settings are misuse, with all that is wrong",
          "[contract]") {
  const Suite suite;
  const testing::TempDir dir;
  const Ran unknown = suite.Migrate("status", "auth-gatewya");
  CHECK(unknown.exit == 2);
  CHECK(absl::StrContains(unknown.err, "did you mean auth-gateway?"));
  CHECK(RunWith({"migrate", "status", "mpi-adapter"}).exit == 2);
  CHECK(RunWith({"migrate", "down", "mpi-adapter"}).exit == 2);
  const Ran wrong = RunWith({"migrate", "up", "mpi-adapter", "--yes", "--config",
                             dir.Write("a.yaml", "database:\n  hots: x\n  port: many\n")});
  CHECK(wrong.exit == 2);
  CHECK(absl::StrContains(wrong.err, "database.hots (line 2): unknown key; did you mean"));
  CHECK(absl::StrContains(wrong.err, "database.port (line 3): must be a whole number"));
  CHECK(absl::StrContains(wrong.err, "database.host: is required"));
  const Ran no_owner =
      RunWith({"migrate", "status", "mpi-adapter", "--config",
               dir.Write("b.yaml", "database: {host: localhost, user: mpi_app}\n")});
  CHECK(no_owner.exit == 2);
  CHECK(absl::StrContains(no_owner.err, "database.owner_user: is required"));
}

TEST_CASE("signinctl migrate: the environment wins over the file, as for the service itself",
          "[contract]") {
  const Suite suite;
  const Ran ran =
      RunWith({"migrate", "status", "mpi-adapter", "--config", suite.ConfigOf("mpi-adapter")}, "",
              {{"VA_MPI_ADAPTER__DATABASE__HOST", "/nonexistent"}});
  CHECK(ran.exit == 1);
  CHECK(ran.json["reason"] == "CONNECTION_FAILED");
}

TEST_CASE("Migrate: B8 no role of a service reaches the schema of another",
          "[contract][security]") {
  const Suite suite;
  for (const Service& service : Services()) {
    REQUIRE(suite.Migrate("up", service.name, {"--yes"}).exit == 0);
  }
  int tried = 0;
  for (const Service& own : Services()) {
    for (const char* const kind : {"_app", "_owner"}) {
      const std::string role = own.schema + kind;
      const auto pool = *store::Pool::Create(suite.As(role, own.schema));
      // It does reach its own: what follows is refused for what it is, not for a lost connection.
      CHECK(Try(*pool, "SELECT max(number) FROM schema_migrations") == absl::StatusCode::kOk);
      for (const Service& other : Services()) {
        if (other.schema == own.schema) continue;
        for (const std::string& table : suite.TablesOf(other.schema)) {
          const std::string target = other.schema + "." + table;
          CAPTURE(role, target);
          for (const std::string& sql :
               {"SELECT count(*) FROM " + target, "DELETE FROM " + target, "DROP TABLE " + target,
                "ALTER TABLE " + target + " ADD COLUMN intruder int"}) {
            CHECK(Try(*pool, sql) == absl::StatusCode::kPermissionDenied);
            ++tried;
          }
        }
        CHECK(Try(*pool, "CREATE TABLE " + other.schema + ".intruder (id int)") ==
              absl::StatusCode::kPermissionDenied);
        CHECK(Try(*pool, "SET ROLE " + other.schema + "_owner") ==
              absl::StatusCode::kPermissionDenied);
      }
    }
  }
  CHECK(tried > 100);
}

TEST_CASE("Migrate: B8 the serving role of each service changes no schema, its own included",
          "[contract][security]") {
  const Suite suite;
  for (const Service& own : Services()) {
    REQUIRE(suite.Migrate("up", own.name, {"--yes"}).exit == 0);
    const auto pool = *store::Pool::Create(suite.As(own.schema + "_app", own.schema));
    for (const std::string& table : suite.TablesOf(own.schema)) {
      CAPTURE(own.schema, table);
      for (const std::string& sql :
           {"DROP TABLE " + table, "ALTER TABLE " + table + " ADD COLUMN intruder int",
            "TRUNCATE " + table, "ALTER TABLE " + table + " DISABLE TRIGGER ALL",
            "CREATE INDEX intruder ON " + table + " ((1))"}) {
        CHECK(Try(*pool, sql) == absl::StatusCode::kPermissionDenied);
      }
    }
    for (const std::string& sql :
         {std::string("CREATE TABLE intruder (id int)"), "DROP SCHEMA " + own.schema + " CASCADE",
          "SET ROLE " + own.schema + "_owner",
          std::string("UPDATE schema_migrations SET checksum = 'x'")}) {
      CAPTURE(own.schema, sql);
      CHECK(Try(*pool, sql) == absl::StatusCode::kPermissionDenied);
    }
  }
}

}  // namespace va::signinctl
