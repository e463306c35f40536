// migrate: shows how far a service's schema is, and brings it forward as its owner, with the
// database settings that the service itself is started with and the migrations it was built with.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "lib/base/status.h"
#include "lib/config/edit_distance.h"
#include "lib/config/fields.h"
#include "lib/service/common_config.h"
#include "lib/service/example_config.h"
#include "lib/store/migrator.h"
#include "services/auth-gateway/migrations.h"
#include "services/inherited-proofing/migrations.h"
#include "services/mhv-account/migrations.h"
#include "services/mpi-adapter/migrations.h"
#include "services/user-attributes/migrations.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

struct Home {
  const char* service;
  const char* schema;
  absl::Span<const store::Migration> (*migrations)();
};

constexpr Home kHomes[] = {
    {"auth-gateway", "gateway", gateway::Migrations},
    {"inherited-proofing", "proofing", proofing::Migrations},
    {"mhv-account", "mhv", mhv::Migrations},
    {"mpi-adapter", "mpi", mpi::Migrations},
    {"user-attributes", "attributes", attributes::Migrations},
};

// What both verbs work with, or why they cannot.
struct Target {
  const Home* home = nullptr;
  store::PoolOptions owner;
  std::string problem;
};

Target Problem(std::string text) {
  Target target;
  target.problem = std::move(text);
  return target;
}

const Home* FindHome(const std::string& name) {
  const auto* const found =
      std::find_if(std::begin(kHomes), std::end(kHomes),
                   [&name](const Home& home) { return name == home.service; });
  return found == std::end(kHomes) ? nullptr : found;
}

std::string NoSuchService(const std::string& name) {
  std::vector<std::string> known;
  for (const Home& home : kHomes) known.emplace_back(home.service);
  const std::string nearest = config::Nearest(name, known);
  return absl::StrCat("there is no service ", name,
                      nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"),
                      " Services: ", absl::StrJoin(known, ", "));
}

// The database.* rows of the service's file and environment; the others are the service's to judge.
Target TargetOf(const Arguments& arguments, const World& world) {
  const std::string name = arguments.Text("SERVICE");
  const Home* const home = FindHome(name);
  if (home == nullptr) return Problem(NoSuchService(name));
  service::CommonConfig common;
  config::Table table(service::EnvPrefix(name));
  service::BindDatabase(table, common, home->schema);
  table.IgnoreOtherSections();
  config::Environment environment;
  for (const config::FieldInfo& field : table.Describe()) {
    if (std::string value = world.env(field.env); !value.empty()) {
      environment[field.env] = std::move(value);
    }
  }
  const std::string file = arguments.Text("--config");
  std::string problems;
  for (const config::Problem& problem : table.Load(file, environment)) {
    absl::StrAppend(&problems, "\n  ", config::ToString(problem));
  }
  if (problems.empty() && common.database_owner_user.empty()) {
    problems = "\n  database.owner_user: is required: migrations run as the owner of the schema";
  }
  if (!problems.empty()) return Problem(absl::StrCat("problems in ", file, problems));
  Target target;
  target.home = home;
  target.owner = service::OwnerPool(common, home->schema, "signinctl");
  return target;
}

Result Failed(const absl::Status& status) {
  return Reject(base::ReasonOf(status), std::string(status.message()));
}

std::string Label(int number, absl::string_view name) {
  return absl::StrFormat("%04d_%s", number, name);
}

bool Any(const store::MigrationStatus& status, store::MigrationState state) {
  return std::any_of(status.rows.begin(), status.rows.end(),
                     [state](const store::MigrationRow& row) { return row.state == state; });
}

// A file that changed is worst; a database that is ahead still serves, as during a rollout.
std::string VerdictOf(const store::MigrationStatus& status) {
  if (Any(status, store::MigrationState::kChanged)) return "changed";
  if (Any(status, store::MigrationState::kPending)) return "behind";
  return Any(status, store::MigrationState::kUnknown) ? "ahead" : "current";
}

Json ToJson(const Home& home, const store::MigrationStatus& status) {
  Json json{{"service", home.service}, {"schema", home.schema}, {"verdict", VerdictOf(status)}};
  json["migrations"] = Json::array();
  for (const store::MigrationRow& row : status.rows) {
    Json one{{"number", row.number},
             {"name", row.name},
             {"state", std::string(store::StateName(row.state))}};
    if (row.applied_at.has_value()) {
      one["applied_at"] =
          absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *row.applied_at, absl::UTCTimeZone());
    }
    json["migrations"].push_back(std::move(one));
  }
  json["running"] = status.running;
  json["waits"] = Json::array();
  for (const store::MigrationWait& wait : status.waits) {
    json["waits"].push_back({{"pid", wait.pid},
                             {"application", wait.application},
                             {"waits_for", wait.blocking_pid},
                             {"waits_for_application", wait.blocking_application}});
  }
  return json;
}

std::string WaitsText(const store::MigrationStatus& status) {
  std::string text;
  for (const store::MigrationWait& wait : status.waits) {
    absl::StrAppend(&text, "; ", wait.application, " (pid ", wait.pid, ") waits for ",
                    wait.blocking_application, " (pid ", wait.blocking_pid, ")");
  }
  return text;
}

