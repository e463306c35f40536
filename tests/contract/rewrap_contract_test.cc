// Keys of data at rest (decision E7): that no column of any schema is forgotten, that rewrap takes
// every value from one key to the next while people sign in, and that the old key is then needed no
// more. Rows are written by the stores of the services, and rewritten by `signinctl keys`.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"
#include "lib/crypto/sealed_box.h"
#include "lib/store/migrator.h"
#include "lib/store/rewrap.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "services/auth-gateway/migrations.h"
#include "services/auth-gateway/sealed_columns.h"
#include "services/inherited-proofing/migrations.h"
#include "services/inherited-proofing/sealed_columns.h"
#include "services/mhv-account/domain/ensure_account.h"
#include "services/mhv-account/migrations.h"
#include "services/mhv-account/sealed_columns.h"
#include "services/mhv-account/store/pg_account_store.h"
#include "services/mpi-adapter/domain/kept_fixture.h"
#include "services/mpi-adapter/migrations.h"
#include "services/mpi-adapter/sealed_columns.h"
#include "services/mpi-adapter/store/pg_answer_cache.h"
#include "services/user-attributes/migrations.h"
#include "services/user-attributes/sealed_columns.h"
#include "services/user-attributes/store/pg_account_store.h"
#include "services/user-attributes/store/pg_contact_cache.h"
#include "tests/contract/gateway_store_fixture.h"
#include "tools/signinctl/run_testing.h"

namespace va::store {
namespace {

using identity::Csp;
using identity::CspId;
using identity::Icn;
using signinctl::Ran;
using signinctl::RunWith;

// As the fixture of the gateway's stores writes, and what comes after it. The ring of look-ups has
// other keys, so that taking the wrong ring shows.
const std::string kOld = "k1:" + std::string(64, 'a');
const std::string kNew = "k2:" + std::string(64, 'b');
const std::string kOldLookup = "h1:" + std::string(64, 'c');
const std::string kNewLookup = "h2:" + std::string(64, 'd');

std::string Both(const std::string& older, const std::string& current) {
  return absl::StrCat(older, "\n", current, ":current\n");
}

absl::Time Soon() { return base::SystemClock().Now() + absl::Seconds(20); }

// `signinctl keys` on one service's database, with key files as the service would have.
class Operator {
 public:
  Operator(const testing::TempDatabase& database, std::string service, const std::string& schema)
      : service_(std::move(service)) {
    SetKeys(Both(kOld, kNew), Both(kOldLookup, kNewLookup));
    // The gateway has one ring, and would not know a setting for the other.
    const std::string lookup = absl::StrCat("  lookup_file: ", dir_.path(), "/lookup.keys\n");
    config_ =
        dir_.Write("service.yaml",
                   absl::StrCat("log: {level: info}\ndatabase:\n  host: ", database.host(),
                                "\n  name: ", database.name(), "\n  user: ", schema,
                                "_app\nkeys:\n  sealed_box_file: ", dir_.path(),
                                "/sealed-box.keys\n", service_ == "auth-gateway" ? "" : lookup));
  }

  void SetKeys(const std::string& sealed_box, const std::string& lookup) const {
    dir_.Write("sealed-box.keys", sealed_box);
    dir_.Write("lookup.keys", lookup);
  }
  // Drops a key, with this service's word for it and that of no other.
  Ran Retire(const std::string& ring, const std::string& id) const {
    return RunWith({"keys", "retire", absl::StrCat(dir_.path(), "/", ring), id, "--yes",
                    "--destroy", "--unused-in", absl::StrCat(service_, "=", config_)});
  }
  std::string RingFile(const std::string& name) const {
    return absl::StrCat(dir_.path(), "/", name);
  }
  const std::string& config() const { return config_; }
  Ran Status() const { return RunWith({"keys", "status", service_, "--config", config_}); }
  Ran Rewrap(std::vector<std::string> more = {"--yes"}) const {
    std::vector<std::string> words = {"keys", "rewrap", service_, "--config", config_};
    words.insert(words.end(), more.begin(), more.end());
    return RunWith(words);
  }

 private:
  testing::TempDir dir_;
  std::string service_;
  std::string config_;
};

// How many values of a column stand under a key, by the tool's own word.
int64_t Under(const Ran& status, const std::string& column, const std::string& key) {
  int64_t count = 0;
  for (const auto& one : status.json["columns"]) {
    if (one["column"] == column && one["values"].contains(key)) {
      count += one["values"][key].get<int64_t>();
    }
  }
  return count;
}

const auto& RingOf(const Ran& status, const std::string& name) {
  for (const auto& one : status.json["rings"]) {
    if (one["ring"] == name) return one;
  }
  throw std::runtime_error("no ring " + name);
}

// --- user-attributes ---

// One process of user-attributes, with rings of its own.
class Attributes {
 public:
  Attributes(const testing::TempDatabase& database, const std::string& sealed_box,
             const std::string& lookup, int pool = 4)
      : pool_(Pool::Create(database.App(pool)).value()),
        box_(crypto::SealedBox::FromRing(crypto::KeyRing::FromText(sealed_box).value())),
        hasher_(crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(lookup).value())),
        accounts_(*pool_, box_, hasher_, ids_),
        contacts_(*pool_, box_, ids_) {}

