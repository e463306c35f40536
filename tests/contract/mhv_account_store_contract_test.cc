// What mhv-account keeps, against a real PostgreSQL: the cached answer and whom it is for, the
// history, and two calls at the same moment.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"
#include "lib/testing/temp_postgres.h"
#include "services/mhv-account/domain/ensure_account.h"
#include "services/mhv-account/migrations.h"
#include "services/mhv-account/store/pg_account_store.h"

namespace va::mhv {
namespace {

const std::string kKeyA = "a:" + std::string(64, '1');
const std::string kKeyB = "b:" + std::string(64, '2');
constexpr char kAccount[] = "0b6a9f1e-4d4f-4c54-9a55-7f0e6a1c2d3e";
constexpr char kOtherAccount[] = "1b6a9f1e-4d4f-4c54-9a55-7f0e6a1c2d3e";
constexpr char kIcn[] = "1000000001V100001";
constexpr char kOtherIcn[] = "1000000002V100002";
constexpr char kMhvId[] = "12345678";

absl::Time At(int seconds) { return absl::FromUnixSeconds(1768478400 + seconds); }

class Database {
 public:
  Database() : temp_(testing::TempDatabase::CreateMigrated("mhv", Migrations()).value()) {}

  testing::TempDatabase& temp() { return *temp_; }
  absl::StatusOr<std::string> TryPsql(const std::string& sql) {
    return temp_->Psql("SET search_path = mhv; " + sql);
  }
  std::string Psql(const std::string& sql) { return TryPsql(sql).value(); }

 private:
  std::unique_ptr<testing::TempDatabase> temp_;
};

// One process of the service on that database.
class Process {
 public:
  explicit Process(Database& database, const std::string& keys = kKeyA)
      : pool_(store::Pool::Create(database.temp().App()).value()),
        box_(crypto::SealedBox::FromRing(crypto::KeyRing::FromText(keys).value())),
        hasher_(crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(keys).value())),
        store_(*pool_, box_, hasher_, ids_) {}

  absl::StatusOr<std::optional<MhvAccount>> TryFind(const std::string& account = kAccount,
                                                    const std::string& icn = kIcn,
                                                    absl::Time not_before = At(-1),
                                                    const std::string& revision = "3") {
    return store_.FindEnsured({account, identity::Icn::FromWire(icn)}, revision, not_before,
                              absl::InfiniteFuture());
  }
  std::optional<MhvAccount> Find(const std::string& account = kAccount,
                                 const std::string& icn = kIcn, absl::Time not_before = At(-1),
                                 const std::string& revision = "3") {
    const auto found = TryFind(account, icn, not_before, revision);
    INFO(found.status());
    REQUIRE(found.ok());
    return *found;
  }

  absl::Status TryRecord(const EnsureOutcome& outcome, bool mhv_asked, absl::Time now = At(0),
                         const std::string& icn = kIcn, const std::string& revision = "3") {
    const EnsureRecord record{outcome, mhv_asked, "auth-gateway.va.internal", "request-1",
                              mhv_asked ? revision : ""};
    return store_.Record({kAccount, identity::Icn::FromWire(icn)}, record, now,
                         absl::InfiniteFuture());
  }
  void Record(const EnsureOutcome& outcome, bool mhv_asked, absl::Time now = At(0),
              const std::string& icn = kIcn, const std::string& revision = "3") {
    REQUIRE(TryRecord(outcome, mhv_asked, now, icn, revision) == absl::OkStatus());
  }

