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

#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "tests/contract/account_fixture.h"
#include "tests/contract/hostile_strings.h"

namespace va::attributes {
namespace {

using identity::Csp;
using identity::CspId;
using identity::Icn;

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

TEST_CASE("PgAccountStore: Seed 002: an account has many verifications, one per uuid of a provider",
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
      accounts.Link(Of(Csp::kIdme, "i1"), {"r"}, absl::UnixEpoch(), absl::InfiniteFuture());
  CHECK(linked.status().code() == absl::StatusCode::kUnavailable);
}

// What a sign-in leaves behind beside the link.

// The version of every row: it changes with every write.
std::string Versions(Database& database) {
  return database.Psql(
      "SELECT v.xmin, v.ctid, a.xmin FROM user_verifications v "
      "JOIN user_accounts a ON a.id = v.user_account_id ORDER BY v.id");
}

std::string EmailOf(Database& database, Process& process, const std::string& verification_id) {
  const std::string hex = database.Psql(
      absl::StrCat("SELECT encode(email_sealed, 'hex') FROM user_verifications WHERE id = '",
                   verification_id, "'"));
  std::string sealed;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    sealed.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  const auto opened =
      process.box().Open(sealed, absl::StrCat("user_verifications/", verification_id, "/email"));
  return opened.ok() ? *opened : std::string(opened.status().message());
}

TEST_CASE(
    "PgAccountStore: the e-mail of a credential is kept sealed, one per credential, overwritten",
    "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(With(Of(Csp::kIdme, "i1", "1V1"), "a@example.org"));
  CHECK(EmailOf(database, process, linked.verification_id) == "a@example.org");
  process.Link(With(Of(Csp::kIdme, "i1", "1V1"), "b@example.org"));
  CHECK(EmailOf(database, process, linked.verification_id) == "b@example.org");
  process.Link(Of(Csp::kIdme, "i1", "1V1"));
  CHECK(EmailOf(database, process, linked.verification_id) == "b@example.org");
  CHECK(database.Psql("SELECT count(*) FROM user_verifications v WHERE v::text LIKE "
                      "'%example.org%' OR encode(email_sealed, 'escape') LIKE '%example%'") == "0");
}

TEST_CASE("PgAccountStore: a sign-in that brings nothing new writes nothing on the same day",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const Credential credential = With(Of(Csp::kMhv, "m1", "1V1", "i1"), "a@example.org", "k:digest");
  process.Link(credential);
  const std::string before = Versions(database);
  process.Link(credential, "r2", kNow + absl::Hours(23));
  CHECK(Versions(database) == before);
  process.Link(credential, "r3", kNow + absl::Hours(24));
  CHECK(Versions(database) != before);
  CHECK(database.Psql("SELECT extract(epoch FROM last_used_at)::bigint FROM user_verifications") ==
        absl::StrCat(absl::ToUnixSeconds(kNow + absl::Hours(24))));
}

TEST_CASE("PgAccountStore: the digest is kept for verified credentials and told when it changes",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const std::string digest = "SELECT attributes_digest FROM user_verifications";
  CHECK_FALSE(process.Link(With(Of(Csp::kIdme, "i1"), "", "k:one")).digest_changed);
  CHECK(database.Psql(digest).empty());
  CHECK_FALSE(process.Link(With(Of(Csp::kIdme, "i1"), "", "k:one")).digest_changed);
  CHECK(database.Psql(digest).empty());
  CHECK(process.Link(With(Of(Csp::kIdme, "i1", "1V1"), "", "k:one")).digest_changed);
  CHECK(database.Psql(digest) == "k:one");
  CHECK_FALSE(process.Link(With(Of(Csp::kIdme, "i1", "1V1"), "", "k:one")).digest_changed);
  CHECK(process.Link(With(Of(Csp::kIdme, "i1", "1V1"), "", "k:two")).digest_changed);
  CHECK(database.Psql(digest) == "k:two");
  // While it is in doubt whose credential this is, MPI is told nothing (R12).
  CHECK_FALSE(process.Link(With(Of(Csp::kIdme, "i1", "2V2"), "", "k:three")).digest_changed);
  CHECK(database.Psql(digest) == "k:two");
  CHECK(process.Link(With(Of(Csp::kLogingov, "l1", "3V3"), "", "k:new")).digest_changed);
}

TEST_CASE("PgAccountStore: each acceptable-credential date is set once, of verified accounts alone",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const auto dates = [&](const std::string& account) {
    return database.Psql(absl::StrCat(
        "SELECT extract(epoch FROM acceptable_verified_credential_at)::bigint, "
        "extract(epoch FROM idme_verified_credential_at)::bigint FROM user_accounts WHERE id = '",
        account, "'"));
  };
  const std::string t0 = absl::StrCat(absl::ToUnixSeconds(kNow));
  const absl::Time later = kNow + absl::Hours(1);
  const std::string t1 = absl::StrCat(absl::ToUnixSeconds(later));
  const LinkedAccount unverified = process.Link(Of(Csp::kIdme, "i1"));
  CHECK(dates(unverified.account_id) == "|");
  process.Link(Of(Csp::kIdme, "i1", "1V1"), "r", later);
  CHECK(dates(unverified.account_id) == "|" + t1);
  process.Link(Of(Csp::kLogingov, "l1", "1V1"));
  CHECK(dates(unverified.account_id) == t0 + "|" + t1);
  process.Link(Of(Csp::kLogingov, "l2", "1V1"), "r", later);
  CHECK(dates(unverified.account_id) == t0 + "|" + t1);
  const LinkedAccount mhv = process.Link(Of(Csp::kMhv, "m1", "2V2", "i2"));
  CHECK(dates(mhv.account_id) == "|");
  // A credential that moves to the account of its ICN brings its kind along.
  process.Link(Of(Csp::kLogingov, "l3"));
  process.Link(Of(Csp::kLogingov, "l3", "2V2"), "r", later);
  CHECK(dates(mhv.account_id) == t1 + "|");
  // What stood there before these columns is caught up with, whatever it is signed in with.
  database.Psql(
      "UPDATE user_accounts SET acceptable_verified_credential_at = NULL, "
      "idme_verified_credential_at = NULL");
  process.Link(Of(Csp::kIdme, "i1"), "r", later);
  CHECK(dates(unverified.account_id) == t1 + "|" + t1);
}

TEST_CASE("PgAccountStore: a locked account locks every credential of it, and who has its ICN",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount owner = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  process.Link(Of(Csp::kLogingov, "l-other", "2V2"));
  process.Link(Of(Csp::kLogingov, "l-unverified"));
  REQUIRE_FALSE(process.StandingOf(owner)->locked);
  database.Psql(
      absl::StrCat("UPDATE user_accounts SET locked = true WHERE id = '", owner.account_id, "'"));
  CHECK(process.StandingOf(owner)->locked);
  CHECK(process.Link(Of(Csp::kIdme, "i1", "1V1")).locked);
  CHECK(process.Link(Of(Csp::kIdme, "i1")).locked);
  // New credentials, those that move there, and those whom MPI takes for this person.
  CHECK(process.Link(Of(Csp::kLogingov, "l1", "1V1")).locked);
  CHECK(process.Link(Of(Csp::kLogingov, "l-unverified", "1V1")).locked);
  const LinkedAccount doubtful = process.Link(Of(Csp::kLogingov, "l-other", "1V1"));
  CHECK(doubtful.locked);
  CHECK(doubtful.merge_pending);
  // Nobody vouches for a uuid by the ICN of a locked account.
  CHECK_FALSE(process.KnownOf({}, Icn::FromWire("1V1")).idme_uuid.has_value());
  database.Psql("UPDATE user_accounts SET locked = false");
  CHECK_FALSE(process.Link(Of(Csp::kIdme, "i1", "1V1")).locked);
  CHECK(process.KnownOf({}, Icn::FromWire("1V1")).idme_uuid == CspId::FromWire("i1"));
}

// Who read the facts a moment before a lock must not be let in a moment after it.
TEST_CASE("PgAccountStore: a lock that is set between the look and the deed holds",
          "[attributes][contract][race]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const bool moves = GENERATE(false, true);
  if (moves) process.Link(Of(Csp::kLogingov, "l1"));
  const auto holder = store::Pool::Create(database.temp().App(1)).value();
  constexpr store::Statement kHold{"hold",
                                   "SELECT id FROM user_accounts WHERE id = $1::uuid FOR UPDATE"};
  constexpr store::Statement kLock{"lock",
                                   "UPDATE user_accounts SET locked = true WHERE id = $1::uuid"};
  constexpr store::Statement kWaits{
      "waits",
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
      "wait_event_type = 'Lock'"};
  std::thread person;
  LinkedAccount late;
  const absl::Time end = base::SystemClock().Now() + absl::Seconds(20);
  const absl::Status done = holder->Run(end, [&](store::Connection& db) {
    return db.InTransaction([&](store::Connection& tx) -> absl::Status {
      for (const store::Statement* statement : {&kHold, &kLock}) {
        if (auto ran = tx.Exec(*statement, {linked.account_id}); !ran.ok()) return ran.status();
      }
      person =
          std::thread([&] { late = process.TryLink(Of(Csp::kLogingov, "l1", "1V1")).value(); });
      while (base::SystemClock().Now() < end) {
        const auto waits = tx.Exec(kWaits);
        if (!waits.ok()) return waits.status();
        if ((*waits)[0].Int(0) > 0) break;
      }
      return absl::OkStatus();
    });
  });
  person.join();
  CHECK(done == absl::OkStatus());
  CHECK(late.account_id == linked.account_id);
  CHECK(late.locked);
}

TEST_CASE("PgAccountStore: E7 first sign-ins at once under two keys leave one account",
          "[attributes][contract][race]") {
  Database database;
  Process old(database, kKeyA + ":current\n" + kKeyB, 8);
  Process next(database, kKeyB + ":current\n" + kKeyA, 8);
  for (int round = 0; round < 4; ++round) {
    std::atomic<int> failed = 0;
    std::vector<std::thread> people;
    for (int i = 0; i < 12; ++i) {
      people.emplace_back([&, i] {
        const Csp type = i % 3 == 0 ? Csp::kLogingov : Csp::kIdme;
        Process& process = i % 2 == 0 ? old : next;
        const auto linked =
            process.TryLink(Of(type, absl::StrCat("u", round), absl::StrCat("1V", round)));
        if (!linked.ok()) ++failed;
      });
    }
    for (std::thread& person : people) person.join();
    CHECK(failed == 0);
    CHECK(database.Psql("SELECT (SELECT count(*) FROM user_accounts), (SELECT count(*) FROM "
                        "user_verifications)") == absl::StrCat(round + 1, "|", 2 * (round + 1)));
  }
}

TEST_CASE("PgAccountStore: a lock is not escaped by an unverified credential that moves in",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount locked = process.Link(Of(Csp::kLogingov, "l1", "1V1"));
  database.Psql("UPDATE user_verifications SET locked = true");
  process.Link(Of(Csp::kLogingov, "l2"));
  process.Link(Of(Csp::kIdme, "i2"));
  const LinkedAccount moved = process.Link(Of(Csp::kLogingov, "l2", "1V1"));
  CHECK(moved.account_id == locked.account_id);
  CHECK(moved.locked);
  CHECK_FALSE(process.Link(Of(Csp::kIdme, "i2", "1V1")).locked);
}

TEST_CASE("PgAccountStore: who moves to the account of their ICN leaves an event for old sessions",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const LinkedAccount before = process.Link(Of(Csp::kLogingov, "l1"));
  process.Link(Of(Csp::kLogingov, "l1", "1V1"));
  const auto events = process.events().ReadEvents(0, 10, absl::InfiniteFuture());
  REQUIRE(events.ok());
  REQUIRE(events->size() == 1);
  CHECK(events->front().kind == AccountEventKind::kMoved);
  CHECK(events->front().account_id == before.account_id);
  CHECK(events->front().verification_id == before.verification_id);
}

TEST_CASE("PgAccountStore: R12 with the switch on, a new ICN is written over the old one",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount before = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const LinkedAccount after = process.Link(Of(Csp::kIdme, "i1", "2V2"), "r2", kNow, true);
  CHECK(after.account_id == before.account_id);
  CHECK(after.overwritten);
  CHECK_FALSE(after.merge_pending);
  CHECK(process.StandingOf(after)->icn == Icn::FromWire("2V2"));
  CHECK(database.Psql("SELECT count(*) FROM pending_merges") == "0");
}

TEST_CASE(
    "PgAccountStore: R12 with the switch on, a verified credential moves to its ICN's account",
    "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount before = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  const LinkedAccount other = process.Link(Of(Csp::kLogingov, "l1", "2V2"));
  const LinkedAccount after = process.Link(Of(Csp::kIdme, "i1", "2V2"), "r2", kNow, true);
  CHECK(after.account_id == other.account_id);
  CHECK(after.overwritten);
  CHECK(database.Psql("SELECT user_account_id FROM deprecated_user_accounts") == before.account_id);
  // And back again: an account is not a former one of itself.
  CHECK(process.Link(Of(Csp::kIdme, "i1", "1V1"), "r3", kNow, true).account_id ==
        before.account_id);
  CHECK(database.Psql("SELECT user_account_id FROM deprecated_user_accounts") == other.account_id);
}

TEST_CASE("PgAccountStore: R13 what is no verification is refused before anything is written",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const auto refused = process.TryLink(Of(Csp::kMhv, "m1", "1V1"));
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(base::ReasonOf(refused.status()) == "VERIFICATION_BACKING");
  CHECK(base::ReasonOf(process.TryLink(Of(Csp::kIdme, "")).status()) == "VERIFICATION_IDENTIFIER");
  CHECK(database.Psql("SELECT count(*) FROM user_accounts") == "0");
}

TEST_CASE("PgAccountStore: R12 the same merge under another key of the ring is the same merge (E7)",
          "[attributes][contract]") {
  Database database;
  Process before(database, kKeyA);
  before.Link(Of(Csp::kIdme, "i1", "1V1"));
  before.Link(Of(Csp::kIdme, "i1", "2V2"), "r2");
  Process after(database, kKeyB + ":current\n" + kKeyA);
  after.Link(Of(Csp::kIdme, "i1", "2V2"), "r3");
  CHECK(database.Psql("SELECT times_seen, last_request_id FROM pending_merges") == "2|r3");
}

TEST_CASE("PgAccountStore: what is known of a credential before the rules run",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const CredentialKey key{Csp::kLogingov, CspId::FromWire("l1")};
  CHECK_FALSE(process.KnownOf(key, {}).previously_verified);
  process.Link(Of(Csp::kLogingov, "l1"));
  CHECK_FALSE(process.KnownOf(key, {}).previously_verified);
  process.Link(Of(Csp::kLogingov, "l1", "1V1"));
  CHECK(process.KnownOf(key, {}).previously_verified);
  CHECK_FALSE(
      process.KnownOf(CredentialKey{Csp::kIdme, CspId::FromWire("l1")}, {}).previously_verified);
  // ID.me's own uuid comes before one that only stands behind another credential.
  process.Link(Of(Csp::kMhv, "m1", "1V1", "i-behind"));
  CHECK(process.KnownOf({}, Icn::FromWire("1V1")).idme_uuid == CspId::FromWire("i-behind"));
  CHECK(process.KnownOf({}, Icn::FromWire("1V1")).logingov_uuid == CspId::FromWire("l1"));
  process.Link(Of(Csp::kIdme, "i1", "1V1"));
  CHECK(process.KnownOf({}, Icn::FromWire("1V1")).idme_uuid == CspId::FromWire("i1"));
  CHECK_FALSE(process.KnownOf({}, Icn::FromWire("9V9")).idme_uuid.has_value());
}

TEST_CASE("PgAccountStore: B1 hostile identifiers, e-mails and digests are values and nothing else",
          "[attributes][contract][security]") {
  Database database;
  Process process(database);
  for (const std::string& hostile : testing::HostileStrings()) {
    CAPTURE(hostile);
    const std::string id = "x" + hostile;  // an empty one is none
    const Credential credential = With(Of(Csp::kMhv, id, id, id), id, id);
    const absl::StatusOr<LinkedAccount> linked = process.TryLink(credential);
    REQUIRE(linked.ok());
    CHECK(process.Link(credential).verification_id == linked->verification_id);
    CHECK(EmailOf(database, process, linked->verification_id) == id);
    CHECK(process.StandingOf(*linked)->icn == Icn::FromWire(id));
  }
}

// What a process that stands alone links; told through a pipe.
void LinkInChild(Database& database, const std::vector<Credential>& credentials, int threads,
                 int told) {
  Process process(database, kKeyA, 8);
  std::vector<std::string> lines(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      const auto& credential = credentials[static_cast<std::size_t>(i) % credentials.size()];
      const absl::StatusOr<LinkedAccount> linked = process.TryLink(credential);
      lines[static_cast<std::size_t>(i)] =
          (linked.ok() ? linked->account_id : std::string(linked.status().message())) + "\n";
    });
  }
  for (std::thread& thread : running) thread.join();
  for (const std::string& line : lines) {
    if (write(told, line.data(), line.size()) < 0) _exit(2);
  }
  _exit(0);
}