  absl::StatusOr<attributes::LinkedAccount> TryLink(const attributes::Credential& credential,
                                                    absl::string_view request_id = "r1") {
    return accounts_.Link(credential, attributes::LinkCall{.request_id = request_id},
                          absl::FromUnixSeconds(1700000000), Soon());
  }
  attributes::LinkedAccount Link(const attributes::Credential& credential,
                                 absl::string_view request_id = "r1") {
    const auto linked = TryLink(credential, request_id);
    INFO(linked.status());
    REQUIRE(linked.ok());
    return *linked;
  }
  // The ICN of the account, as it is opened for a renewal.
  std::string IcnOf(const attributes::LinkedAccount& linked) {
    const auto standing = accounts_.FindStanding(linked.account_id, linked.verification_id, Soon());
    INFO(standing.status());
    REQUIRE(standing.ok());
    REQUIRE(standing->has_value());
    return (*standing)->icn ? (*standing)->icn->Reveal() : "";
  }
  attributes::Known KnownBy(const std::string& icn) {
    const auto known = accounts_.FindKnown(std::nullopt, Icn::FromWire(icn), Soon());
    INFO(known.status());
    REQUIRE(known.ok());
    return *known;
  }
  attributes::PgContactCache& contacts() { return contacts_; }
  Pool& pool() { return *pool_; }
  const crypto::SealedBox& box() const { return box_; }
  const crypto::LookupHasher& hasher() const { return hasher_; }

 private:
  crypto::SystemIdGenerator ids_;
  std::unique_ptr<Pool> pool_;
  crypto::SealedBox box_;
  crypto::LookupHasher hasher_;
  attributes::PgAccountStore accounts_;
  attributes::PgContactCache contacts_;
};

attributes::Credential Of(Csp type, const std::string& id, const std::string& icn = "",
                          const std::string& backing = "") {
  attributes::Credential credential;
  credential.type = type;
  credential.id = CspId::FromWire(id);
  if (!icn.empty()) credential.icn = Icn::FromWire(icn);
  if (!backing.empty()) credential.backing_idme = CspId::FromWire(backing);
  credential.email = identity::PersonText::FromWire(id + "@example.test");
  return credential;
}

std::unique_ptr<testing::TempDatabase> Migrated(const std::string& schema,
                                                absl::Span<const Migration> migrations) {
  return testing::TempDatabase::CreateMigrated(schema, migrations).value();
}

// A migrated database of user-attributes and who operates it.
struct AttributesHouse {
  std::unique_ptr<testing::TempDatabase> database =
      Migrated("attributes", attributes::Migrations());
  Operator op{*database, "user-attributes", "attributes"};

  std::string Psql(const std::string& sql) const {
    return database->Psql("SET search_path = attributes; " + sql).value();
  }
  Attributes Old(int pool = 4) const { return {*database, kOld, kOldLookup, pool}; }
  Attributes Rotated(int pool = 4) const {
    return {*database, Both(kOld, kNew), Both(kOldLookup, kNewLookup), pool};
  }
  Attributes New() const { return {*database, kNew, kNewLookup}; }
};

const std::vector<attributes::Credential>& Everybody() {
  static const auto* const all = new std::vector<attributes::Credential>{
      // NOLINT(cppcoreguidelines-owning-memory)
      Of(Csp::kIdme, "idme-1", "1000000001V000001"),
      Of(Csp::kLogingov, "logingov-1", "1000000002V000002"),
      Of(Csp::kMhv, "mhv-1", "1000000003V000003", "idme-backing-1"),
      Of(Csp::kDslogon, "dslogon-1", "1000000004V000004", "idme-backing-2"),
      Of(Csp::kIdme, "idme-unverified"),
  };
  return *all;
}

}  // namespace

// --- No column is forgotten ---

struct ServiceColumns {
  const char* schema;
  absl::Span<const Migration> (*migrations)();
  const SealedSchema* declared;
};

TEST_CASE("Keys: E7 every column that may hang on a key is declared, or is said not to",
          "[contract][rule]") {
  const ServiceColumns row =
      GENERATE(ServiceColumns{"gateway", gateway::Migrations, &gateway::kSealedColumns},
               ServiceColumns{"attributes", attributes::Migrations, &attributes::kSealedColumns},
               ServiceColumns{"mpi", mpi::Migrations, &mpi::kSealedColumns},
               ServiceColumns{"mhv", mhv::Migrations, &mhv::kSealedColumns},
               ServiceColumns{"proofing", proofing::Migrations, &proofing::kSealedColumns});
  CAPTURE(row.schema);
  const auto database = Migrated(row.schema, row.migrations());
  // All bytes, and whatever is called a hash, a digest, a key or sealed. A domain shows as its
  // type.
  const std::string found = *database->Psql(absl::StrCat(
      "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema "
      "= '",
      row.schema,
      "' AND table_name <> 'schema_migrations' AND (data_type = 'bytea' OR column_name ~ "
      "'(sealed|hash|digest|hmac|sha256|pseudonym|cipher|encrypted|token)') ORDER BY 1"));
  std::set<std::string> declared;
  const auto declare = [&declared](const char* table, const char* column) {
    CAPTURE(table, column);
    CHECK(declared.insert(absl::StrCat(table, ".", column)).second);
  };
  for (const SealedTable& table : row.declared->tables) {
    for (const SealedColumn& one : table.sealed) {
      declare(table.table, one.column);
      CHECK(absl::StrContains(one.place, "{}"));
    }
    for (const LookupColumn& one : table.lookups) {
      declare(table.table, one.column);
      CHECK((one.from == nullptr) == (one.lapses != nullptr));
    }
    // The row's key is the primary key, alone.
    CHECK(*database->Psql(absl::StrCat(
              "SELECT string_agg(a.attname, ',') FROM pg_index i JOIN pg_attribute a ON a.attrelid "
              "= i.indrelid AND a.attnum = ANY(i.indkey) WHERE i.indisprimary AND i.indrelid = '",
              row.schema, ".", table.table, "'::regclass")) == table.key);
  }
  for (const KeylessColumn& one : row.declared->keyless) declare(one.table, one.column);
  std::set<std::string> there;
  for (absl::string_view name : absl::StrSplit(found, '\n', absl::SkipEmpty())) {
    there.insert(std::string(name));
  }
  CHECK(there == declared);
}

