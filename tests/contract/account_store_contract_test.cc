// The account store against a real PostgreSQL: linking rules, constraints and races.
#include "services/user-attributes/store/pg_account_store.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/crypto/random.h"
#include "lib/store/migrator.h"
#include "lib/testing/temp_postgres.h"
#include "services/user-attributes/migrations.h"

namespace va::attributes {
namespace {

using identity::Csp;
using identity::CspId;
using identity::Icn;

const std::string kKeyA = "a:" + std::string(64, '1');
const std::string kKeyB = "b:" + std::string(64, '2');

// One database and one store on it, as a process would hold them.
class Database {
 public:
  Database() : temp_(testing::TempDatabase::Create("attributes").value()) {
    REQUIRE(store::Migrate(temp_->Owner(), Migrations()) == absl::OkStatus());
  }

  testing::TempDatabase& temp() { return *temp_; }
  std::string Psql(const std::string& sql) {
    return temp_->Psql("SET search_path = attributes; " + sql).value();
  }

 private:
  std::unique_ptr<testing::TempDatabase> temp_;
};

class Process {
 public:
  explicit Process(Database& database, const std::string& keys = kKeyA, int pool = 4)
      : pool_(store::Pool::Create(database.temp().App(pool)).value()),
        box_(crypto::SealedBox::FromRing(crypto::KeyRing::FromText(keys).value())),
        hasher_(crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(keys).value())),
        store_(*pool_, box_, hasher_, ids_) {}

  absl::StatusOr<LinkedAccount> TryLink(const Credential& credential,
                                        const std::string& request_id = "r1") {
    return store_.Link(credential, request_id, absl::FromUnixSeconds(1700000000),
                       absl::InfiniteFuture());
  }
  LinkedAccount Link(const Credential& credential, const std::string& request_id = "r1") {
    const absl::StatusOr<LinkedAccount> linked = TryLink(credential, request_id);
    INFO(linked.status());
    REQUIRE(linked.ok());
    return *linked;
  }
  absl::StatusOr<std::optional<Standing>> TryStanding(const std::string& account_id,
                                                      const std::string& verification_id) {
    return store_.FindStanding(account_id, verification_id, absl::InfiniteFuture());
  }
  std::optional<Standing> StandingOf(const LinkedAccount& linked) {
    const auto standing = TryStanding(linked.account_id, linked.verification_id);
    INFO(standing.status());
    REQUIRE(standing.ok());
    return *standing;
  }
  const crypto::SealedBox& box() const { return box_; }

