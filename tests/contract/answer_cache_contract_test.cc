// What is kept of MPI's answers against a real PostgreSQL: sealed, under typed keys, gone in time
// and gone for every key of a person at once; and one holder of a claim.
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/crypto/random.h"
#include "lib/testing/temp_postgres.h"
#include "services/mpi-adapter/domain/kept_fixture.h"
#include "services/mpi-adapter/migrations.h"
#include "services/mpi-adapter/store/janitor.h"
#include "services/mpi-adapter/store/pg_add_claims.h"
#include "services/mpi-adapter/store/pg_answer_cache.h"

namespace va::mpi {
namespace {

using testing::ByIcn;
using testing::Id;
using testing::kEdipi;
using testing::KeyFor;
using testing::kIcnA;
using testing::kIcnB;
using testing::kIcnC;
using testing::kIdme;
using testing::Nobody;
using testing::PatExample;
using testing::PersonWith;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

CacheKey Icn(const std::string& icn) { return KeyFor(ByIcn(icn)); }
CacheKey Edipi(const std::string& edipi = kEdipi) {
  return KeyFor(testing::By(IdentifierType::kEdipi, edipi));
}
CacheKey Idme(const std::string& uuid = kIdme) {
  return KeyFor(testing::By(IdentifierType::kIdme, uuid));
}

std::string Ring(const std::string& ids) {
  std::string text;
  for (const char id : ids) {
    absl::StrAppend(&text, std::string(1, id), ":", std::string(64, id), "\n");
  }
  return text;
}

// One process: its rings name keys by digits, the current one first.
struct Process {
  Process(store::Pool& pool, const std::string& keys)
      : box(crypto::SealedBox::FromRing(crypto::KeyRing::FromText(Ring(keys)).value())),
        hasher(crypto::LookupHasher::FromRing(crypto::KeyRing::FromText(Ring(keys)).value())),
        cache(pool, box, hasher, ids),
        claims(pool, hasher) {}

  crypto::SystemIdGenerator ids;
  crypto::SealedBox box;
  crypto::LookupHasher hasher;
  PgAnswerCache cache;
  PgAddClaims claims;
};

class Site {
 public:
  explicit Site(int connections = 4)
      : temp_(va::testing::TempDatabase::CreateMigrated("mpi", Migrations()).value()) {
    pool_ = store::Pool::Create(temp_->App(connections)).value();
    UseKeys("1");
  }

  void UseKeys(const std::string& keys) { process_ = std::make_unique<Process>(*pool_, keys); }
  std::unique_ptr<Process> Another(const std::string& keys) {
    return std::make_unique<Process>(*pool_, keys);
  }

  void Keep(const CacheKey& key, const Answer& answer, absl::Time asked_at = kNow) {
    KeptAnswer kept;
    kept.answer = answer;
    kept.asked_at = asked_at;
    kept.expires_at = asked_at + absl::Minutes(30);
    const absl::Status status = cache().Keep(key, kept, absl::InfiniteFuture());
    INFO(status);
    REQUIRE(status.ok());
  }
  std::optional<KeptAnswer> Get(const CacheKey& key, absl::Time now = kNow) {
    auto found = cache().Get(key, now, absl::InfiniteFuture());
    INFO(found.status());
    REQUIRE(found.ok());
    return *std::move(found);
  }
  // The ICN that an answer under the key is about; NOBODY when that is what it says, else "".
  std::string IcnUnder(const CacheKey& key, absl::Time now = kNow) {
    const std::optional<KeptAnswer> kept = Get(key, now);
    if (!kept) return "";
    return kept->answer.profile ? kept->answer.profile->ids.icn()->Reveal() : "NOBODY";
  }
  int64_t Forget(const CacheKey& key, absl::Time now = kNow) {
    const auto forgotten = cache().Forget(key, now, absl::InfiniteFuture());
    INFO(forgotten.status());
    REQUIRE(forgotten.ok());
    return *forgotten;
  }
  std::string Psql(const std::string& sql) {
    return temp_->Psql("SET search_path = mpi; " + sql).value();
  }
  std::string Count(const std::string& what) {
    const std::string out = Psql("SELECT count(*) FROM " + what);
    return out.substr(out.find_first_of("0123456789"));
  }

  PgAnswerCache& cache() { return process_->cache; }
  PgAddClaims& claims() { return process_->claims; }
  store::Pool& pool() { return *pool_; }

 private:
  std::unique_ptr<va::testing::TempDatabase> temp_;
  std::unique_ptr<store::Pool> pool_;
  std::unique_ptr<Process> process_;
};

void AtOnce(int threads, const std::function<void(int)>& work) {
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) all.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : all) thread.join();
}

}  // namespace