// --- From one key to the next ---

TEST_CASE(
    "Keys: E7 after a rewrap user-attributes needs the old keys no more, and everybody is "
    "who they were",
    "[contract][rule]") {
  const AttributesHouse house;
  std::vector<attributes::LinkedAccount> before;
  {
    Attributes old = house.Old();
    for (const auto& one : Everybody()) before.push_back(old.Link(one));
    // A verified credential with another ICN: an operator's case, with an ICN of its own.
    CHECK(old.Link(Of(Csp::kIdme, "idme-1", "1000000009V000009")).merge_pending);
    REQUIRE(old.contacts()
                .Keep(before[0].account_id, identity::Secret::FromWire("an answer"),
                      absl::FromUnixSeconds(1700000000), absl::FromUnixSeconds(1700000600), Soon())
                .ok());
  }
  const Ran behind = house.op.Status();
  CHECK(behind.exit == 1);
  CHECK(behind.json["verdict"] == "behind");
  CHECK(RingOf(behind, "sealed_box")["unused"].empty());
  // Every sealed column and every look-up column has a value, or this test proves nothing about it.
  for (const auto& column : behind.json["columns"]) {
    CAPTURE(column["column"]);
    const bool former = absl::StartsWith(column["column"].get<std::string>(), "former_");
    CHECK(column["values"].empty() == former);
  }

  const Ran dry = house.op.Rewrap({});
  CHECK(dry.exit == 0);
  CHECK(dry.json["verdict"] == "dry_run");
  CHECK(dry.json["would_rewrite"] == behind.json["outstanding"]);
  CHECK(house.op.Status().json == behind.json);

  const Ran done = house.op.Rewrap();
  INFO(done.out);
  CHECK(done.exit == 0);
  CHECK(done.json["verdict"] == "rewrapped");
  CHECK(done.json["troubles"].empty());
  CHECK(RingOf(done, "sealed_box")["unused"] == std::vector<std::string>{"k1"});
  CHECK(RingOf(done, "lookup")["unused"] == std::vector<std::string>{"h1"});
  const Ran after = house.op.Status();
  CHECK(after.exit == 0);
  CHECK(after.json["verdict"] == "current");
  CHECK(Under(after, "credential_sealed", "k2") == 5);
  CHECK(Under(after, "icn_hash", "h2") == 5);
  CHECK(Under(after, "icn_hash", "h1") == 0);
  // Once more has nothing to do.
  CHECK(house.op.Rewrap().json["rewritten_rows"] == 0);

  Attributes fresh = house.New();
  for (size_t i = 0; i < Everybody().size(); ++i) {
    CAPTURE(i);
    const attributes::LinkedAccount linked = fresh.Link(Everybody()[i]);
    CHECK_FALSE(linked.created);
    CHECK(linked.account_id == before[i].account_id);
    CHECK(linked.verification_id == before[i].verification_id);
    const auto& icn = Everybody()[i].icn;
    CHECK(fresh.IcnOf(linked) == (icn ? icn->Reveal() : ""));
  }
  CHECK(fresh.KnownBy("1000000003V000003").idme_uuid->Reveal() == "idme-backing-1");
  const auto answer =
      fresh.contacts().Find(before[0].account_id, absl::FromUnixSeconds(1700000100), Soon());
  REQUIRE(answer.ok());
  REQUIRE(answer->has_value());
  CHECK((*answer)->Reveal() == "an answer");
  house.op.SetKeys(kNew, kNewLookup);
  CHECK(house.op.Status().json["verdict"] == "current");
}

TEST_CASE(
    "Keys: E7 what an accepted merge replaced is written again too, so that it can still be "
    "taken back",
    "[contract][rule]") {
  const AttributesHouse house;
  Attributes old = house.Old();
  old.Link(Everybody()[0]);
  REQUIRE(old.Link(Of(Csp::kIdme, "idme-1", "1000000009V000009")).merge_pending);
  const std::string id = house.Psql("SELECT id FROM pending_merges");
  const std::string icn = "1000000001V000001";
  crypto::SystemIdGenerator ids;
  const std::string sealed =
      old.box().Seal(icn, absl::StrCat("pending_merges/", id, "/former_icn"), ids);
  house.Psql(absl::StrCat("UPDATE pending_merges SET former_icn_sealed = '\\x",
                          base::HexEncode(sealed), "', former_icn_hash = '",
                          old.hasher().Hash("icn", icn), "'"));
  REQUIRE(house.op.Rewrap().exit == 0);
  CHECK(house.Psql("SELECT former_icn_hash FROM pending_merges") ==
        house.New().hasher().Hash("icn", icn));
}