 private:
  crypto::SystemIdGenerator ids_;
  std::unique_ptr<store::Pool> pool_;
  crypto::SealedBox box_;
  crypto::LookupHasher hasher_;
  PgAccountStore store_;
};

EnsureOutcome Stated(Origin origin = Origin::kApiCreated, const std::string& mhv_id = kMhvId) {
  MhvAccount account;
  account.mhv_id = identity::CspId::FromWire(mhv_id);
  account.premium = true;
  account.patient = true;
  account.origin = origin;
  return Ensured(account);
}

EnsureOutcome NeedsTerms(TermsStanding standing = TermsStanding::kNoAnswer) {
  return Evaluate({2, true, standing}).value();
}

EnsureOutcome Deactivated() { return Judge({805}).value(); }

TEST_CASE("PgAccountStore: what MHV stated is found again, whole", "[mhv][contract]") {
  Database database;
  Process process(database);
  CHECK_FALSE(process.Find().has_value());
  process.Record(Stated(), true);
  const auto found = process.Find();
  REQUIRE(found.has_value());
  CHECK(found->mhv_id.Reveal() == kMhvId);
  CHECK(found->premium);
  CHECK_FALSE(found->champ_va);
  CHECK(found->patient);
  CHECK_FALSE(found->sm_account_created);
  CHECK(found->origin == Origin::kApiCreated);
}

TEST_CASE("PgAccountStore: the answer is for this account, this ICN, these terms and its time",
          "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  process.Record(Stated(), true, At(0));
  CHECK(process.Find(kAccount, kIcn, At(-1), "3").has_value());
  CHECK_FALSE(process.Find(kOtherAccount).has_value());
  CHECK_FALSE(process.Find(kAccount, kOtherIcn).has_value());
  CHECK_FALSE(process.Find(kAccount, kIcn, At(-1), "4").has_value());
  CHECK_FALSE(process.Find(kAccount, kIcn, At(0)).has_value());
}

TEST_CASE("PgAccountStore: only a success is an answer", "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  SECTION("terms declined later") { process.Record(Stated(), true); }
  SECTION("never ensured") {}
  const EnsureOutcome later =
      GENERATE(as<int>(), 0, 1) == 0 ? NeedsTerms(TermsStanding::kDeclined) : Deactivated();
  process.Record(later, later.state == State::kIneligible, At(10));
  CHECK_FALSE(process.Find().has_value());
  process.Record(Stated(Origin::kExisting), true, At(20));
  CHECK(process.Find().has_value());
}

TEST_CASE("PgAccountStore: no identifier lies open", "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  process.Record(Stated(), true);
  const std::string all = database.Psql("SELECT a.* FROM accounts a") +
                          database.Psql("SELECT e.* FROM account_events e");
  CHECK(absl::StrContains(all, "request-1"));
  CHECK_FALSE(absl::StrContains(all, kMhvId));
  CHECK_FALSE(absl::StrContains(all, kIcn));
}

TEST_CASE("PgAccountStore: a sealed id moved to another row does not open",
          "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  process.Record(Stated(), true);
  database.Psql(absl::StrCat("UPDATE accounts SET account_id = '", kOtherAccount, "'"));
  CHECK(base::ReasonOf(process.TryFind(kOtherAccount).status()) == "SEAL_BROKEN");
}

TEST_CASE("PgAccountStore E7: rows of an earlier key are found while the ring holds it",
          "[mhv][contract][E7]") {
  Database database;
  Process(database, kKeyA).Record(Stated(), true);
  Process rotated(database, kKeyB + ":current\n" + kKeyA);
  CHECK(rotated.Find().has_value());
  rotated.Record(Stated(Origin::kExisting), true, At(10));
  // Also the origin of an id that was hashed under the earlier key.
  CHECK(rotated.Find()->origin == Origin::kApiCreated);
  CHECK(database.Psql("SELECT count(*) FROM accounts WHERE icn_hash LIKE 'b:%'") == "1");
}

TEST_CASE("PgAccountStore: an account of our making stays one when MHV calls it existing",
          "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  process.Record(Stated(Origin::kApiCreated), true, At(0));
  SECTION("the same account") {
    process.Record(Stated(Origin::kExisting), true, At(10));
    CHECK(process.Find()->origin == Origin::kApiCreated);
  }
  SECTION("another MHV account says for itself") {
    process.Record(Stated(Origin::kExisting, "999"), true, At(10));
    CHECK(process.Find()->origin == Origin::kExisting);
    CHECK(process.Find()->mhv_id.Reveal() == "999");
  }
  SECTION("also after terms were declined in between") {
    process.Record(NeedsTerms(TermsStanding::kDeclined), false, At(5));
    process.Record(Stated(Origin::kExisting), true, At(10));
    CHECK(process.Find()->origin == Origin::kApiCreated);
  }
}

TEST_CASE("PgAccountStore: facts of another ICN do not stay on the account",
          "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  process.Record(Stated(), true, At(0), kIcn);
  process.Record(NeedsTerms(), false, At(10), kOtherIcn);
  CHECK(database.Psql("SELECT state, mhv_id_sealed IS NULL, origin IS NULL FROM accounts") ==
        "needs_terms|t|t");
}

TEST_CASE("PgAccountStore: the history says who, what, why and what MHV said",
          "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  process.Record(NeedsTerms(), false, At(0));
  process.Record(Stated(), true, At(10));
  process.Record(Deactivated(), true, At(20), kIcn, "4");
  CHECK(database.Psql("SELECT account_id, actor, action, request_id, mhv_asked, state, reasons, "
                      "coalesce(upstream_code, '-'), coalesce(origin, '-'), "
                      "coalesce(terms_revision, '-') FROM account_events ORDER BY id") ==
        absl::StrCat(kAccount, "|auth-gateway.va.internal|ensure|request-1|f|needs_terms|",
                     "{needs_terms}|-|-|-\n", kAccount,
                     "|auth-gateway.va.internal|ensure|request-1|t|ensured|{}|-|api_created|3\n",
                     kAccount,
                     "|auth-gateway.va.internal|ensure|request-1|t|ineligible|{mhv_805}|805|-|4"));
  CHECK(database.Psql("SELECT state, reasons, upstream_code FROM accounts") ==
        "ineligible|{mhv_805}|805");
}

TEST_CASE("PgAccountStore: asking MHV is always history, an unchanged evaluation is not",
          "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  process.Record(NeedsTerms(), false, At(0));
  process.Record(NeedsTerms(), false, At(1));
  CHECK(database.Psql("SELECT count(*) FROM account_events") == "1");
  process.Record(NeedsTerms(TermsStanding::kDeclined), false, At(2));
  CHECK(database.Psql("SELECT count(*) FROM account_events") == "2");
  process.Record(Stated(), true, At(3));
  process.Record(Stated(), true, At(4));
  CHECK(database.Psql("SELECT count(*) FROM account_events") == "4");
  CHECK(database.Psql("SELECT count(*) FROM accounts WHERE updated_at > created_at") == "1");
}

TEST_CASE("PgAccountStore M4: history is append-only, whoever asks", "[mhv][contract][rule][M4]") {
  Database database;
  Process process(database);
  process.Record(Stated(), true);
  for (const char* const sql : {"UPDATE account_events SET state = 'ineligible'",
                                "DELETE FROM account_events", "TRUNCATE account_events"}) {
    CAPTURE(sql);
    CHECK_FALSE(database.TryPsql(sql).ok());
  }
  CHECK(database.Psql("SELECT count(*) FROM account_events WHERE state = 'ensured'") == "1");
}

TEST_CASE("PgAccountStore: the schema refuses an account that is ensured without its facts",
          "[mhv][contract][rule]") {
  Database database;
  Process process(database);
  process.Record(Stated(), true);
  CHECK_FALSE(database.TryPsql("UPDATE accounts SET premium = NULL").ok());
  CHECK_FALSE(database.TryPsql("UPDATE accounts SET state = 'guessed'").ok());
  CHECK_FALSE(database
                  .TryPsql("UPDATE accounts SET mhv_id_hash = NULL, mhv_id_sealed = NULL, premium "
                           "= NULL, champ_va = NULL, patient = NULL, sm_account_created = NULL, "
                           "origin = NULL, terms_revision = NULL, ensured_at = NULL")
                  .ok());
}

TEST_CASE("PgAccountStore: two calls for one person at the same moment both end well",
          "[mhv][contract][race]") {
  Database database;
  Process one(database);
  Process two(database);
  std::atomic<int> failures = 0;
  std::atomic<bool> go = false;
  const auto run = [&](Process& process, Origin origin) {
    while (!go) std::this_thread::yield();
    for (int i = 0; i < 20; ++i) {
      if (!process.TryRecord(Stated(origin), true, At(i)).ok()) ++failures;
    }
  };
  std::thread first([&] { run(one, Origin::kApiCreated); });
  std::thread second([&] { run(two, Origin::kExisting); });
  go = true;
  first.join();
  second.join();
  CHECK(failures == 0);
  CHECK(one.Find()->mhv_id == two.Find()->mhv_id);
  CHECK(one.Find()->origin == Origin::kApiCreated);
  CHECK(database.Psql("SELECT count(*) FROM accounts") == "1");
  CHECK(database.Psql("SELECT count(*) FROM account_events") == "40");
}

}  // namespace
}  // namespace va::mhv