// --- Kept and found ---

TEST_CASE("PgAnswerCache: what was kept is found under its key as it was, until its time",
          "[contract][mpi]") {
  Site site;
  CHECK_FALSE(site.Get(Icn(kIcnA)).has_value());
  Answer person = PersonWith(kIcnA);
  person.profile->deceased_date = identity::BirthDate::FromWire("20200101");
  site.Keep(Icn(kIcnA), person);
  const auto kept = site.Get(Icn(kIcnA), kNow + absl::Minutes(30) - absl::Seconds(1));
  REQUIRE(kept.has_value());
  CHECK(kept->answer.outcome == Outcome::kOk);
  CHECK(kept->answer.profile->names[0].family.Reveal() == "Canaryfamily");
  CHECK(kept->answer.profile->deceased_date->Reveal() == "20200101");
  CHECK(kept->answer.profile->ids.rows() == person.profile->ids.rows());
  CHECK(kept->asked_at == kNow);
  CHECK(kept->expires_at == kNow + absl::Minutes(30));
  CHECK_FALSE(kept->by_retired_icn);
  CHECK_FALSE(site.Get(Icn(kIcnA), kNow + absl::Minutes(30)).has_value());
}

TEST_CASE(
    "PgAnswerCache: typed keys: one number as ICN, EDIPI, MHV id and facility id is four keys",
    "[contract][mpi][rule]") {
  Site site;
  const std::string number = "2107307560";
  site.Keep(Edipi(number), PersonWith(kIcnA));
  CHECK(site.IcnUnder(Edipi(number)) == kIcnA);
  CHECK(site.IcnUnder(Icn(number)).empty());
  CHECK(site.IcnUnder(KeyFor(testing::By(IdentifierType::kMhv, number))).empty());
  CHECK(site.IcnUnder(KeyFor(testing::By(IdentifierType::kIdme, number))).empty());
  CHECK(site.IcnUnder(KeyFor(ByFacility{"516", Id(number)})).empty());
}

TEST_CASE("PgAnswerCache: every search type has answers of its own", "[contract][mpi]") {
  Site site;
  site.Keep(Icn(kIcnA), PersonWith(kIcnA));
  CacheKey history = Icn(kIcnA);
  history.search = SearchType::kIcnHistory;
  CHECK(site.IcnUnder(history).empty());
  site.Keep(history, PersonWith(kIcnA));
  CHECK(site.IcnUnder(history) == kIcnA);
  CHECK(site.Forget(Icn(kIcnA)) == 2);
  CHECK(site.IcnUnder(history).empty());
}

TEST_CASE("PgAnswerCache: of two writers the answer to the later question stays",
          "[contract][mpi][rule]") {
  Site site;
  site.Keep(Edipi(), PersonWith(kIcnB), kNow + absl::Seconds(2));
  site.Keep(Edipi(), PersonWith(kIcnA), kNow + absl::Seconds(1));
  CHECK(site.IcnUnder(Edipi(), kNow + absl::Seconds(3)) == kIcnB);
  CHECK(site.Count("kept_answers") == "1");
}

TEST_CASE("PgAnswerCache: of many answers at once the one to the last question stays",
          "[contract][mpi]") {
  Site site(8);
  AtOnce(16, [&site](int i) {
    KeptAnswer kept;
    kept.answer = PersonWith(absl::StrCat(1000000100 + i, "V100001"));
    kept.asked_at = kNow + absl::Seconds(i);
    kept.expires_at = kept.asked_at + absl::Hours(1);
    site.cache().Keep(Edipi(), kept, absl::InfiniteFuture()).IgnoreError();
  });
  CHECK(site.IcnUnder(Edipi(), kNow + absl::Seconds(16)) == "1000000115V100001");
}

TEST_CASE("PgAnswerCache M1: the table itself takes no other outcome, and nothing for longer",
          "[contract][mpi][rule][M1]") {
  Site site;
  const auto keep = [&site](Outcome outcome, absl::Duration lifetime) {
    KeptAnswer kept;
    kept.answer = outcome == Outcome::kOk ? PersonWith(kIcnA) : Nobody();
    kept.answer.outcome = outcome;
    kept.asked_at = kNow;
    kept.expires_at = kNow + lifetime;
    return site.cache().Keep(Icn(kIcnA), kept, absl::InfiniteFuture()).ok();
  };
  CHECK(keep(Outcome::kOk, absl::Hours(24)));
  CHECK_FALSE(keep(Outcome::kOk, absl::Hours(24) + absl::Seconds(1)));
  CHECK(keep(Outcome::kNoMatch, absl::Minutes(30)));
  CHECK_FALSE(keep(Outcome::kNoMatch, absl::Minutes(30) + absl::Seconds(1)));
  for (const Outcome outcome :
       {Outcome::kMultipleMatches, Outcome::kInvalidRequest, Outcome::kSenderRejected,
        Outcome::kDuplicateKey, Outcome::kMpiFailed, Outcome::kTransport, Outcome::kTimeout,
        Outcome::kBreakerOpen, Outcome::kUnparseable, Outcome::kBlocked}) {
    CHECK_FALSE(keep(outcome, absl::Minutes(1)));
  }
}