TEST_CASE("Keys: E7 after a rewrap the gateway needs the old key no more, and sessions live on",
          "[contract][rule]") {
  gateway::GatewayStoreFixture fixture;
  const gateway::SessionRecord one = fixture.BegunSession("token-1");
  const gateway::SessionRecord two = fixture.BegunSession("token-2");
  const Operator op(fixture.database(), "auth-gateway", "gateway");
  CHECK(op.Status().json["verdict"] == "behind");
  CHECK(op.Rewrap().exit == 0);
  const Ran after = op.Status();
  CHECK(after.json["verdict"] == "current");
  for (const char* const column : {"person", "name_id", "name_id_hash"}) {
    CHECK(Under(after, column, "k2") == 2);
  }

  const auto box = crypto::SealedBox::FromRing(crypto::KeyRing::FromText(kNew).value());
  gateway::PgSessionStore sessions(fixture.pool(), box);
  const auto used = sessions.Use(one.token_hash, fixture.now(), Soon());
  INFO(used.status());
  REQUIRE(used.ok());
  REQUIRE(used->has_value());
  CHECK((*used)->person.ssn == one.person.ssn);
  CHECK((*used)->name_id == one.name_id);
  // The hash is found too: an identity provider's logout reaches them by name.
  gateway::IdpSessions which;
  which.idp = one.idp;
  which.name_id = one.name_id;
  const auto ended = sessions.EndByIdp(which, Soon());
  INFO(ended.status());
  REQUIRE(ended.ok());
  CHECK(ended->size() == 2);
}

TEST_CASE("Keys: E7 after a rewrap mhv-account needs the old keys no more but for one question",
          "[contract][rule]") {
  const auto database = Migrated("mhv", mhv::Migrations());
  const Operator op(*database, "mhv-account", "mhv");
  const std::string account = "0b6a9f1e-4d4f-4c54-9a55-7f0e6a1c2d3e";
  const mhv::Person person{account, Icn::FromWire("1000000001V100001")};
  crypto::SystemIdGenerator ids;
  const auto pool = Pool::Create(database->App(2)).value();
  const auto with = [&](const std::string& sealed_box, const std::string& lookup, auto use) {
    const auto box = crypto::SealedBox::FromRing(crypto::KeyRing::FromText(sealed_box).value());
    const auto hasher = crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(lookup).value());
    mhv::PgAccountStore accounts(*pool, box, hasher, ids);
    use(accounts);
  };
  mhv::MhvAccount stated;
  stated.mhv_id = CspId::FromWire("12345678");
  stated.patient = true;
  stated.origin = mhv::Origin::kApiCreated;
  const absl::Time now = absl::FromUnixSeconds(1768478400);
  const auto record = [&](mhv::PgAccountStore& accounts) {
    const mhv::EnsureRecord made{mhv::Ensured(stated), true, "auth-gateway.va.internal", "r1", "3"};
    REQUIRE(accounts.Record(person, made, now, Soon()) == absl::OkStatus());
  };
  const auto find = [&](mhv::PgAccountStore& accounts) {
    const auto found = accounts.FindEnsured(person, "3", now - absl::Hours(1), Soon());
    INFO(found.status());
    REQUIRE(found.ok());
    return *found;
  };
  with(kOld, kOldLookup, record);
  CHECK(op.Rewrap().exit == 0);
  const Ran after = op.Status();
  CHECK(after.exit == 0);
  CHECK(Under(after, "mhv_id_sealed", "k2") == 1);
  CHECK(Under(after, "mhv_id_hash", "h2") == 1);
  // The ICN is not kept, so its hash stays; the tool says what that means.
  CHECK(Under(after, "icn_hash", "h1") == 1);
  CHECK(absl::StrContains(after.out, "asked once more"));
  with(Both(kOld, kNew), Both(kOldLookup, kNewLookup), [&](mhv::PgAccountStore& accounts) {
    const auto found = find(accounts);
    REQUIRE(found.has_value());
    CHECK(found->mhv_id.Reveal() == "12345678");
  });
  with(kNew, kNewLookup, [&](mhv::PgAccountStore& accounts) {
    CHECK_FALSE(find(accounts).has_value());
    // MHV says "existing" from the second time on; that we made the account is not forgotten.
    stated.origin = mhv::Origin::kExisting;
    record(accounts);
    const auto found = find(accounts);
    REQUIRE(found.has_value());
    CHECK(found->origin == mhv::Origin::kApiCreated);
  });
}

TEST_CASE("Keys: E7 after a rewrap mpi-adapter needs the old keys no more; MPI is asked once more",
          "[contract][rule]") {
  const auto database = Migrated("mpi", mpi::Migrations());
  const Operator op(*database, "mpi-adapter", "mpi");
  crypto::SystemIdGenerator ids;
  const auto pool = Pool::Create(database->App(2)).value();
  const absl::Time now = absl::FromUnixSeconds(1768478400);
  const auto with = [&](const std::string& sealed_box, const std::string& lookup, auto use) {
    const auto box = crypto::SealedBox::FromRing(crypto::KeyRing::FromText(sealed_box).value());
    const auto hasher = crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(lookup).value());
    mpi::PgAnswerCache answers(*pool, box, hasher, ids);
    use(answers);
  };
  const auto keep = [&](mpi::PgAnswerCache& answers) {
    const mpi::KeptAnswer kept{mpi::testing::PersonWith(mpi::testing::kIcnB, {mpi::testing::kIcnA}),
                               now, now + absl::Hours(1)};
    REQUIRE(answers.Keep(mpi::testing::KeyFor(mpi::testing::ByIcn(mpi::testing::kIcnB)), kept,
                         Soon()) == absl::OkStatus());
  };
  // By its own ICN and by the one of before, so that answer and link are both opened.
  const auto found = [&](mpi::PgAnswerCache& answers) {
    int count = 0;
    for (const char* const icn : {mpi::testing::kIcnA, mpi::testing::kIcnB}) {
      const auto kept = answers.Get(mpi::testing::KeyFor(mpi::testing::ByIcn(icn)), now, Soon());
      INFO(kept.status());
      REQUIRE(kept.ok());
      count += kept->has_value() ? 1 : 0;
    }
    return count;
  };
  with(kOld, kOldLookup, keep);
  CHECK(op.Status().json["verdict"] == "behind");
  CHECK(op.Rewrap().exit == 0);
  const Ran after = op.Status();
  CHECK(after.exit == 0);
  CHECK(Under(after, "answer_sealed", "k2") == 1);
  CHECK(Under(after, "link_sealed", "k2") == 1);
  CHECK(Under(after, "key_hash", "h1") == 1);
  CHECK(absl::StrContains(after.out, "asked once more"));
  // What it is sealed with is no longer the old key; what it is found by is, until it ends.
  with(kNew, Both(kOldLookup, kNewLookup),
       [&](mpi::PgAnswerCache& answers) { CHECK(found(answers) == 2); });
  with(kNew, kNewLookup, [&](mpi::PgAnswerCache& answers) {
    CHECK(found(answers) == 0);
    keep(answers);
    CHECK(found(answers) == 2);
  });
}

