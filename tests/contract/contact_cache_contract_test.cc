// The cache of contact information against a real PostgreSQL: sealed, bound to its row, gone in
// time and with the session.
#include "services/user-attributes/store/pg_contact_cache.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/crypto/random.h"
#include "lib/testing/temp_postgres.h"
#include "services/user-attributes/migrations.h"

namespace va::attributes {
namespace {

constexpr char kAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020100";
constexpr char kOtherAccount[] = "0f0e0d0c-0b0a-4908-8706-050403020101";
constexpr char kNobody[] = "0f0e0d0c-0b0a-4908-8706-0504030201ff";
const absl::Time kNow = absl::FromUnixSeconds(1700000000);

std::string Ring(const std::string& ids) {
  std::string text;
  for (const char id : ids) {
    absl::StrAppend(&text, std::string(1, id), ":", std::string(64, id), "\n");
  }
  return text;
}

class Site {
 public:
  Site() : temp_(testing::TempDatabase::CreateMigrated("attributes", Migrations()).value()) {
    pool_ = store::Pool::Create(temp_->App(4)).value();
    for (const char* const account : {kAccount, kOtherAccount}) {
      Psql(absl::StrCat("INSERT INTO user_accounts (id, created_at) VALUES ('", account,
                        "', now())"));
    }
    UseKeys("1");
  }

  void UseKeys(const std::string& ids) {
    box_ = std::make_unique<crypto::SealedBox>(
        crypto::SealedBox::FromRing(crypto::KeyRing::FromText(Ring(ids)).value()));
    cache_ = std::make_unique<PgContactCache>(*pool_, *box_, ids_);
  }
  void Keep(const std::string& answer, absl::Time asked_at = kNow, const char* account = kAccount) {
    const absl::Status kept = cache_->Keep(account, identity::Secret::FromWire(answer), asked_at,
                                           asked_at + absl::Minutes(10), absl::InfiniteFuture());
    INFO(kept);
    REQUIRE(kept.ok());
  }
  void Drop(absl::Time now = kNow, const char* account = kAccount) {
    const absl::Status dropped = cache_->Drop(account, now, absl::InfiniteFuture());
    INFO(dropped);
    REQUIRE(dropped.ok());
  }
  std::string Find(absl::Time now = kNow, const char* account = kAccount) {
    const auto found = cache_->Find(account, now, absl::InfiniteFuture());
    INFO(found.status());
    REQUIRE(found.ok());
    return found->has_value() ? (*found)->Reveal() : "";
  }
  std::string Psql(const std::string& sql) {
    return temp_->Psql("SET search_path = attributes; " + sql).value();
  }
  PgContactCache& cache() { return *cache_; }