// --- Retired ICNs ---

TEST_CASE("PgAnswerCache: a retired ICN leads to the answer of the one that replaced it",
          "[contract][mpi][rule]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  const auto kept = site.Get(Icn(kIcnA));
  REQUIRE(kept.has_value());
  CHECK(kept->answer.profile->ids.icn()->Reveal() == kIcnB);
  CHECK(kept->by_retired_icn);
  CHECK_FALSE(site.Get(Icn(kIcnB))->by_retired_icn);
  CHECK(site.IcnUnder(Icn(kIcnC)).empty());
}

TEST_CASE("PgAnswerCache: a chain of retired ICNs A -> B -> C leads to C, however it was learnt",
          "[contract][mpi][rule]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.Keep(Icn(kIcnC), PersonWith(kIcnC, {kIcnB}), kNow + absl::Seconds(1));
  const absl::Time later = kNow + absl::Seconds(2);
  CHECK(site.IcnUnder(Icn(kIcnA), later) == kIcnC);
  CHECK(site.Get(Icn(kIcnA), later)->by_retired_icn);
  CHECK(site.IcnUnder(Icn(kIcnB), later) == kIcnC);
  CHECK(site.IcnUnder(Icn(kIcnC), later) == kIcnC);
  // What was kept of B as a living person has gone: one row, and both links.
  CHECK(site.Count("kept_answers") == "1");
  CHECK(site.Count("retired_icns") == "2");
  CHECK(site.Forget(Icn(kIcnA), later) == 1);
  CHECK(site.IcnUnder(Icn(kIcnC), later).empty());
}

TEST_CASE("PgAnswerCache: an ICN that MPI brings back to life leads nowhere else any more",
          "[contract][mpi][rule]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow + absl::Seconds(1));
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(2)) == kIcnA);
  CHECK(site.Count("retired_icns") == "0");
}

TEST_CASE("PgAnswerCache: ICNs that retire each other end the search, and nothing hangs",
          "[contract][mpi]") {
  Site site;
  site.Keep(Edipi("1000000001"), PersonWith(kIcnB, {kIcnA}));
  site.Keep(Edipi("1000000002"), PersonWith(kIcnA, {kIcnB}));
  CHECK(site.IcnUnder(Icn(kIcnA)).empty());
  CHECK(site.IcnUnder(Icn(kIcnB)).empty());
  CHECK(site.Forget(Icn(kIcnA)) >= 1);
}

TEST_CASE("PgAnswerCache: an answer that comes by a retired ICN is as old as the word that it does",
          "[contract][mpi][rule]") {
  // The person of the old ICN may be somebody of their own again: only MPI knows.
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.Keep(Icn(kIcnB), PersonWith(kIcnB), kNow + absl::Minutes(20));
  const absl::Time later = kNow + absl::Minutes(21);
  CHECK(site.Get(Icn(kIcnA), later)->asked_at == kNow);
  CHECK(site.Get(Icn(kIcnB), later)->asked_at == kNow + absl::Minutes(20));
  // Whoever writes to the database makes it no younger.
  site.Psql("UPDATE retired_icns SET learned_at = learned_at + interval '10 minutes'");
  CHECK(site.Get(Icn(kIcnA), later)->asked_at == kNow);
}

TEST_CASE("PgAnswerCache: a retired ICN that is forgotten leads nowhere until MPI says so again",
          "[contract][mpi][rule]") {
  const char* const through = GENERATE(kIcnA, kIcnB);
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.Forget(Icn(through), kNow + absl::Seconds(1));
  site.Keep(Icn(kIcnB), PersonWith(kIcnB), kNow + absl::Seconds(2));
  const absl::Time later = kNow + absl::Seconds(5);
  CHECK(site.IcnUnder(Icn(kIcnB), later) == kIcnB);
  CHECK(site.IcnUnder(Icn(kIcnA), later).empty());
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}), kNow + absl::Seconds(3));
  CHECK(site.IcnUnder(Icn(kIcnA), later) == kIcnB);
}

