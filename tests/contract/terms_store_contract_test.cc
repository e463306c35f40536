// The store of terms answers against a real PostgreSQL: one row per key, latest answer,
// append-only.
#include "services/user-attributes/store/pg_terms_store.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/temp_postgres.h"
#include "services/user-attributes/migrations.h"
#include "tests/contract/hostile_strings.h"

namespace va::attributes {
namespace {

constexpr char kAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020100";
constexpr char kOtherAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020101";
const absl::Time kNow = absl::FromUnixSeconds(1700000000);

TermsAnswer Answer(TermsDecision decision, const std::string& revision = "3",
                   absl::Time decided_at = kNow) {
  return {{"va_terms_of_use", revision, "1.0", "VA Enterprise Terms of Use"}, decision, decided_at};
}
const TermsAnswer kAccepted = Answer(TermsDecision::kAccepted);
const TermsAnswer kDeclined = Answer(TermsDecision::kDeclined);

// A database with two accounts, and the store as the service holds it.
class Site {
 public:
  explicit Site(int pool = 4)
      : temp_(testing::TempDatabase::CreateMigrated("attributes", Migrations()).value()) {
    pool_ = store::Pool::Create(temp_->App(pool)).value();
    store_ = std::make_unique<PgTermsStore>(*pool_);
    for (const char* const account : {kAccount, kOtherAccount}) {
      Psql(absl::StrCat("INSERT INTO user_accounts (id, created_at) VALUES ('", account,
                        "', now())"));
    }
  }

  absl::StatusOr<TermsAnswer> TryRecord(const std::string& request_id, const TermsAnswer& answer,
                                        const char* account = kAccount) {
    return store_->Record(account, request_id, answer, absl::InfiniteFuture());
  }
  TermsAnswer Record(const std::string& request_id, const TermsAnswer& answer,
                     const char* account = kAccount) {
    const absl::StatusOr<TermsAnswer> stored = TryRecord(request_id, answer, account);
    INFO(stored.status());
    REQUIRE(stored.ok());
    return *stored;
  }
  std::optional<TermsAnswer> Latest(const std::string& document = "va_terms_of_use",
                                    const char* account = kAccount) {
    const auto latest = store_->Latest(account, document, absl::InfiniteFuture());
    INFO(latest.status());
    REQUIRE(latest.ok());
    return *latest;
  }
  std::string Psql(const std::string& sql) {
    return temp_->Psql("SET search_path = attributes; " + sql).value();
  }
  // As the role that serves people, or as the one that owns the tables.
  absl::Status Exec(const store::PoolOptions& role, const store::Statement& statement) {
    const auto pool = store::Pool::Create(role).value();
    return pool->Exec(absl::InfiniteFuture(), statement).status();
  }
  testing::TempDatabase& temp() { return *temp_; }