TEST_CASE("Keys: a service without sealed columns has nothing to do, and needs no key file",
          "[contract]") {
  const auto database = Migrated("proofing", proofing::Migrations());
  const testing::TempDir dir;
  const std::string config =
      dir.Write("s.yaml", absl::StrCat("database: {host: ", database->host(),
                                       ", name: ", database->name(), ", user: proofing_app}"));
  const std::string service = "inherited-proofing";
  CHECK(RunWith({"keys", "status", service, "--config", config}).json["verdict"] == "current");
  CHECK(RunWith({"keys", "rewrap", service, "--config", config, "--yes"}).exit == 0);
}

// --- While the service serves ---

TEST_CASE("Keys: E7 the old key goes from a ring only when no row stands under it, in every state",
          "[contract][E7]") {
  const AttributesHouse house;
  {
    Attributes before(*house.database, kOld, kOldLookup);
    before.Link(Of(Csp::kIdme, "5f0c8a520a0a4e9e9d3b6b1f2d1c7e01", "1008714701V416111"));
  }
  // As the verbs write a ring: retired, current, and a next one that nothing is written under.
  const std::string next = "k3:" + std::string(64, 'e') + ":next:2026-01-15T12:00:00Z\n";
  const std::string sealing = absl::StrCat("ring sealing AES-256-GCM publish=0 overlap=0\n", kOld,
                                           ":retired:2026-01-15T12:00:00Z\n", kNew, ":current\n");
  const std::string lookup = absl::StrCat("ring lookup HMAC-SHA256 publish=0 overlap=0\n",
                                          kOldLookup, ":retired\n", kNewLookup, ":current\n");
  house.op.SetKeys(sealing + next, lookup);
  CHECK(house.op.Status().json["verdict"] == "behind");
  for (const auto& [ring, id] :
       {std::pair("sealed-box.keys", "k1"), std::pair("lookup.keys", "h1")}) {
    const Ran refused = house.op.Retire(ring, id);
    CHECK(refused.json["reason"] == "KEY_IN_USE");
    CHECK(refused.json["services"][0]["values"] > 0);
  }
  // Another ring's key is no proof.
  testing::TempDir elsewhere;
  const std::string foreign =
      elsewhere.Write("other.keys", absl::StrReplaceAll(sealing, {{"aaaa", "abab"}}));
  CHECK(RunWith({"keys", "retire", foreign, "k1", "--yes", "--destroy", "--unused-in",
                 "user-attributes=" + house.op.config()})
            .json["reason"] == "RING_OTHER");

  const Ran done = house.op.Rewrap();
  CHECK(done.json["verdict"] == "rewrapped");
  CHECK(Under(house.op.Status(), "icn_sealed", "k3") == 0);
  CHECK(house.op.Retire("sealed-box.keys", "k1").json["does"] == "drop");
  CHECK(house.op.Retire("lookup.keys", "h1").json["does"] == "drop");
  CHECK(crypto::KeyRing::FromFile(house.op.RingFile("sealed-box.keys"))->ids() ==
        std::vector<std::string>{"k2", "k3"});
  CHECK(house.op.Status().json["verdict"] == "current");
}