TEST_CASE("PgAnswerCache: a link that came in beside the mark on its ICN leads nowhere either",
          "[contract][mpi][rule]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.Psql(
      "INSERT INTO invalidations (subject_hash, invalidated_at) SELECT icn_hash, "
      "learned_at + interval '1 second' FROM retired_icns");
  site.Keep(Icn(kIcnB), PersonWith(kIcnB), kNow + absl::Seconds(2));
  CHECK(site.IcnUnder(Icn(kIcnB), kNow + absl::Seconds(3)) == kIcnB);
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(3)).empty());
}

TEST_CASE("PgAnswerCache: a history that does not know a retired ICN any more ends its link",
          "[contract][mpi][rule]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA, kIcnC}));
  // The other searches say nothing about the past.
  site.Keep(Icn(kIcnB), PersonWith(kIcnB), kNow + absl::Seconds(1));
  CHECK(site.Count("retired_icns") == "2");
  CacheKey history = Icn(kIcnB);
  history.search = SearchType::kIcnHistory;
  site.Keep(history, PersonWith(kIcnB, {kIcnC}), kNow + absl::Seconds(2));
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(3)).empty());
  CHECK(site.IcnUnder(Icn(kIcnC), kNow + absl::Seconds(3)) == kIcnB);
}

TEST_CASE("PgAnswerCache: a link of a clock that was set back since leads nowhere, and goes",
          "[contract][mpi][rule]") {
  Site site;
  site.Keep(Edipi(), PersonWith(kIcnB, {kIcnA}), kNow + absl::Hours(48));
  site.Keep(Icn(kIcnB), PersonWith(kIcnB));
  CHECK(site.IcnUnder(Icn(kIcnA)).empty());
  site.Keep(Icn(kIcnA), PersonWith(kIcnA));
  CHECK(site.Count("retired_icns") == "0");
}

TEST_CASE("PgAnswerCache E7: who replaced an ICN is known once, under whichever key it was learnt",
          "[contract][mpi][rule][E7]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.UseKeys("21");
  site.Keep(Icn(kIcnC), PersonWith(kIcnC, {kIcnA}), kNow + absl::Seconds(1));
  CHECK(site.Count("retired_icns") == "1");
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(2)) == kIcnC);
  CHECK(site.cache().damaged() == 0);
}

// --- Forgetting ---

TEST_CASE("PgAnswerCache: somebody found ends every NO_MATCH under what they are known by",
          "[contract][mpi][rule]") {
  Site site;
  site.Keep(Edipi(), Nobody());
  site.Keep(Idme(), Nobody());
  site.Keep(Edipi("1000000009"), Nobody());
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow - absl::Seconds(1));
  CHECK(site.IcnUnder(Edipi()) == "NOBODY");  // asked later than the other
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow + absl::Seconds(1));
  const absl::Time later = kNow + absl::Seconds(2);
  CHECK(site.IcnUnder(Edipi(), later).empty());
  CHECK(site.IcnUnder(Idme(), later).empty());
  CHECK(site.IcnUnder(Edipi("1000000009"), later) == "NOBODY");
}

TEST_CASE("PgAnswerCache: whoever forgets is not turned away by those who keep and sweep",
          "[contract][mpi][rule]") {
  // One person under many keys, so that everybody meets at the same rows in every order.
  Site site(12);
  const std::vector<CacheKey> keys = {Icn(kIcnA), Icn(kIcnB), Edipi(), Idme(),
                                      KeyFor(PatExample())};
  std::atomic<int> forgotten{0};
  std::atomic<int> turned_away{0};
  std::atomic<int> unswept{0};
  AtOnce(12, [&](int thread) {
    for (int i = 0; i < 60; ++i) {
      const CacheKey& key = keys[static_cast<size_t>(thread + i) % keys.size()];
      const absl::Time now = kNow + absl::Milliseconds(i * 12 + thread);
      if (thread % 3 == 0) {
        const bool done = site.cache().Forget(key, now, absl::InfiniteFuture()).ok();
        ++(done ? forgotten : turned_away);
      } else if (thread % 3 == 1 || i % 10 != 0) {
        const bool other = (thread + i) % 2 == 0;
        const Answer person = other ? PersonWith(kIcnA, {kIcnB}) : PersonWith(kIcnB, {kIcnA});
        site.cache()
            .Keep(key, {person, now, now + absl::Minutes(30)}, absl::InfiniteFuture())
            .IgnoreError();
      } else {
        if (!Sweep(site.pool(), {}, now + absl::Minutes(29), absl::InfiniteFuture()).ok()) {
          ++unswept;
        }
      }
    }
  });
  CHECK(forgotten > 0);
  CHECK(turned_away == 0);
  CHECK(unswept == 0);
}

