// keys: under which keys the values of a service's schema stand, and bringing them under the
// current ones (decision E7), with the database settings and the key files of the service itself.
#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/migrator.h"
#include "lib/store/rewrap.h"
#include "services/auth-gateway/migrations.h"
#include "services/auth-gateway/sealed_columns.h"
#include "services/inherited-proofing/migrations.h"
#include "services/inherited-proofing/sealed_columns.h"
#include "services/mhv-account/migrations.h"
#include "services/mhv-account/sealed_columns.h"
#include "services/mpi-adapter/migrations.h"
#include "services/mpi-adapter/sealed_columns.h"
#include "services/user-attributes/migrations.h"
#include "services/user-attributes/sealed_columns.h"
#include "tools/signinctl/keys_kept.h"
#include "tools/signinctl/service_home.h"
#include "tools/signinctl/verbs.h"

namespace va::signinctl {
namespace {

using store::ColumnKeys;
using store::RingName;

constexpr int kDefaultBatch = 200;
constexpr int kLargestBatch = 1000;
// A batch of the largest sealed values, as hex digits, stays far below.
constexpr size_t kMaxParamBytes = 64U << 20U;
constexpr absl::Duration kStatementTimeout = absl::Seconds(30);
constexpr absl::Duration kTellEvery = absl::Seconds(1);

struct Declared {
  const char* service;
  const store::SealedSchema* columns;
  absl::Span<const store::Migration> (*migrations)();
};

constexpr Declared kDeclared[] = {
    {"auth-gateway", &gateway::kSealedColumns, gateway::Migrations},
    {"inherited-proofing", &proofing::kSealedColumns, proofing::Migrations},
    {"mhv-account", &mhv::kSealedColumns, mhv::Migrations},
    {"mpi-adapter", &mpi::kSealedColumns, mpi::Migrations},
    {"user-attributes", &attributes::kSealedColumns, attributes::Migrations},
};

const Declared* FindDeclared(const std::string& service) {
  const auto* const found =
      std::find_if(std::begin(kDeclared), std::end(kDeclared),
                   [&service](const Declared& one) { return service == one.service; });
  return found == std::end(kDeclared) ? nullptr : found;
}

bool Uses(const store::SealedSchema& schema, RingName ring) {
  return std::any_of(schema.tables.begin(), schema.tables.end(), [ring](const auto& table) {
    if (ring == RingName::kSealedBox && !table.sealed.empty()) return true;
    return std::any_of(table.lookups.begin(), table.lookups.end(),
                       [ring](const auto& lookup) { return lookup.ring == ring; });
  });
}

std::string NameOf(RingName ring) { return ring == RingName::kSealedBox ? "sealed_box" : "lookup"; }

// What both verbs work with, or why they cannot.
struct Target {
  const Declared* declared = nullptr;
  std::string schema;
  std::unique_ptr<store::Pool> pool;
  std::optional<crypto::SealedBox> sealed_box;
  std::optional<crypto::LookupHasher> lookup;
  std::string sealed_box_file;
  std::string lookup_file;
  std::optional<Result> refusal;
};

Result Failed(const absl::Status& status) {
  return Reject(base::ReasonOf(status), std::string(status.message()));
}

// The database must be what this program knows: of a newer schema it would count half and call it
// all.
std::optional<Result> CheckSchema(const Target& target) {
  const absl::Time soon = base::SystemClock().Now() + kStatementTimeout;
  const auto migrations = target.declared->migrations();
  const absl::Status behind = store::CheckVersion(*target.pool, migrations, soon);
  const absl::StatusOr<int> version = store::CurrentVersion(*target.pool, soon);
  // A role without a right to the schema sees as little of it as if nobody had migrated it.
  if (base::ReasonOf(behind) == "SCHEMA_BEHIND" && version.value_or(0) == 0) {
    return Reject("SCHEMA_BEHIND",
                  absl::StrCat("no schema ", target.schema,
                               " stands there, or the role of --config may not see it: is that the "
                               "service's own configuration?"));
  }
  if (!behind.ok()) return Failed(behind);
  if (!version.ok()) return Failed(version.status());
  if (migrations.empty() || *version <= migrations.back().number) return std::nullopt;
  return Reject("MIGRATION_UNKNOWN",
                "a newer program migrated this schema: take the signinctl of that release");
}

// One of the service's key rings; false when the target is refused.
template <typename Ring>
bool ReadRing(RingName name, const std::string& file, Target& target, std::optional<Ring>& ring) {
  if (!Uses(*target.declared->columns, name)) return true;
  absl::StatusOr<Ring> read = Ring::FromKeyFile(file);
  if (read.ok()) {
    ring.emplace(*std::move(read));
    return true;
  }
  target.refusal = Misuse(std::string(read.status().message()));
  return false;
}

Target TargetOf(const std::string& service, const std::string& config_file, const World& world) {
  Target target;
  target.declared = FindDeclared(service);
  const ServiceHome home = ReadServiceHome(service, config_file, world, [&](config::Table& table) {
    if (Uses(*target.declared->columns, RingName::kSealedBox)) {
      table.SecretFile("keys.sealed_box_file", &target.sealed_box_file, "").Required();
    }
    if (Uses(*target.declared->columns, RingName::kLookup)) {
      table.SecretFile("keys.lookup_file", &target.lookup_file, "").Required();
    }
  });
  if (!home.problem.empty()) {
    target.refusal = Misuse(home.problem);
    return target;
  }
  target.schema = home.schema;
  if (!ReadRing(RingName::kSealedBox, target.sealed_box_file, target, target.sealed_box) ||
      !ReadRing(RingName::kLookup, target.lookup_file, target, target.lookup)) {
    return target;
  }
  store::PoolOptions options = service::AppPool(home.common, home.schema, "signinctl");
  options.size = 1;
  options.statement_timeout = kStatementTimeout;
  options.max_param_bytes = kMaxParamBytes;
  auto pool = store::Pool::Create(options);
  if (!pool.ok()) {
    target.refusal = Failed(pool.status());
    return target;
  }
  target.pool = *std::move(pool);
  target.refusal = CheckSchema(target);
  return target;
}

Target TargetOf(const Arguments& arguments, const World& world) {
  return TargetOf(arguments.Text("SERVICE"), arguments.Text("--config"), world);
}

// A line a second at most, and none for what is over by then.
store::TellRewrap Teller(const World& world, const std::string& schema) {
  if (!world.progress) return {};
  return [&world, schema, since = base::Stopwatch()](const store::RewrapProgress& at) mutable {
    if (since.Elapsed() < kTellEvery) return;
    since = base::Stopwatch();
    world.progress(absl::StrCat(schema, ".", at.table, ": ", at.rows_seen, " rows seen, ",
                                at.rows_rewritten, " written again"));
  };
}

// --- What the keys are, and what stands under them ---

struct RingState {
  RingName name;
  std::vector<std::string> keys;  // current first
  std::set<std::string> in_use;   // by values that would be lost with their key
};

std::vector<RingState> RingsOf(const Target& target, const std::vector<ColumnKeys>& columns) {
  std::vector<RingState> rings;
  if (target.sealed_box) rings.push_back({RingName::kSealedBox, target.sealed_box->key_ids(), {}});
  if (target.lookup) rings.push_back({RingName::kLookup, target.lookup->key_ids(), {}});
  for (RingState& ring : rings) {
    for (const ColumnKeys& column : columns) {
      if (column.ring != ring.name || !column.lapses.empty()) continue;
      for (const auto& [key, count] : column.values) ring.in_use.insert(key);
    }
  }
  return rings;
}

// "unreadable": under a key that the ring lacks, or none; "behind": under an older key of the ring.
std::string VerdictOf(const std::vector<RingState>& rings) {
  bool behind = false;
  for (const RingState& ring : rings) {
    for (const std::string& key : ring.in_use) {
      if (std::find(ring.keys.begin(), ring.keys.end(), key) == ring.keys.end()) {
        return "unreadable";
      }
      behind |= key != ring.keys.front();
    }
  }
  return behind ? "behind" : "current";
}

Json ToJson(const std::vector<RingState>& rings) {
  Json all = Json::array();
  for (const RingState& ring : rings) {
    Json unused = Json::array();
    Json missing = Json::array();
    for (const std::string& key : ring.keys) {
      if (key != ring.keys.front() && ring.in_use.count(key) == 0) unused.push_back(key);
    }
    for (const std::string& key : ring.in_use) {
      if (std::find(ring.keys.begin(), ring.keys.end(), key) == ring.keys.end()) {
        missing.push_back(key);
      }
    }
    all.push_back({{"ring", NameOf(ring.name)},
                   {"current", ring.keys.front()},
                   {"keys", ring.keys},
                   {"unused", std::move(unused)},
                   {"missing", std::move(missing)}});
  }
  return all;
}

Json ToJson(const std::vector<ColumnKeys>& columns) {
  Json all = Json::array();
  for (const ColumnKeys& column : columns) {
    Json one{{"table", column.table},
             {"column", column.column},
             {"ring", NameOf(column.ring)},
             {"values", Json::object()}};
    for (const auto& [key, count] : column.values) one["values"][key] = count;
    if (!column.lapses.empty()) one["lapses"] = column.lapses;
    all.push_back(std::move(one));
  }
  return all;
}

bool Has(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Values under a key that the ring lacks, or under none: no rewrap can help them.
int64_t Unreadable(const std::vector<RingState>& rings, const std::vector<ColumnKeys>& columns) {
  int64_t count = 0;
  for (const ColumnKeys& column : columns) {
    if (!column.lapses.empty()) continue;
    for (const RingState& ring : rings) {
      if (ring.name != column.ring) continue;
      for (const auto& [key, values] : column.values) count += Has(ring.keys, key) ? 0 : values;
    }
  }
  return count;
}

// Values that are not under the current key.
int64_t Outstanding(const Target& target, const std::vector<ColumnKeys>& columns) {
  int64_t count = 0;
  for (const ColumnKeys& column : columns) {
    if (!column.lapses.empty()) continue;
    const std::string current = column.ring == RingName::kSealedBox
                                    ? target.sealed_box->current_key_id()
                                    : target.lookup->current_key_id();
    for (const auto& [key, values] : column.values) count += key == current ? 0 : values;
  }
  return count;
}

std::string UnusedText(const std::vector<RingState>& rings) {
  std::string text;
  for (const RingState& ring : rings) {
    for (const std::string& key : ring.keys) {
      if (key == ring.keys.front() || ring.in_use.count(key) != 0) continue;
      absl::StrAppend(&text, "; nothing stands under key ", key, " of ", NameOf(ring.name));
    }
  }
  return text;
}

Json Head(const Target& target, const std::string& verdict) {
  return {{"service", target.declared->service}, {"schema", target.schema}, {"verdict", verdict}};
}

Json ToJson(const std::vector<store::RewrapTrouble>& troubles) {
  Json all = Json::array();
  for (const store::RewrapTrouble& one : troubles) {
    Json row{{"table", one.table}, {"row", one.row}};
    if (!one.column.empty()) row["column"] = one.column;
    row["reason"] = one.reason;
    all.push_back(std::move(row));
  }
  return all;
}

store::Rings RingsFor(const Target& target) {
  return {target.sealed_box ? &*target.sealed_box : nullptr,
          target.lookup ? &*target.lookup : nullptr};
}

// Values that do not open although the ring has the key that they name.
absl::StatusOr<Json> Broken(const Target& target, const std::vector<ColumnKeys>& columns) {
  crypto::SystemIdGenerator ids;
  auto tried =
      store::TryKeys(*target.pool, *target.declared->columns, RingsFor(target), ids, columns);
  if (!tried.ok()) return tried.status();
  auto& all = tried->troubles;
  // Told as `missing`.
  all.erase(std::remove_if(all.begin(), all.end(),
                           [](const auto& one) { return one.reason == "SEAL_UNKNOWN_KEY"; }),
            all.end());
  return ToJson(all);
}

Result RunStatus(const Arguments& arguments, const World& world) {
  const Target target = TargetOf(arguments, world);
  if (target.refusal) return *target.refusal;
  const auto columns =
      store::CountKeys(*target.pool, *target.declared->columns, Teller(world, target.schema));
  if (!columns.ok()) return Failed(columns.status());
  const std::vector<RingState> rings = RingsOf(target, *columns);
  const absl::StatusOr<Json> broken = Broken(target, *columns);
  if (!broken.ok()) return Failed(broken.status());
  const std::string verdict = broken->empty() ? VerdictOf(rings) : "unreadable";
  Result result;
  result.exit = verdict == "current" ? Exit::kAccept : Exit::kReject;
  result.json = Head(target, verdict);
  result.json["outstanding"] = Outstanding(target, *columns);
  result.json["rings"] = ToJson(rings);
  result.json["troubles"] = *broken;
  result.json["columns"] = ToJson(*columns);
  result.words = absl::StrCat(target.schema, " is ", verdict, ": ", Outstanding(target, *columns),
                              " values not under the current key", UnusedText(rings));
  return result;
}

// --- Rewrap ---

std::optional<int> BatchOf(const Arguments& arguments) {
  int batch = 0;
  const bool number =
      absl::SimpleAtoi(arguments.Text("--batch", absl::StrCat(kDefaultBatch)), &batch);
  if (!number || batch < 1 || batch > kLargestBatch) return std::nullopt;
  return batch;
}

Result DryRun(const Target& target, const World& world) {
  const auto columns =
      store::CountKeys(*target.pool, *target.declared->columns, Teller(world, target.schema));
  if (!columns.ok()) return Failed(columns.status());
  const std::vector<RingState> rings = RingsOf(target, *columns);
  const absl::StatusOr<Json> broken = Broken(target, *columns);
  if (!broken.ok()) return Failed(broken.status());
  const int64_t unreadable = Unreadable(rings, *columns);
  const int64_t values = Outstanding(target, *columns) - unreadable;
  Result result;
  result.exit = unreadable == 0 && broken->empty() ? Exit::kAccept : Exit::kReject;
  result.json = Head(target, "dry_run");
  result.json["would_rewrite"] = values;
  result.json["unreadable"] = unreadable;
  result.json["troubles"] = *broken;
  result.json["rings"] = ToJson(rings);
  result.words = values == 0 ? absl::StrCat(target.schema, ": nothing to do")
                             : absl::StrCat(target.schema, ": would write ", values,
                                            " values again; nothing was changed, --yes does it");
  if (unreadable != 0) {
    absl::StrAppend(&result.words, "; ", unreadable, " values cannot be read with these keys");
  }
  if (!broken->empty()) absl::StrAppend(&result.words, "; values that were tried do not open");
  return result;
}

Result RunRewrap(const Arguments& arguments, const World& world) {
  const std::optional<int> batch = BatchOf(arguments);
  if (!batch) return Misuse(absl::StrCat("--batch is a number of rows, 1 to ", kLargestBatch));
  const Target target = TargetOf(arguments, world);
  if (target.refusal) return *target.refusal;
  if (!arguments.Has("--yes")) return DryRun(target, world);
  store::RewrapOptions options;
  options.batch = *batch;
  options.tell = Teller(world, target.schema);
  crypto::SystemIdGenerator ids;
  const auto report =
      store::Rewrap(*target.pool, *target.declared->columns, RingsFor(target), ids, options);
  // What was written before stays written.
  if (!report.ok()) return Failed(report.status());
  const auto columns =
      store::CountKeys(*target.pool, *target.declared->columns, Teller(world, target.schema));
  if (!columns.ok()) return Failed(columns.status());
  const int64_t left = Outstanding(target, *columns);
  const std::vector<RingState> state = RingsOf(target, *columns);
  // Of what was current already nothing was opened.
  const absl::StatusOr<Json> broken = Broken(target, *columns);
  if (!broken.ok()) return Failed(broken.status());
  const bool whole = left == 0 && report->troubled == 0 && report->busy == 0 && broken->empty();
  Result result;
  result.exit = whole ? Exit::kAccept : Exit::kReject;
  result.json = Head(target, whole ? "rewrapped" : "incomplete");
  result.json["rewritten_rows"] = report->rewritten;
  result.json["outstanding"] = left;
  result.json["busy_rows"] = report->busy;
  result.json["troubled_values"] =
      report->troubled + (report->troubles.empty() ? static_cast<int64_t>(broken->size()) : 0);
  result.json["troubles"] = report->troubles.empty() ? *broken : ToJson(report->troubles);
  result.json["rings"] = ToJson(state);
  result.words = absl::StrCat(target.schema, ": ", report->rewritten, " rows written again, ", left,
                              " values left under other keys", UnusedText(state));
  return result;
}

Verb Base(const std::string& name, const std::string& summary) {
  Verb verb;
  verb.name = absl::StrCat("keys ", name);
  verb.summary = summary;
  verb.flags = {{"--config", "FILE",
                 "the service's own configuration; only database.* and keys.* are read",
                 /*required=*/true}};
  verb.positionals = {{"SERVICE",
                       "auth-gateway, user-attributes, mpi-adapter, mhv-account or "
                       "inherited-proofing"}};
  return verb;
}

// The same key under the same id: a copy of the ring on another machine counts.
bool Holds(const std::string& file, const crypto::RingKey& key) {
  if (file.empty()) return false;
  const absl::StatusOr<crypto::RingFile> ring = crypto::RingFile::Read(file);
  if (!ring.ok()) return false;
  const crypto::RingKey* const own = ring->Find(key.id);
  return own != nullptr && crypto::ConstantTimeEqual(absl::AsciiStrToLower(own->material),
                                                     absl::AsciiStrToLower(key.material));
}

}  // namespace

KeptUnder CountKept(const std::string& service, const std::string& config_file,
                    const crypto::RingFile& ring, const std::string& id, const World& world) {
  KeptUnder kept;
  const Target target = TargetOf(service, config_file, world);
  kept.refusal = target.refusal;
  const crypto::RingKey* const key = ring.Find(id);
  if (kept.refusal || key == nullptr) return kept;
  std::set<RingName> rings;
  if (Holds(target.sealed_box_file, *key)) rings.insert(RingName::kSealedBox);
  if (Holds(target.lookup_file, *key)) rings.insert(RingName::kLookup);
  if (rings.empty()) {
    kept.refusal = Reject("RING_OTHER", absl::StrCat("the rings of ", service, " in ", config_file,
                                                     " have no such key ", id));
    return kept;
  }
  const auto columns =
      store::CountKeys(*target.pool, *target.declared->columns, Teller(world, target.schema));
  if (!columns.ok()) {
    kept.refusal = Failed(columns.status());
    return kept;
  }
  for (const ColumnKeys& column : *columns) {
    const auto found = column.values.find(id);
    if (rings.count(column.ring) == 0 || found == column.values.end()) continue;
    (column.lapses.empty() ? kept.values : kept.lapsing) += found->second;
  }
  return kept;
}

Verb KeysStatus() {
  Verb verb = Base("status", "under which keys a service's data stands; exit 1 unless the current");
  verb.example = "signinctl keys status user-attributes --config .dev/config/user-attributes.yaml";
  verb.run = RunStatus;
  return verb;
}

Verb KeysRewrap() {
  Verb verb =
      Base("rewrap", "bring a service's data under the current keys; says what it would do");
  verb.example =
      "signinctl keys rewrap user-attributes --config .dev/config/user-attributes.yaml --yes";
  verb.flags.push_back({"--yes", "", "do it; without, nothing is changed"});
  verb.flags.push_back({"--batch", "N", "rows written with one statement (200)"});
  verb.run = RunRewrap;
  return verb;
}

}  // namespace va::signinctl