std::string Count(const store::MigrationStatus& status) {
  std::string text;
  for (const auto state : {store::MigrationState::kApplied, store::MigrationState::kPending,
                           store::MigrationState::kUnknown, store::MigrationState::kChanged}) {
    const auto count =
        std::count_if(status.rows.begin(), status.rows.end(),
                      [state](const store::MigrationRow& row) { return row.state == state; });
    const bool always =
        state == store::MigrationState::kApplied || state == store::MigrationState::kPending;
    if (count == 0 && !always) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", count, " ", store::StateName(state));
  }
  return text;
}

Result RunStatus(const Arguments& arguments, const World& world) {
  const Target target = TargetOf(arguments, world);
  if (!target.problem.empty()) return Misuse(target.problem);
  const auto status = store::ReadMigrationStatus(target.owner, target.home->migrations());
  if (!status.ok()) return Failed(status.status());
  Result result;
  result.json = ToJson(*target.home, *status);
  const std::string verdict = VerdictOf(*status);
  const bool serves = verdict == "current" || verdict == "ahead";
  result.exit = serves ? Exit::kAccept : Exit::kReject;
  result.words =
      absl::StrCat(target.home->schema, " is ", verdict, ": ", Count(*status), WaitsText(*status));
  return result;
}

std::string ProgressText(const store::MigrationEvent& event) {
  if (event.migration == nullptr) return "waiting for another program that migrates this schema";
  std::string text = absl::StrCat(Label(event.migration->number, event.migration->name), " ",
                                  store::StepName(event.kind));
  if (event.kind == store::MigrationEvent::Kind::kBlocked) {
    absl::StrAppend(&text, " by another transaction; trying again");
  }
  if (event.kind != store::MigrationEvent::Kind::kStarting) {
    absl::StrAppend(&text, ", ",
                    absl::FormatDuration(absl::Trunc(event.took, absl::Milliseconds(1))));
  }
  return text;
}

Json Pending(const store::MigrationStatus& status) {
  Json names = Json::array();
  for (const store::MigrationRow& row : status.rows) {
    if (row.state == store::MigrationState::kPending) names.push_back(Label(row.number, row.name));
  }
  return names;
}

// Without --yes: what would be done, and whether it could be.
Result DryRun(const Home& home, const store::MigrationStatus& status) {
  if (Any(status, store::MigrationState::kChanged)) {
    return Reject("MIGRATION_CHANGED", "a file changed after it was applied: migrate status");
  }
  if (Any(status, store::MigrationState::kUnknown)) {
    return Reject("MIGRATION_UNKNOWN", "a newer program migrated this schema: migrate status");
  }
  Result result;
  const Json pending = Pending(status);
  result.json = Json{{"service", home.service},
                     {"schema", home.schema},
                     {"verdict", "dry_run"},
                     {"would_apply", pending}};
  result.words = pending.empty() ? absl::StrCat(home.schema, ": nothing to do")
                                 : absl::StrCat(home.schema, ": would apply ", pending.size(),
                                                "; nothing was changed, --yes does it");
  return result;
}

Result RunUp(const Arguments& arguments, const World& world) {
  const Target target = TargetOf(arguments, world);
  if (!target.problem.empty()) return Misuse(target.problem);
  const Home& home = *target.home;
  const auto before = store::ReadMigrationStatus(target.owner, home.migrations());
  if (!before.ok()) return Failed(before.status());
  if (!arguments.Has("--yes")) return DryRun(home, *before);
  Json applied = Json::array();
  store::MigrateOptions how;
  how.on_event = [&](const store::MigrationEvent& event) {
    if (world.progress) world.progress(ProgressText(event));
    if (event.kind != store::MigrationEvent::Kind::kApplied) return;
    applied.push_back(Label(event.migration->number, event.migration->name));
  };
  const absl::Status status = store::Migrate(target.owner, home.migrations(), how);
  Result result = status.ok() ? Result() : Failed(status);
  if (status.ok()) {
    result.json = Json{{"service", home.service}, {"schema", home.schema}, {"verdict", "migrated"}};
    result.words = absl::StrCat(home.schema, ": ", applied.size(), " applied");
  }
  // What was done before something failed stays done.
  result.json["applied"] = applied;
  return result;
}

Verb Base(const std::string& name, const std::string& summary) {
  Verb verb;
  verb.name = absl::StrCat("migrate ", name);
  verb.summary = summary;
  verb.flags = {{"--config", "FILE", "the service's own configuration; only database.* is read",
                 /*required=*/true}};
  verb.positionals = {{"SERVICE",
                       "auth-gateway, user-attributes, mpi-adapter, mhv-account or "
                       "inherited-proofing"}};
  return verb;
}

}  // namespace

Verb MigrateStatus() {
  Verb verb = Base("status", "how far a service's database schema is; exit 1 while it is behind");
  verb.example = "signinctl migrate status auth-gateway --config .dev/config/auth-gateway.yaml";
  verb.run = RunStatus;
  return verb;
}

Verb MigrateUp() {
  Verb verb = Base("up", "bring a service's database schema forward; says what it would do");
  verb.example = "signinctl migrate up auth-gateway --config .dev/config/auth-gateway.yaml --yes";
  verb.flags.push_back({"--yes", "", "do it; without, nothing is changed"});
  verb.run = RunUp;
  return verb;
}

}  // namespace va::signinctl