 private:
  crypto::SystemIdGenerator ids_;
  std::unique_ptr<testing::TempDatabase> temp_;
  std::unique_ptr<store::Pool> pool_;
  std::unique_ptr<crypto::SealedBox> box_;
  std::unique_ptr<PgContactCache> cache_;
};

}  // namespace

TEST_CASE("PgContactCache: one answer an account, the later one", "[contract][contact]") {
  Site site;
  CHECK(site.Find().empty());
  site.Keep("first");
  CHECK(site.Find() == "first");
  CHECK(site.Find(kNow, kOtherAccount).empty());
  site.Keep("second", kNow + absl::Seconds(2));
  site.Keep("late answer to an early question", kNow + absl::Seconds(1));
  CHECK(site.Find(kNow + absl::Seconds(2)) == "second");
  CHECK(absl::StrContains(site.Psql("SELECT count(*) FROM contact_cache"), "1"));
}

TEST_CASE("PgContactCache: an answer ends by its time", "[contract][contact]") {
  Site site;
  site.Keep("answer");
  CHECK(site.Find(kNow + absl::Minutes(10) - absl::Seconds(1)) == "answer");
  CHECK(site.Find(kNow + absl::Minutes(10)).empty());
}

TEST_CASE("PgContactCache: a sign-out drops the answer, and that of a question under way",
          "[contract][contact][rule]") {
  Site site;
  site.Keep("answer");
  site.Drop(kNow + absl::Seconds(5));
  CHECK(site.Find(kNow + absl::Seconds(5)).empty());
  site.Keep("asked before the session ended", kNow + absl::Seconds(4));
  CHECK(site.Find(kNow + absl::Seconds(6)).empty());
  // Whoever signs in again is told again.
  site.Keep("asked afterwards", kNow + absl::Seconds(6));
  CHECK(site.Find(kNow + absl::Seconds(6)) == "asked afterwards");
}

TEST_CASE("PgContactCache: a sign-out where nothing was kept holds against a question under way",
          "[contract][contact][rule]") {
  Site site;
  site.Drop(kNow + absl::Seconds(5));
  site.Keep("asked before the session ended", kNow);
  CHECK(site.Find(kNow + absl::Seconds(6)).empty());
}

TEST_CASE("PgContactCache: a clock that stands behind drops all the same", "[contract][contact]") {
  Site site;
  site.Keep("answer", kNow + absl::Seconds(30));
  site.Drop(kNow);
  CHECK(site.Find(kNow + absl::Seconds(31)).empty());
}

TEST_CASE("PgContactCache: an account that is gone keeps nothing, without an error",
          "[contract][contact]") {
  Site site;
  site.Keep("answer", kNow, kNobody);
  site.Drop(kNow, kNobody);
  CHECK(site.Find(kNow, kNobody).empty());
}

TEST_CASE("PgContactCache: sealed, and bound to its account", "[contract][contact][security]") {
  Site site;
  site.Keep("1 Long Road");
  CHECK_FALSE(absl::StrContains(
      site.Psql("SELECT encode(answer_sealed, 'escape') FROM contact_cache"), "Long Road"));
  site.Psql(absl::StrCat("UPDATE contact_cache SET user_account_id = '", kOtherAccount, "'"));
  CHECK(site.Find(kNow, kOtherAccount).empty());
}

TEST_CASE("PgContactCache E7: an answer under a key that is gone is no answer and no error",
          "[contract][contact][E7]") {
  Site site;
  site.Keep("answer");
  site.UseKeys("21");
  CHECK(site.Find() == "answer");
  site.UseKeys("3");
  CHECK(site.Find().empty());
  site.Keep("anew", kNow + absl::Seconds(1));
  CHECK(site.Find() == "anew");
}

TEST_CASE("PgContactCache: the table takes nothing for a day or longer", "[contract][contact]") {
  Site site;
  const absl::Status kept =
      site.cache().Keep(kAccount, identity::Secret::FromWire("answer"), kNow,
                        kNow + absl::Hours(24) + absl::Seconds(1), absl::InfiniteFuture());
  CHECK_FALSE(kept.ok());
  CHECK(site.Find().empty());
}

TEST_CASE("PgContactCache: of many answers at once the one to the last question stays",
          "[contract][contact]") {
  Site site;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&site, i] {
      const absl::Time at = kNow + absl::Seconds(i);
      site.cache()
          .Keep(kAccount, identity::Secret::FromWire(absl::StrCat(i)), at, at + absl::Minutes(10),
                absl::InfiniteFuture())
          .IgnoreError();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(site.Find(kNow + absl::Seconds(16)) == "15");
}

TEST_CASE("PgContactCache: after a drop nothing of an earlier question is left, however they race",
          "[contract][contact]") {
  Site site;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&site, i] {
      const absl::Time at = kNow + absl::Seconds(i);
      if (i == 15) {
        site.cache().Drop(kAccount, at, absl::InfiniteFuture()).IgnoreError();
      } else {
        site.cache()
            .Keep(kAccount, identity::Secret::FromWire(absl::StrCat(i)), at, at + absl::Minutes(10),
                  absl::InfiniteFuture())
            .IgnoreError();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(site.Find(kNow + absl::Seconds(16)).empty());
}

}  // namespace va::attributes