 private:
  std::unique_ptr<testing::TempDatabase> temp_;
  std::unique_ptr<store::Pool> pool_;
  std::unique_ptr<PgTermsStore> store_;
};

TEST_CASE("PgTermsStore: an answer comes back as it was given", "[attributes][contract]") {
  Site site;
  CHECK_FALSE(site.Latest().has_value());
  CHECK(site.Record("r1", kAccepted) == kAccepted);
  CHECK(site.Latest() == kAccepted);
}

TEST_CASE("PgTermsStore: the same key returns the first record, whatever comes with it",
          "[attributes][contract]") {
  Site site;
  site.Record("r1", kAccepted);
  CHECK(site.Record("r1", Answer(TermsDecision::kDeclined, "4", kNow + absl::Hours(1))) ==
        kAccepted);
  CHECK(site.Psql("SELECT count(*) FROM terms_answers") == "1");
}

TEST_CASE("PgTermsStore: a key belongs to one account", "[attributes][contract]") {
  Site site;
  site.Record("r1", kAccepted);
  CHECK(site.Record("r1", kDeclined, kOtherAccount) == kDeclined);
  CHECK(site.Latest() == kAccepted);
  CHECK(site.Latest("va_terms_of_use", kOtherAccount) == kDeclined);
}

TEST_CASE("PgTermsStore: the latest answer counts, and the earlier ones stay",
          "[attributes][contract]") {
  Site site;
  site.Record("r1", kAccepted);
  site.Record("r2", kDeclined);
  CHECK(site.Latest() == kDeclined);
  site.Record("r3", Answer(TermsDecision::kAccepted, "2"));
  CHECK(site.Latest()->document.revision == "2");
  CHECK(site.Psql("SELECT string_agg(decision || ' ' || revision, ', ' ORDER BY id) FROM "
                  "terms_answers") == "accepted 3, declined 3, accepted 2");
}

TEST_CASE("PgTermsStore: a decline counts although its server's clock was behind",
          "[attributes][contract]") {
  Site site;
  site.Record("r1", kAccepted);
  site.Record("r2", Answer(TermsDecision::kDeclined, "3", kNow - absl::Minutes(5)));
  CHECK(site.Latest()->decision == TermsDecision::kDeclined);
}

TEST_CASE("PgTermsStore: an answer to another document is not the latest of this one",
          "[attributes][contract]") {
  Site site;
  TermsAnswer other = kDeclined;
  other.document.name = "mhvac";
  site.Record("r1", kAccepted);
  site.Record("r2", other);
  CHECK(site.Latest() == kAccepted);
  CHECK(site.Latest("mhvac") == other);
}

TEST_CASE("PgTermsStore: no answer is ever changed or removed, by no role of the service",
          "[attributes][contract]") {
  Site site;
  site.Record("r1", kAccepted);
  const store::PoolOptions role = GENERATE(false, true) ? site.temp().Owner() : site.temp().App();
  CAPTURE(role.user);
  for (const store::Statement& statement :
       {store::Statement{"change", "UPDATE terms_answers SET decision = 'declined'"},
        store::Statement{"remove", "DELETE FROM terms_answers"},
        store::Statement{"empty", "TRUNCATE terms_answers"}}) {
    CAPTURE(statement.name);
    CHECK(site.Exec(role, statement).code() == absl::StatusCode::kPermissionDenied);
  }
  CHECK(site.Latest() == kAccepted);
}

TEST_CASE("PgTermsStore: an account that does not exist has no answers", "[attributes][contract]") {
  Site site;
  constexpr char kNobody[] = "00000000-0000-4000-8000-000000000000";
  CHECK(base::ReasonOf(site.TryRecord("r1", kAccepted, kNobody).status()) ==
        "CONSTRAINT_VIOLATION");
  CHECK_FALSE(site.Latest("va_terms_of_use", kNobody).has_value());
}

TEST_CASE("PgTermsStore: B1 hostile texts are values and nothing else", "[attributes][contract]") {
  Site site;
  int number = 0;
  for (const std::string& hostile : testing::HostileStrings()) {
    CAPTURE(hostile);
    TermsAnswer answer = kAccepted;
    answer.document.title = hostile;
    const std::string request_id = absl::StrCat(++number, hostile);
    CHECK(site.Record(request_id, answer) == answer);
    CHECK(site.Latest()->document.title == hostile);
    CHECK_FALSE(site.Latest(hostile).has_value());
  }
}

// One person's answer, sent 64 times at the same moment.
TEST_CASE("PgTermsStore: equal keys at the same moment leave one row, and all see it",
          "[attributes][contract][race]") {
  Site site(16);
  std::vector<absl::StatusOr<TermsAnswer>> stored(64, absl::UnknownError("not run"));
  std::atomic<bool> go = false;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    threads.emplace_back([&, i] {
      while (!go) std::this_thread::yield();
      stored[i] = site.TryRecord(
          "r1", Answer(TermsDecision::kAccepted, "3", kNow + absl::Seconds(static_cast<int>(i))));
    });
  }
  go = true;
  for (std::thread& thread : threads) thread.join();
  const std::optional<TermsAnswer> winner = site.Latest();
  REQUIRE(winner.has_value());
  for (const absl::StatusOr<TermsAnswer>& answer : stored) {
    REQUIRE(answer.ok());
    CHECK(*answer == *winner);
  }
  CHECK(site.Psql("SELECT count(*) FROM terms_answers") == "1");
}

TEST_CASE("PgTermsStore: a database that is gone is UNAVAILABLE, not an unanswered question",
          "[attributes][contract]") {
  Site site;
  store::PoolOptions nowhere = site.temp().App();
  nowhere.host = "/nonexistent";
  const auto pool = store::Pool::Create(nowhere).value();
  PgTermsStore terms(*pool);
  CHECK(terms.Latest(kAccount, "va_terms_of_use", absl::InfiniteFuture()).status().code() ==
        absl::StatusCode::kUnavailable);
  CHECK(terms.Record(kAccount, "r1", kAccepted, absl::InfiniteFuture()).status().code() ==
        absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace va::attributes