TEST_CASE("PgAnswerCache: forgetting through any key of a person forgets all of them",
          "[contract][mpi][rule]") {
  const CacheKey through =
      GENERATE(Icn(kIcnA), Edipi(), Idme(), KeyFor(ByFacility{"516", Id(testing::kVistaId)}),
               // An ICN of before, and a key that nothing was ever kept under.
               Icn(kIcnB), KeyFor(PatExample()));
  Site site;
  site.Keep(Icn(kIcnA), PersonWith(kIcnA, {kIcnB}));
  site.Keep(Edipi(), PersonWith(kIcnA));
  site.Keep(KeyFor(PatExample()), PersonWith(kIcnA));
  Answer other = PersonWith(kIcnC);
  other.profile->ids = identity::GcIds(
      std::vector<identity::CorrelatedId>{testing::Row(kIcnC, "NI", "200M", "USVHA", "P")});
  site.Keep(Icn(kIcnC), other);
  CHECK(site.Forget(through) == 3);
  CHECK(site.IcnUnder(Icn(kIcnA)).empty());
  CHECK(site.IcnUnder(Edipi()).empty());
  CHECK(site.IcnUnder(KeyFor(PatExample())).empty());
  CHECK(site.IcnUnder(Icn(kIcnC)) == kIcnC);
}

TEST_CASE("PgAnswerCache: an answer that was asked for before a person was forgotten is not kept",
          "[contract][mpi][rule]") {
  // Through the key it would be kept under, and through one that only its profile names; with
  // nothing kept before.
  const CacheKey through = GENERATE(Icn(kIcnA), Edipi());
  Site site;
  CHECK(site.Forget(through, kNow + absl::Seconds(5)) == 0);
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow + absl::Seconds(4));
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow + absl::Seconds(5));
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(6)).empty());
  CHECK(site.Count("kept_answers") == "0");
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow + absl::Seconds(6));
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(6)) == kIcnA);
}

TEST_CASE("PgAnswerCache: forgetting ends a NO_MATCH at once, by its key and by name and birth",
          "[contract][mpi][rule]") {
  Site site;
  AddPerson added;
  added.idme_uuid = Id("B2C4545D-3A4A-4A0E-B3D7-B1BD1A9F0C11");  // the same, spelt another way
  added.last_name = identity::PersonText::FromWire("EXAMPLE");
  added.birth_date = identity::BirthDate::FromWire("19800302");
  site.Keep(Idme(), Nobody());
  site.Keep(KeyFor(PatExample()), Nobody());
  CHECK(site.IcnUnder(KeyFor(PatExample())) == "NOBODY");
  int64_t gone = 0;
  for (const CacheKey& key : KeysOf(added)) gone += site.Forget(key);
  CHECK(gone == 2);
  CHECK(site.IcnUnder(Idme()).empty());
  CHECK(site.IcnUnder(KeyFor(PatExample())).empty());
}

TEST_CASE("PgAnswerCache: a row that came in beside the mark is not served either",
          "[contract][mpi][rule]") {
  // Two transactions that do not see each other leave exactly this: the mark and the older answer.
  Site site;
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow);
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(6)) == kIcnA);
  site.Psql(
      "INSERT INTO invalidations (subject_hash, invalidated_at) SELECT unnest(subject_hashes), "
      "asked_at + interval '5 seconds' FROM kept_answers LIMIT 1");
  CHECK(site.Count("kept_answers") == "1");
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(6)).empty());
}

TEST_CASE(
    "PgAnswerCache: after forgetting nothing of an earlier question is served, however they race",
    "[contract][mpi][rule]") {
  Site site(8);
  for (int round = 0; round < 10; ++round) {
    const std::string icn = absl::StrCat(1000000200 + round, "V100001");
    const absl::Time start = kNow + absl::Minutes(round);
    AtOnce(16, [&](int i) {
      if (i % 4 == 3) {
        CHECK(site.cache().Forget(Edipi(), start + absl::Seconds(20), absl::InfiniteFuture()).ok());
        return;
      }
      KeptAnswer kept;
      kept.answer = PersonWith(icn);
      kept.asked_at = start + absl::Seconds(i);
      kept.expires_at = kept.asked_at + absl::Hours(1);
      site.cache()
          .Keep(i % 2 == 0 ? Icn(icn) : Edipi(), kept, absl::InfiniteFuture())
          .IgnoreError();
    });
    CHECK(site.IcnUnder(Icn(icn), start + absl::Seconds(30)).empty());
    CHECK(site.IcnUnder(Edipi(), start + absl::Seconds(30)).empty());
  }
}