TEST_CASE("Keys: E7 a rewrap that was cut off goes on where it is needed, over many pages",
          "[contract][rule]") {
  const AttributesHouse house;
  Attributes old = house.Old(8);
  // More than one page of 2,000 rows.
  constexpr int kPeople = 2300;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&old, t] {
      for (int i = t; i < kPeople; i += 4) {
        const std::string number = absl::StrCat(1000000000 + i);
        static_cast<void>(
            old.TryLink(Of(Csp::kIdme, "p" + number, number + "V" + number.substr(4))));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(house.Psql("SELECT count(*) FROM user_verifications") == absl::StrCat(kPeople));

  Attributes rotated = house.Rotated();
  crypto::SystemIdGenerator ids;
  const Rings rings{&rotated.box(), &rotated.hasher()};
  const auto pool = Pool::Create(house.database->App(1)).value();
  // The connection dies in the middle, as often as the rewrap comes back.
  house.Psql(
      "CREATE FUNCTION attributes.cut_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF (SELECT count(*) FROM attributes.user_accounts WHERE icn_hash LIKE 'h2:%') > 200 THEN "
      "PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$; "
      "CREATE TRIGGER cut_off AFTER UPDATE ON attributes.user_accounts "
      "FOR EACH STATEMENT EXECUTE FUNCTION attributes.cut_off()");
  const auto cut =
      Rewrap(*pool, attributes::kSealedColumns, rings, ids, RewrapOptions{.batch = 20});
  house.Psql("DROP TRIGGER cut_off ON attributes.user_accounts");
  CHECK(cut.status().code() == absl::StatusCode::kUnavailable);
  const Ran half = house.op.Status();
  CHECK(half.json["verdict"] == "behind");
  const int64_t done = Under(half, "icn_hash", "h2");
  CHECK(done > 0);
  CHECK(done < kPeople);

  const Ran rest = house.op.Rewrap({"--yes", "--batch", "1000"});
  INFO(rest.out);
  CHECK(rest.exit == 0);
  // What was done is not done again.
  CHECK(rest.json["rewritten_rows"] == 2 * kPeople - done - Under(half, "credential_sealed", "k2"));
  CHECK(house.op.Status().json["verdict"] == "current");
  CHECK_FALSE(house.New().Link(Of(Csp::kIdme, "p1000002299")).created);
}

TEST_CASE("Keys: E7 people sign in while a rewrap runs, and nothing that they write is lost",
          "[contract][rule]") {
  const AttributesHouse house;
  constexpr int kPeople = 40;
  std::vector<attributes::LinkedAccount> before;
  {
    Attributes old = house.Old();
    for (int i = 0; i < kPeople; ++i) {
      before.push_back(old.Link(Of(Csp::kMhv, absl::StrCat("m", i),
                                   absl::StrCat(1000000000 + i, "V000001"), "backing-0")));
    }
  }
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  std::atomic<int> laps{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Attributes process = house.Rotated(1);
      while (!over) {
        const int lap = ++laps;
        for (int i = t; i < kPeople; i += 4) {
          // The ID.me uuid behind the credential is another one each time: the row is written.
          const auto linked = process.TryLink(Of(Csp::kMhv, absl::StrCat("m", i),
                                                 absl::StrCat(1000000000 + i, "V000001"),
                                                 absl::StrCat("backing-", lap)));
          if (!linked.ok() || linked->created ||
              linked->account_id != before[static_cast<size_t>(i)].account_id) {
            ++wrong;
          }
        }
      }
    });
  }
  const Ran ran = house.op.Rewrap({"--yes", "--batch", "3"});
  // Again and again, so that rows change under it.
  for (int i = 0; i < 5; ++i) house.op.Rewrap({"--yes", "--batch", "3"});
  over = true;
  for (std::thread& thread : threads) thread.join();
  INFO(ran.out);
  CHECK(ran.exit == 0);
  CHECK(wrong == 0);
  CHECK(laps > 4);
  CHECK(house.op.Status().json["verdict"] == "current");
  Attributes fresh = house.New();
  for (int i = 0; i < kPeople; ++i) {
    const std::string icn = absl::StrCat(1000000000 + i, "V000001");
    const std::string account = before[static_cast<size_t>(i)].account_id;
    const auto known = fresh.KnownBy(icn);
    REQUIRE(known.idme_uuid.has_value());
    const std::string backing = known.idme_uuid->Reveal();
    // Hash and sealed value of what was written last belong together.
    CHECK(house.Psql(absl::StrCat(
              "SELECT count(*) FROM user_verifications WHERE backing_idme_uuid_hash = '",
              fresh.hasher().Hash("backing_idme_uuid", backing), "' AND user_account_id = '",
              account, "'")) == "1");
    CHECK(fresh.Link(Of(Csp::kMhv, absl::StrCat("m", i), icn, backing)).account_id == account);
  }
}

TEST_CASE(
    "Keys: E7 a row that somebody holds stops nobody: it is passed over, and written when it "
    "is free",
    "[contract][rule]") {
  const AttributesHouse house;
  Attributes old = house.Old();
  for (const auto& one : Everybody()) old.Link(one);
  const auto holder = Pool::Create(house.database->App(1)).value();
  constexpr Statement kHold{
      "hold", "SELECT id FROM user_accounts WHERE icn_hash IS NOT NULL LIMIT 1 FOR UPDATE"};
  const bool for_ever = GENERATE(false, true);
  std::promise<void> held;
  std::promise<void> release;
  bool released = false;
  std::thread thread([&] {
    static_cast<void>(holder->Run(Soon(), [&](Connection& db) {
      return db.InTransaction([&](Connection& inside) {
        const auto rows = inside.Exec(kHold);
        held.set_value();
        release.get_future().wait();
        return rows.status();
      });
    }));
  });
  held.get_future().wait();
  Attributes rotated = house.Rotated();
  crypto::SystemIdGenerator ids;
  RewrapOptions options;
  options.idle_laps = for_ever ? 3 : 200;
  options.pause = absl::Milliseconds(10);
  int laps = 0;
  options.tell = [&](const RewrapProgress& at) {
    // Everything else is done by then.
    if (at.table == "user_accounts" && ++laps == 3 && !for_ever) {
      release.set_value();
      released = true;
    }
  };
  const auto report = Rewrap(rotated.pool(), attributes::kSealedColumns,
                             {&rotated.box(), &rotated.hasher()}, ids, options);
  if (!released) release.set_value();
  thread.join();
  REQUIRE(report.ok());
  CHECK(report->busy == (for_ever ? 1 : 0));
  CHECK(report->troubled == 0);
  CHECK(Under(house.op.Status(), "icn_hash", "h1") == (for_ever ? 1 : 0));
  CHECK(house.op.Rewrap().exit == 0);
}