 private:
  crypto::SystemIdGenerator ids_;
  std::unique_ptr<store::Pool> pool_;
  crypto::SealedBox box_;
  crypto::LookupHasher hasher_;
  PgAccountStore store_;
};

Credential Of(Csp type, const std::string& id, const std::string& icn = "",
              const std::string& backing = "") {
  Credential out;
  out.type = type;
  out.id = CspId::FromWire(id);
  if (!icn.empty()) out.icn = Icn::FromWire(icn);
  if (!backing.empty()) out.backing_idme = CspId::FromWire(backing);
  return out;
}

TEST_CASE("PgAccountStore: an unknown person gets an account and a verification",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  CHECK(linked.created);
  CHECK_FALSE(linked.locked);
  CHECK_FALSE(linked.merge_pending);
  CHECK(
      database.Psql("SELECT a.id, v.id, a.icn_hash IS NOT NULL, v.verified_at IS NOT NULL "
                    "FROM user_accounts a JOIN user_verifications v ON v.user_account_id = a.id") ==
      absl::StrCat(linked.account_id, "|", linked.verification_id, "|t|t"));
}

TEST_CASE("PgAccountStore: the same credential leads to the same account again",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Csp type = GENERATE(Csp::kIdme, Csp::kLogingov, Csp::kMhv, Csp::kDslogon);
  const bool backed = type == Csp::kMhv || type == Csp::kDslogon;
  const Credential credential = Of(type, "c1", "1V1", backed ? "i1" : "");
  const LinkedAccount first = process.Link(credential);
  const LinkedAccount again = process.Link(credential);
  CHECK(again.account_id == first.account_id);
  CHECK(again.verification_id == first.verification_id);
  CHECK_FALSE(again.created);
  CHECK(database.Psql("SELECT count(*) FROM user_verifications") == "1");
}

TEST_CASE("PgAccountStore: without an ICN nobody is verified and no ICN is stored",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  process.Link(Of(Csp::kIdme, "i1"));
  CHECK(
      database.Psql("SELECT a.icn_hash IS NULL, a.icn_sealed IS NULL, v.verified_at IS NULL "
                    "FROM user_accounts a JOIN user_verifications v ON v.user_account_id = a.id") ==
      "t|t|t");
}

TEST_CASE("PgAccountStore: two credentials with one ICN share an account (seed 002)",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount idme = process.Link(Of(Csp::kIdme, "same-text", "1V1"));
  const LinkedAccount logingov = process.Link(Of(Csp::kLogingov, "same-text", "1V1"));
  CHECK(logingov.account_id == idme.account_id);
  CHECK(logingov.verification_id != idme.verification_id);
}

TEST_CASE("PgAccountStore: the first ICN of an account is written on it",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount before = process.Link(Of(Csp::kIdme, "i1"));
  const LinkedAccount after = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  CHECK(after.account_id == before.account_id);
  CHECK(database.Psql("SELECT count(*) FROM user_accounts WHERE icn_hash IS NOT NULL") == "1");
  CHECK(database.Psql("SELECT verified_at IS NOT NULL FROM user_verifications") == "t");
}

TEST_CASE(
    "PgAccountStore: an unverified credential moves to its ICN's account; the old one is kept",
    "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount owner = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const LinkedAccount before = process.Link(Of(Csp::kLogingov, "l1"));
  const LinkedAccount after = process.Link(Of(Csp::kLogingov, "l1", "1V1"));
  CHECK(before.account_id != owner.account_id);
  CHECK(after.account_id == owner.account_id);
  CHECK(after.verification_id == before.verification_id);
  CHECK(
      database.Psql("SELECT user_verification_id, user_account_id FROM deprecated_user_accounts") ==
      absl::StrCat(before.verification_id, "|", before.account_id));
}

TEST_CASE(
    "PgAccountStore: R12 a verified account is given another ICN: nothing moves, a merge is "
    "pending",
    "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount before = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const bool known = GENERATE(false, true);
  std::string other;
  if (known) other = process.Link(Of(Csp::kLogingov, "l1", "2V2")).account_id;
  const LinkedAccount after = process.Link(Of(Csp::kIdme, "i1", "2V2"), "r2");
  CHECK(after.merge_pending);
  CHECK(after.account_id == before.account_id);
  process.Link(Of(Csp::kIdme, "i1", "2V2"), "r3");
  CHECK(database.Psql("SELECT user_verification_id, user_account_id, icn_account_id, "
                      "first_request_id, last_request_id, times_seen FROM pending_merges") ==
        absl::StrCat(before.verification_id, "|", before.account_id, "|", other, "|r2|r3|2"));
  CHECK_FALSE(process.Link(Of(Csp::kIdme, "i1", "1V1")).merge_pending);
}

TEST_CASE("PgAccountStore: an ICN missing on login changes nothing", "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount before = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  CHECK(process.Link(Of(Csp::kIdme, "i1")).account_id == before.account_id);
  CHECK(database.Psql("SELECT count(*) FROM user_accounts WHERE icn_hash IS NOT NULL") == "1");
}

TEST_CASE("PgAccountStore: the ID.me uuid behind a credential follows the last sign-in",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  process.Link(Of(Csp::kMhv, "m1", "1V1", "i1"));
  const std::string hash = "SELECT backing_idme_uuid_hash FROM user_verifications";
  const std::string before = database.Psql(hash);
  process.Link(Of(Csp::kMhv, "m1", "1V1", "i1"));
  CHECK(database.Psql(hash) == before);
  process.Link(Of(Csp::kMhv, "m1", "1V1", "i2"));
  CHECK(database.Psql(hash) != before);
}

TEST_CASE("PgAccountStore: a credential of a locked kind is born locked (ssoe_saml 15.2)",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount first = process.Link(Of(Csp::kLogingov, "l1", "1V1"));
  database.Psql(absl::StrCat("UPDATE user_verifications SET locked = true WHERE id = '",
                             first.verification_id, "'"));
  CHECK(process.Link(Of(Csp::kLogingov, "l1", "1V1")).locked);
  CHECK(process.Link(Of(Csp::kLogingov, "l2", "1V1")).locked);
  CHECK_FALSE(process.Link(Of(Csp::kIdme, "i1", "1V1")).locked);
}

// Everything a sign-in could change, as text.
std::string Snapshot(Database& database) {
  return database.Psql("SELECT a FROM user_accounts a ORDER BY id") + "\n" +
         database.Psql("SELECT v FROM user_verifications v ORDER BY id") + "\n" +
         database.Psql("SELECT d FROM deprecated_user_accounts d") + "\n" +
         database.Psql("SELECT m FROM pending_merges m");
}

TEST_CASE("PgAccountStore: a locked credential changes nothing, whatever it brings along",
          "[attributes][contract]") {
  struct Row {
    const char* rule;
    const char* first_icn;  // of the credential before it was locked
    const char* next_icn;
  };
  const auto row = GENERATE(values<Row>({
      {"nothing new", "1V1", "1V1"},
      {"a first ICN that nobody has is not written", "", "1V1"},
      {"a first ICN of another account does not move it", "", "2V2"},
      {"an ICN that its account has does not verify it", "", "3V3"},
      {"another ICN leaves no pending merge", "1V1", "2V2"},
  }));
  INFO(row.rule);
  Database database;
  Process process(database);
  process.Link(Of(Csp::kLogingov, "l1", "2V2"));
  const LinkedAccount before = process.Link(Of(Csp::kMhv, "m1", row.first_icn, "i1"));
  if (std::string(row.next_icn) == "3V3") {
    // Verified by another credential of the account that holds the ICN.
    const LinkedAccount owner = process.Link(Of(Csp::kIdme, "i3", "3V3"));
    database.Psql(absl::StrCat("UPDATE user_verifications SET user_account_id = '",
                               owner.account_id, "' WHERE id = '", before.verification_id, "'"));
  }
  database.Psql(absl::StrCat("UPDATE user_verifications SET locked = true WHERE id = '",
                             before.verification_id, "'"));
  const std::string snapshot = Snapshot(database);
  // Another ID.me uuid behind it would be written for a credential that is not locked.
  const LinkedAccount after = process.Link(Of(Csp::kMhv, "m1", row.next_icn, "i2"), "r2");
  CHECK(after.locked);
  CHECK(after.verification_id == before.verification_id);
  CHECK_FALSE(after.created);
  CHECK_FALSE(after.merge_pending);
  CHECK(Snapshot(database) == snapshot);
}

TEST_CASE("PgAccountStore: no identifier lies readable in the database", "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked =
      process.Link(Of(Csp::kMhv, "mhv-id-12345748", "1012853550V207686", "idme-0e1bb5723d7c4f06"));
  process.Link(Of(Csp::kMhv, "mhv-id-12345748", "1099999999V999999", "idme-0e1bb5723d7c4f06"));
  const std::string dump =
      database.Psql("SELECT a.*, encode(a.icn_sealed, 'escape') FROM user_accounts a") +
      database.Psql("SELECT v.*, encode(v.credential_sealed, 'escape') FROM user_verifications v") +
      database.Psql("SELECT m.*, encode(m.icn_sealed, 'escape') FROM pending_merges m");
  for (const char* const secret :
       {"mhv-id-12345748", "1012853550V207686", "1099999999V999999", "idme-0e1bb5723d7c4f06"}) {
    CAPTURE(secret);
    CHECK(dump.find(secret) == std::string::npos);
  }
  // What was sealed opens in its own row only.
  const std::string hex = database.Psql("SELECT encode(icn_sealed, 'hex') FROM user_accounts");
  std::string sealed;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    sealed.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  const std::string place = absl::StrCat("user_accounts/", linked.account_id, "/icn");
  CHECK(process.box().Open(sealed, place).value() == "1012853550V207686");
  CHECK_FALSE(process.box().Open(sealed, "user_accounts/other/icn").ok());
}

TEST_CASE("PgAccountStore: E7 rows written under the previous key are found",
          "[attributes][contract]") {
  Database database;
  Process before(database, kKeyA);
  const LinkedAccount old = before.Link(Of(Csp::kIdme, "i1", "1V1"));
  Process after(database, kKeyB + ":current\n" + kKeyA);
  CHECK(after.Link(Of(Csp::kIdme, "i1", "1V1")).account_id == old.account_id);
  CHECK(after.Link(Of(Csp::kLogingov, "l1", "1V1")).account_id == old.account_id);
  CHECK(database.Psql("SELECT count(*) FROM user_accounts") == "1");
}

TEST_CASE("PgAccountStore: R13 the database itself holds exactly one credential id per row",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const auto insert = [&](const std::string& columns, const std::string& values) {
    return database.temp()
        .Psql(absl::StrCat("INSERT INTO attributes.user_verifications (id, user_account_id, "
                           "credential_sealed, created_at, updated_at, ",
                           columns, ") VALUES (gen_random_uuid(), '", linked.account_id,
                           "', 'x', now(), now(), ", values, ")"))
        .ok();
  };
  CHECK(insert("idme_uuid_hash", "'a'"));
  CHECK_FALSE(insert("idme_uuid_hash, logingov_uuid_hash", "'b', 'b'"));
  CHECK_FALSE(insert("idme_uuid_hash, logingov_uuid_hash, mhv_uuid_hash", "'b', 'b', 'b'"));
  CHECK_FALSE(insert("locked", "false"));
  CHECK_FALSE(insert("mhv_uuid_hash", "'b'"));
  CHECK_FALSE(insert("idme_uuid_hash", "'a'"));
}

TEST_CASE("PgAccountStore: E6 a standing is read with the ICN out of the sealed column",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount verified = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const std::optional<Standing> standing = process.StandingOf(verified);
  REQUIRE(standing.has_value());
  CHECK(standing->icn == Icn::FromWire("1V1"));
  CHECK(standing->verified);
  CHECK_FALSE(standing->locked);
  CHECK_FALSE(standing->merge_pending);

  const std::optional<Standing> unverified = process.StandingOf(process.Link(Of(Csp::kIdme, "i2")));
  REQUIRE(unverified.has_value());
  CHECK_FALSE(unverified->icn.has_value());
  CHECK_FALSE(unverified->verified);
}

TEST_CASE("PgAccountStore: E6 a standing tells locks and pending merges",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kMhv, "m1", "1V1", "i1"));
  process.Link(Of(Csp::kMhv, "m1", "2V2", "i1"));
  CHECK(process.StandingOf(linked)->merge_pending);
  CHECK(process.StandingOf(linked)->icn == Icn::FromWire("1V1"));
  database.Psql("UPDATE user_verifications SET locked = true");
  CHECK(process.StandingOf(linked)->locked);
}