// The accounts that two processes, 32 threads each, were told.
std::set<std::string> LinkInTwoProcesses(Database& database,
                                         const std::vector<Credential>& credentials) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  pid_t children[2];
  for (pid_t& child : children) {
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) LinkInChild(database, credentials, 32, ends[1]);
  }
  close(ends[1]);
  std::string told;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    told.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const std::vector<std::string> lines = absl::StrSplit(told, '\n', absl::SkipEmpty());
  CHECK(lines.size() == 64);
  return {lines.begin(), lines.end()};
}

TEST_CASE("PgAccountStore: 64 first sign-ins of one person over two processes leave one account",
          "[attributes][contract][race]") {
  Database database;
  const std::set<std::string> accounts =
      LinkInTwoProcesses(database, {With(Of(Csp::kIdme, "i1", "1V1"), "a@example.org", "k:d")});
  CHECK(accounts.size() == 1);
  CHECK(database.Psql("SELECT (SELECT count(*) FROM user_accounts), "
                      "(SELECT count(*) FROM user_verifications)") == "1|1");
}

TEST_CASE("PgAccountStore: ID.me and Login.gov at once for one ICN: one account, two verifications",
          "[attributes][contract][race]") {
  Database database;
  const std::set<std::string> accounts =
      LinkInTwoProcesses(database, {Of(Csp::kIdme, "i1", "1V1"), Of(Csp::kLogingov, "l1", "1V1")});
  CHECK(accounts.size() == 1);
  CHECK(database.Psql("SELECT (SELECT count(*) FROM user_accounts), "
                      "(SELECT count(*) FROM user_verifications)") == "1|2");
}