TEST_CASE("PgAnswerCache: a clock that stands behind forgets all the same", "[contract][mpi]") {
  Site site;
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow + absl::Seconds(30));
  CHECK(site.Forget(Icn(kIcnA), kNow) == 1);
  site.Keep(Icn(kIcnA), PersonWith(kIcnA), kNow + absl::Seconds(30));
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(31)).empty());
}

TEST_CASE(
    "PgAnswerCache: what a clock wrote that was set back since is not served, and nothing of it "
    "stays",
    "[contract][mpi][rule]") {
  Site site;
  const absl::Time ahead = kNow + absl::Hours(48);
  site.Keep(Icn(kIcnA), PersonWith(kIcnB), ahead);
  site.Forget(Edipi(), ahead);
  site.Keep(Icn(kIcnA), PersonWith(kIcnB), ahead + absl::Seconds(1));
  CHECK(site.IcnUnder(Icn(kIcnA)).empty());
  // The answer of now takes its place, whatever mark lies ahead, and can be forgotten.
  site.Keep(Icn(kIcnA), PersonWith(kIcnA));
  CHECK(site.IcnUnder(Icn(kIcnA)) == kIcnA);
  CHECK(site.Forget(Edipi(), kNow + absl::Seconds(1)) == 1);
  site.Keep(Icn(kIcnA), PersonWith(kIcnA));
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(2)).empty());
}

TEST_CASE(
    "C1 PgAnswerCache: a clock that is set back makes no old answer young when it comes to its "
    "time",
    "[contract][mpi][security][C1]") {
  // Somebody may have died since. What no clock of now can have written goes with the next sweep.
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}), kNow);
  const absl::Time set_back = kNow - absl::Minutes(10);
  CHECK(site.IcnUnder(Icn(kIcnB), set_back).empty());
  CHECK(*Sweep(site.pool(), {}, set_back, absl::InfiniteFuture()) == 2);
  CHECK(site.IcnUnder(Icn(kIcnB)).empty());
  CHECK(site.Count("retired_icns") == "0");
  // Clocks of processes differ a little.
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}), kNow);
  CHECK(*Sweep(site.pool(), {}, kNow - absl::Minutes(2), absl::InfiniteFuture()) == 0);
}

// --- Sealed ---

TEST_CASE("PgAnswerCache: nothing readable about a person stands in any column",
          "[contract][mpi][security]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.Keep(KeyFor(PatExample()), PersonWith(kIcnB));
  site.Forget(Idme("00000000000000000000000000000001"));
  REQUIRE(*site.claims().Take(Idme(), "owner-1", kNow, kNow + absl::Minutes(1),
                              absl::InfiniteFuture()));
  std::string all;
  for (const char* const table : {"kept_answers", "retired_icns", "invalidations", "add_claims"}) {
    CHECK(site.Count(table) != "0");
    absl::StrAppend(&all, site.Psql(absl::StrCat("SELECT t::text FROM ", table, " t")));
  }
  absl::StrAppend(&all, site.Psql("SELECT encode(answer_sealed, 'escape') FROM kept_answers"),
                  site.Psql("SELECT encode(link_sealed, 'escape') FROM retired_icns"));
  for (const char* const canary :
       {kIcnA, kIcnB, "1000000001", "1000000002", kEdipi, kIdme, "Canary", "19800302", "1980-03-02",
        "796111863", "796-11-1863", "Example", testing::kVistaId, "200VGOV"}) {
    CAPTURE(canary);
    CHECK_FALSE(absl::StrContains(all, canary));
  }
}

TEST_CASE(
    "PgAnswerCache E7: found under every key of the ring, absent and no error without its key",
    "[contract][mpi][rule][E7]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.UseKeys("21");
  CHECK(site.IcnUnder(Icn(kIcnB)) == kIcnB);
  CHECK(site.IcnUnder(Icn(kIcnA)) == kIcnB);
  site.UseKeys("3");
  CHECK(site.IcnUnder(Icn(kIcnB)).empty());
  site.Keep(Icn(kIcnB), PersonWith(kIcnB));
  CHECK(site.IcnUnder(Icn(kIcnB)) == kIcnB);
}

TEST_CASE("PgAnswerCache E7: forgetting under one current key reaches what stands under another",
          "[contract][mpi][rule][E7]") {
  Site site;
  const auto before = site.Another("12");
  site.UseKeys("21");
  site.Keep(Icn(kIcnA), PersonWith(kIcnA));
  CHECK(*before->cache.Forget(Edipi(), kNow + absl::Seconds(1), absl::InfiniteFuture()) == 1);
  // And what is on its way there.
  site.Keep(Icn(kIcnA), PersonWith(kIcnA));
  CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(2)).empty());
}