TEST_CASE("PgAccountStore: E6 account and verification must belong together",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount one = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const LinkedAccount two = process.Link(Of(Csp::kIdme, "i2", "2V2"));
  LinkedAccount mixed = one;
  mixed.verification_id = two.verification_id;
  CHECK_FALSE(process.StandingOf(mixed).has_value());
  mixed.verification_id = "00000000-0000-4000-8000-000000000000";
  CHECK_FALSE(process.StandingOf(mixed).has_value());

  // A credential that moved to the account of its ICN stands there, no longer where it was.
  const LinkedAccount before = process.Link(Of(Csp::kLogingov, "l1"));
  const LinkedAccount after = process.Link(Of(Csp::kLogingov, "l1", "1V1"));
  REQUIRE(after.account_id == one.account_id);
  CHECK_FALSE(process.StandingOf(before).has_value());
  CHECK(process.StandingOf(after).has_value());
}

TEST_CASE(
    "PgAccountStore: E7 a standing written under another ring is a fault, not a person "
    "without an ICN",
    "[attributes][contract]") {
  Database database;
  Process before(database, kKeyA);
  const LinkedAccount linked = before.Link(Of(Csp::kIdme, "i1", "1V1"));
  Process both(database, kKeyB + ":current\n" + kKeyA);
  CHECK(both.StandingOf(linked)->icn == Icn::FromWire("1V1"));
  Process without(database, kKeyB);
  CHECK_FALSE(without.TryStanding(linked.account_id, linked.verification_id).ok());
  // A sealed ICN that was copied from another row does not open, either.
  const LinkedAccount other = before.Link(Of(Csp::kIdme, "i2", "2V2"));
  database.Psql(
      absl::StrCat("UPDATE user_accounts SET icn_sealed = (SELECT icn_sealed FROM "
                   "user_accounts WHERE id = '",
                   linked.account_id, "') WHERE id = '", other.account_id, "'"));
  CHECK_FALSE(before.TryStanding(other.account_id, other.verification_id).ok());
}