// --- What cannot be written again ---

TEST_CASE(
    "Keys: a value that does not open is named by its row and left, and all others are "
    "written",
    "[contract]") {
  struct Damage {
    const char* sql;
    const char* reason;
  };
  const Damage damage = GENERATE(
      Damage{"UPDATE user_accounts SET icn_sealed = '\\x00' WHERE id = '@'", "SEAL_MALFORMED"},
      Damage{"UPDATE user_accounts SET icn_sealed = overlay(icn_sealed placing '\\x00' from 30) "
             "WHERE id = '@'",
             "SEAL_BROKEN"},
      Damage{"UPDATE user_accounts SET icn_sealed = overlay(icn_sealed placing '\\x39' from 4) "
             "WHERE id = '@'",
             "SEAL_UNKNOWN_KEY"},
      // Another person's, copied behind the service's back: it does not open here.
      Damage{"UPDATE user_accounts a SET icn_sealed = b.icn_sealed FROM user_accounts b WHERE "
             "a.id = '@' AND b.id <> a.id AND b.icn_sealed IS NOT NULL",
             "SEAL_BROKEN"},
      Damage{"UPDATE user_accounts SET icn_hash = 'h1:' || repeat('0', 64) WHERE id = '@'",
             "HASH_DIFFERS"},
      Damage{"UPDATE user_accounts SET icn_hash = 'h0' || substr(icn_hash, 3) WHERE id = '@'",
             "SEAL_UNKNOWN_KEY"});
  CAPTURE(damage.sql);
  const AttributesHouse house;
  Attributes old = house.Old();
  std::vector<attributes::LinkedAccount> before;
  for (const auto& one : Everybody()) before.push_back(old.Link(one));
  house.Psql(absl::StrReplaceAll(damage.sql, {{"@", before[1].account_id}}));
  const std::string hash =
      absl::StrCat("SELECT icn_hash FROM user_accounts WHERE id = '", before[1].account_id, "'");
  const std::string kept = house.Psql(hash);

  const Ran ran = house.op.Rewrap();
  INFO(ran.out);
  CHECK(ran.exit == 1);
  CHECK(ran.json["verdict"] == "incomplete");
  CHECK(ran.json["troubled_values"] == 1);
  REQUIRE(ran.json["troubles"].size() == 1);
  CHECK(ran.json["troubles"][0]["table"] == "user_accounts");
  CHECK(ran.json["troubles"][0]["row"] == before[1].account_id);
  CHECK(ran.json["troubles"][0]["reason"] == damage.reason);
  CHECK(house.Psql(hash) == kept);
  // Nobody else stands under an old key, and that one tells what keeps it in use.
  const Ran after = house.op.Status();
  CHECK(after.exit == 1);
  CHECK(Under(after, "credential_sealed", "k2") == 5);
  CHECK(Under(after, "icn_hash", "h2") == 3);
  const bool unknown = absl::StartsWith(kept, "h0:");
  CHECK(RingOf(after, "lookup")["unused"].empty() != unknown);
  CHECK(RingOf(after, "lookup")["missing"].empty() != unknown);
}

TEST_CASE(
    "Keys: E7 a ring with the right ids and other keys is told by all three, not called current",
    "[contract][rule]") {
  const AttributesHouse house;
  Attributes old = house.Old();
  for (const auto& one : Everybody()) old.Link(one);
  struct Wrong {
    std::string sealed_box;
    std::string lookup;
    const char* reason;
  };
  const std::string other(64, '9');
  const auto wrong = GENERATE_COPY(Wrong{"k1:" + other, kOldLookup, "SEAL_BROKEN"},
                                   Wrong{kOld, "h1:" + other, "HASH_DIFFERS"});
  CAPTURE(wrong.reason);
  house.op.SetKeys(wrong.sealed_box, wrong.lookup);
  for (const Ran& ran : {house.op.Status(), house.op.Rewrap({}), house.op.Rewrap()}) {
    INFO(ran.out);
    CHECK(ran.exit == 1);
    REQUIRE_FALSE(ran.json["troubles"].empty());
    CHECK(ran.json["troubles"][0]["reason"] == wrong.reason);
  }
  CHECK(house.op.Status().json["verdict"] == "unreadable");
  CHECK(house.op.Rewrap().json["verdict"] == "incomplete");
}

TEST_CASE("Keys: E7 what a rewrap would write leaves out what these keys cannot read",
          "[contract][rule]") {
  const AttributesHouse house;
  house.Old().Link(Everybody()[0]);
  const int64_t all = house.op.Status().json["outstanding"].get<int64_t>();
  CHECK(house.op.Rewrap({}).json["would_rewrite"] == all);
  // The old keys went too early.
  house.op.SetKeys(kNew, kNewLookup);
  const Ran dry = house.op.Rewrap({});
  CHECK(dry.exit == 1);
  CHECK(dry.json["would_rewrite"] == 0);
  CHECK(dry.json["unreadable"] == all);
  CHECK(absl::StrContains(dry.err, "cannot be read with these keys"));
  CHECK(house.op.Status().json["troubles"].empty());
}

TEST_CASE("Keys: B8 a role that may not see the schema is told so, and not to migrate",
          "[contract][security]") {
  const AttributesHouse house;
  house.Psql("REVOKE USAGE ON SCHEMA attributes FROM attributes_app");
  const Ran ran = house.op.Status();
  CHECK(ran.exit == 1);
  CHECK(ran.json["reason"] == "SCHEMA_BEHIND");
  CHECK(absl::StrContains(ran.err, "the service's own configuration?"));
  CHECK_FALSE(absl::StrContains(ran.err, "--migrate"));
}