TEST_CASE("PgAnswerCache: a damaged row is absent, counted, and goes",
          "[contract][mpi][security]") {
  const char* const damage =
      GENERATE("answer_sealed = '\\x00'", "answer_sealed = ''",
               "answer_sealed = overlay(answer_sealed placing '\\x00ff' from 40)",
               "id = 'a0000000-0000-4000-8000-000000000001'");
  CAPTURE(damage);
  Site site;
  site.Keep(Icn(kIcnA), PersonWith(kIcnA));
  site.Psql(absl::StrCat("UPDATE kept_answers SET ", damage));
  CHECK(site.IcnUnder(Icn(kIcnA)).empty());
  CHECK(site.cache().damaged() == 1);
  CHECK(site.Count("kept_answers") == "0");
}

TEST_CASE("PgAnswerCache: whoever writes to the database makes nobody another person",
          "[contract][mpi][security]") {
  Site site;
  site.Keep(Icn(kIcnA), PersonWith(kIcnA));
  SECTION("by giving a row another key") {
    site.Keep(Edipi("1000000009"), Nobody());
    site.Psql("UPDATE kept_answers SET key_hash = key_hash || 'x' WHERE outcome = 'NO_MATCH'");
    site.Psql(
        "UPDATE kept_answers SET key_hash = (SELECT replace(key_hash, 'x', '') FROM "
        "kept_answers WHERE outcome = 'NO_MATCH') WHERE outcome = 'OK'");
    CHECK(site.IcnUnder(Edipi("1000000009")).empty());
    CHECK(site.cache().damaged() == 1);
  }
  SECTION("by moving the search type") {
    site.Psql("UPDATE kept_answers SET search = 'icn_history'");
    CacheKey history = Icn(kIcnA);
    history.search = SearchType::kIcnHistory;
    CHECK(site.IcnUnder(history).empty());
  }
  SECTION("by leading a retired ICN to somebody else") {
    site.Keep(Icn(kIcnC), PersonWith(kIcnC, {kIcnB}));
    site.Psql(
        "UPDATE retired_icns SET successor_hash = (SELECT k.key_hash FROM kept_answers k "
        "WHERE k.key_hash <> successor_hash)");
    CHECK(site.IcnUnder(Icn(kIcnB)).empty());
    CHECK(site.cache().damaged() == 1);
  }
  SECTION("by giving somebody living a link of another") {
    site.Keep(Icn(kIcnC), PersonWith(kIcnC, {kIcnB}), kNow + absl::Seconds(1));
    site.Psql(
        "UPDATE retired_icns SET icn_hash = (SELECT k.key_hash FROM kept_answers k "
        "WHERE k.key_hash <> successor_hash)");
    CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Seconds(2)).empty());
  }
  SECTION("by making an old answer young") {
    site.Psql(
        "UPDATE kept_answers SET asked_at = asked_at + interval '2 hours', "
        "expires_at = expires_at + interval '2 hours'");
    CHECK(site.IcnUnder(Icn(kIcnA), kNow + absl::Hours(2)).empty());
  }
}

TEST_CASE("PgAnswerCache: without a database it is a Status, not an answer", "[contract][mpi]") {
  Site site;
  site.Psql("ALTER TABLE kept_answers RENAME TO elsewhere");
  CHECK_FALSE(site.cache().Get(Icn(kIcnA), kNow, absl::InfiniteFuture()).ok());
  CHECK_FALSE(site.cache()
                  .Keep(Icn(kIcnA), {PersonWith(kIcnA), kNow, kNow + absl::Minutes(1)},
                        absl::InfiniteFuture())
                  .ok());
  CHECK_FALSE(site.cache().Forget(Icn(kIcnA), kNow, absl::InfiniteFuture()).ok());
}

TEST_CASE("PgAnswerCache: what is over is swept, and nothing else", "[contract][mpi]") {
  Site site;
  site.Keep(Icn(kIcnB), PersonWith(kIcnB, {kIcnA}));
  site.Forget(Edipi("1000000009"));
  REQUIRE(*site.claims().Take(Idme(), "owner-1", kNow, kNow + absl::Minutes(1),
                              absl::InfiniteFuture()));
  const auto sweep = [&site](absl::Duration later) {
    return *Sweep(site.pool(), {}, kNow + later, absl::InfiniteFuture());
  };
  CHECK(sweep(absl::Seconds(59)) == 0);
  CHECK(sweep(absl::Minutes(1)) == 1);
  CHECK(site.Count("add_claims") == "0");
  CHECK(sweep(absl::Minutes(30)) == 1);
  CHECK(site.Count("kept_answers") == "0");
  CHECK(sweep(absl::Hours(24)) == 1);
  CHECK(site.Count("retired_icns") == "0");
  CHECK(sweep(absl::Hours(25)) == 1);
  CHECK(site.Count("invalidations") == "0");
}