// 64 first sign-ins of one person at the same moment, over two processes' pools.
TEST_CASE("PgAccountStore: concurrent first sign-ins leave one account and one verification",
          "[attributes][contract][race]") {
  Database database;
  Process one(database, kKeyA, 8);
  Process two(database, kKeyA, 8);
  const std::string icn = GENERATE(as<std::string>(), "1V1", "");
  std::vector<std::string> accounts(64);
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    threads.emplace_back([&, i] {
      while (!go) std::this_thread::yield();
      const absl::StatusOr<LinkedAccount> linked =
          (i % 2 == 0 ? one : two).TryLink(Of(Csp::kIdme, "i1", icn));
      accounts[i] = linked.ok() ? linked->account_id : std::string(linked.status().message());
    });
  }
  go = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(std::set<std::string>(accounts.begin(), accounts.end()).size() == 1);
  CHECK(database.Psql("SELECT (SELECT count(*) FROM user_accounts), "
                      "(SELECT count(*) FROM user_verifications)") == "1|1");
}

TEST_CASE("PgAccountStore: concurrent first sign-ins with different credentials share the account",
          "[attributes][contract][race]") {
  Database database;
  Process process(database, kKeyA, 8);
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      while (!go) std::this_thread::yield();
      if (!process.TryLink(Of(Csp::kIdme, absl::StrCat("i", i), "1V1")).ok()) ++failed;
    });
  }
  go = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(database.Psql("SELECT (SELECT count(*) FROM user_accounts), "
                      "(SELECT count(*) FROM user_verifications)") == "1|16");
}

TEST_CASE("PgAccountStore: a database that is gone is UNAVAILABLE, not a new person",
          "[attributes][contract]") {
  Database database;
  store::PoolOptions nowhere = database.temp().App();
  nowhere.host = "/nonexistent";
  auto pool = store::Pool::Create(nowhere).value();
  crypto::SystemIdGenerator ids;
  const auto box = crypto::SealedBox::FromRing(crypto::KeyRing::FromText(kKeyA).value());
  const auto hasher = crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(kKeyA).value());
  PgAccountStore accounts(*pool, box, hasher, ids);
  const auto linked =
      accounts.Link(Of(Csp::kIdme, "i1"), "r", absl::UnixEpoch(), absl::InfiniteFuture());
  CHECK(linked.status().code() == absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace va::attributes