// Makes the server end the connection in the middle of what is being written to `table`.
void DieAt(Database& database, const std::string& table) {
  database.Psql(absl::StrCat(
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
      "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NEW; END $$; "
      "CREATE TRIGGER die BEFORE INSERT ON ",
      table, " FOR EACH ROW EXECUTE FUNCTION die()"));
}

TEST_CASE("PgAccountStore: a connection that ends midway is UNAVAILABLE and leaves nothing half",
          "[attributes][contract]") {
  Database database;
  Process process(database);
  const LinkedAccount linked = process.Link(Of(Csp::kIdme, "i1", "1V1"));
  process.Link(Of(Csp::kLogingov, "l1"));
  struct Row {
    const char* rule;
    const char* dies_at;
    Credential credential;
  };
  const absl::Time later = kNow + absl::Hours(48);
  const auto row = GENERATE(values<Row>({
      {"between the account and its credential", "user_verifications", Of(Csp::kIdme, "i2", "2V2")},
      {"between the last use and the pending merge", "pending_merges", Of(Csp::kIdme, "i1", "2V2")},
      {"between the move and its event", "account_events", Of(Csp::kLogingov, "l1", "1V1")},
  }));
  INFO(row.rule);
  const std::string before = Snapshot(database);
  DieAt(database, row.dies_at);
  const auto failed = process.TryLink(row.credential, "r9", later);
  CHECK(failed.status().code() == absl::StatusCode::kUnavailable);
  CHECK(Snapshot(database) == before);
  database.Psql("DROP FUNCTION die CASCADE");
  CHECK(process.TryLink(row.credential, "r9", later).ok());
}

}  // namespace
}  // namespace va::attributes