// --- Claims ---

TEST_CASE("PgAddClaims: of sixteen that want one credential one gets it", "[contract][mpi][rule]") {
  Site site(8);
  for (int round = 0; round < 5; ++round) {
    const CacheKey credential = Idme(absl::StrCat("0000000000000000000000000000000", round));
    std::atomic<int> got{0};
    AtOnce(16, [&](int i) {
      const auto taken = site.claims().Take(credential, absl::StrCat("owner-", i), kNow,
                                            kNow + absl::Minutes(1), absl::InfiniteFuture());
      REQUIRE(taken.ok());
      got += *taken ? 1 : 0;
    });
    CHECK(got == 1);
  }
}

TEST_CASE("PgAddClaims E7: processes that write under different keys exclude each other",
          "[contract][mpi][rule][E7]") {
  Site site(8);
  const auto older = site.Another("12");
  const auto newer = site.Another("21");
  for (int round = 0; round < 5; ++round) {
    const CacheKey credential = Idme(absl::StrCat("0000000000000000000000000000001", round));
    std::atomic<int> got{0};
    AtOnce(16, [&](int i) {
      PgAddClaims& claims = i % 2 == 0 ? older->claims : newer->claims;
      const auto taken = claims.Take(credential, absl::StrCat("owner-", i), kNow,
                                     kNow + absl::Minutes(1), absl::InfiniteFuture());
      got += taken.ok() && *taken ? 1 : 0;
    });
    CHECK(got == 1);
  }
}

TEST_CASE("PgAddClaims E7: a process without the new key holds against one that has it",
          "[contract][mpi][E7]") {
  Site site;
  const auto newer = site.Another("21");
  const auto take = [](PgAddClaims& claims, const char* owner, absl::Time now) {
    return *claims.Take(Idme(), owner, now, now + absl::Minutes(1), absl::InfiniteFuture());
  };
  CHECK(take(site.claims(), "owner-1", kNow));
  CHECK_FALSE(take(newer->claims, "owner-2", kNow));
  // Nothing of the try is left.
  CHECK(site.Count("add_claims") == "1");
  CHECK(site.claims().Release(Idme(), "owner-1", absl::InfiniteFuture()).ok());
  CHECK(take(newer->claims, "owner-2", kNow));
}

TEST_CASE("PgAddClaims: a claim ends by its time, or when its owner gives it back, and nobody else",
          "[contract][mpi][rule]") {
  Site site;
  const auto take = [&site](const char* owner, absl::Time now) {
    return *site.claims().Take(Idme(), owner, now, now + absl::Minutes(1), absl::InfiniteFuture());
  };
  const auto release = [&site](const char* owner) {
    CHECK(site.claims().Release(Idme(), owner, absl::InfiniteFuture()).ok());
  };
  CHECK(take("owner-1", kNow));
  CHECK_FALSE(take("owner-2", kNow + absl::Seconds(59)));
  CHECK(take("owner-1", kNow));  // its own, again
  release("owner-2");
  CHECK_FALSE(take("owner-2", kNow));
  release("owner-1");
  CHECK(take("owner-2", kNow));
  CHECK(take("owner-3", kNow + absl::Minutes(1)));
  // Who comes late gives nothing of the next holder's back.
  release("owner-2");
  CHECK_FALSE(take("owner-4", kNow + absl::Minutes(1)));
  // Another credential, and another kind with the same text, is free.
  CHECK(*site.claims().Take(KeyFor(testing::By(IdentifierType::kLogingov, kIdme)), "owner-5", kNow,
                            kNow + absl::Minutes(1), absl::InfiniteFuture()));
}

TEST_CASE("PgAddClaims: a claim of a clock that was set back does not hold for ever",
          "[contract][mpi][rule]") {
  Site site;
  const absl::Time ahead = kNow + absl::Hours(48);
  REQUIRE(*site.claims().Take(Idme(), "owner-1", ahead, ahead + absl::Minutes(1),
                              absl::InfiniteFuture()));
  CHECK(*site.claims().Take(Idme(), "owner-2", kNow, kNow + absl::Minutes(1),
                            absl::InfiniteFuture()));
}

TEST_CASE("PgAddClaims: without a database nobody holds anything, and that is a Status",
          "[contract][mpi][rule]") {
  Site site;
  site.Psql("ALTER TABLE add_claims RENAME TO elsewhere");
  CHECK_FALSE(site.claims()
                  .Take(Idme(), "owner-1", kNow, kNow + absl::Minutes(1), absl::InfiniteFuture())
                  .ok());
}

}  // namespace va::mpi