TEST_CASE("Keys: a hash that another row holds already is left, and named", "[contract]") {
  const AttributesHouse house;
  Attributes old = house.Old();
  const auto first = old.Link(Everybody()[0]);
  const auto second = old.Link(Everybody()[1]);
  Attributes fresh = house.New();
  house.Psql(absl::StrCat("UPDATE user_accounts SET icn_hash = '",
                          fresh.hasher().Hash("icn", "1000000001V000001"), "' WHERE id = '",
                          second.account_id, "'"));
  const Ran ran = house.op.Rewrap();
  INFO(ran.out);
  CHECK(ran.exit == 1);
  REQUIRE(ran.json["troubles"].size() == 1);
  CHECK(ran.json["troubles"][0]["row"] == first.account_id);
  CHECK(ran.json["troubles"][0]["reason"] == "HASH_TAKEN");
  CHECK(ran.json["busy_rows"] == 0);
}

TEST_CASE("Keys: nothing personal and no key is printed", "[contract][security]") {
  const AttributesHouse house;
  Attributes old = house.Old();
  for (const auto& one : Everybody()) old.Link(one);
  house.Psql("UPDATE user_accounts SET icn_sealed = '\\x00' WHERE icn_sealed IS NOT NULL");
  for (const Ran& ran : {house.op.Status(), house.op.Rewrap({}), house.op.Rewrap()}) {
    const std::string said = ran.out + ran.err;
    for (const std::string& secret :
         {std::string("1000000001V"), std::string("idme-1"), std::string("example.test"),
          std::string(64, 'a'), std::string(64, 'b'), std::string(64, 'c'), std::string(64, 'd')}) {
      CHECK_FALSE(absl::StrContains(said, secret));
    }
  }
}

TEST_CASE("Keys: wrong words, wrong settings and another schema are told before anything is done",
          "[contract]") {
  const AttributesHouse house;
  house.Old().Link(Everybody()[0]);
  for (const char* const batch : {"0", "-1", "1001", "many", ""}) {
    CHECK(house.op.Rewrap({"--yes", "--batch", batch}).exit == 2);
  }
  const testing::TempDir dir;
  const Ran no_keys = RunWith({"keys", "status", "user-attributes", "--config",
                               dir.Write("a.yaml", "database: {host: localhost, user: x}\n")});
  CHECK(no_keys.exit == 2);
  CHECK(absl::StrContains(no_keys.err, "keys.sealed_box_file: is required"));
  CHECK(absl::StrContains(no_keys.err, "keys.lookup_file: is required"));
  const Ran unknown = RunWith({"keys", "status", "user-atributes", "--config", "x"});
  CHECK(unknown.exit == 2);
  CHECK(absl::StrContains(unknown.err, "did you mean user-attributes?"));
  house.op.SetKeys("k2:short", kNewLookup);
  CHECK(house.op.Rewrap().exit == 2);
  house.op.SetKeys(Both(kOld, kNew), Both(kOldLookup, kNewLookup));

  house.Psql("INSERT INTO schema_migrations (number, name, checksum) VALUES (9000, 'x', 'x')");
  CHECK(house.op.Rewrap().json["reason"] == "MIGRATION_UNKNOWN");
  house.Psql("DELETE FROM schema_migrations WHERE number > 1");
  CHECK(house.op.Rewrap().json["reason"] == "SCHEMA_BEHIND");
  CHECK(house.Psql("SELECT count(*) FROM user_accounts WHERE icn_hash LIKE 'h1:%'") == "1");
}

// --- While some write under the new key and some under the old ---

TEST_CASE(
    "Keys: E7 first sign-ins under two current keys at once leave one account and one "
    "credential",
    "[contract][rule]") {
  const AttributesHouse house;
  constexpr int kAtOnce = 16;
  for (int lap = 0; lap < 4; ++lap) {
    std::vector<std::string> accounts(kAtOnce);
    std::vector<std::thread> threads;
    const std::string icn = absl::StrCat(1000000000 + lap, "V000001");
    for (int i = 0; i < kAtOnce; ++i) {
      threads.emplace_back([&, i] {
        const bool later = i % 2 == 0;
        Attributes process(*house.database, later ? Both(kOld, kNew) : Both(kNew, kOld),
                           later ? Both(kOldLookup, kNewLookup) : Both(kNewLookup, kOldLookup), 1);
        const auto linked = process.TryLink(Of(Csp::kIdme, absl::StrCat("p", lap), icn));
        accounts[static_cast<size_t>(i)] =
            linked.ok() ? linked->account_id : std::string(linked.status().message());
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(std::set<std::string>(accounts.begin(), accounts.end()).size() == 1);
  }
  CHECK(house.Psql("SELECT count(*) FROM user_accounts") == "4");
  CHECK(house.Psql("SELECT count(*) FROM user_verifications") == "4");
}

TEST_CASE("Keys: E7 a merge that was seen under the old key is the same one under the new",
          "[contract][rule]") {
  const AttributesHouse house;
  house.Old().Link(Everybody()[0]);
  const auto other = Of(Csp::kIdme, "idme-1", "1000000009V000009");
  CHECK(house.Old().Link(other, "r2").merge_pending);
  CHECK(house.Rotated().Link(other, "r3").merge_pending);
  CHECK(house.Psql("SELECT times_seen || ' ' || first_request_id || ' ' || last_request_id FROM "
                   "pending_merges") == "2 r2 r3");
}

}  // namespace va::store
