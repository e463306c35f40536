#include "services/mpi-adapter/domain/cached_mpi.h"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/testing/fake_clock.h"
#include "services/mpi-adapter/domain/kept_fixture.h"

namespace va::mpi {
namespace {

using testing::By;
using testing::ByIcn;
using testing::kEdipi;
using testing::KeyFor;
using testing::kIcnA;
using testing::kIcnB;
using testing::Nobody;
using testing::PatExample;
using testing::PersonWith;

constexpr Outcome kAllOutcomes[] = {Outcome::kOk,
                                    Outcome::kNoMatch,
                                    Outcome::kMultipleMatches,
                                    Outcome::kInvalidRequest,
                                    Outcome::kSenderRejected,
                                    Outcome::kDuplicateKey,
                                    Outcome::kMpiFailed,
                                    Outcome::kTransport,
                                    Outcome::kTimeout,
                                    Outcome::kBreakerOpen,
                                    Outcome::kUnparseable,
                                    Outcome::kBlocked};

Answer With(Outcome outcome) {
  Answer answer = outcome == Outcome::kOk ? PersonWith(kIcnA) : Nobody();
  answer.outcome = outcome;
  return answer;
}

// Answers as told, and counts.
class FakeMpi final : public MpiGateway {
 public:
  absl::StatusOr<Answer> Find(const Question&, absl::Time) override {
    ++asked;
    if (while_asked) while_asked();
    return answer;
  }

  absl::StatusOr<Answer> answer = PersonWith(kIcnA);
  int asked = 0;
  std::function<void()> while_asked;
};

// One row a key, without any of the store's own care.
class FakeCache final : public AnswerCache {
 public:
  absl::StatusOr<std::optional<KeptAnswer>> Get(const CacheKey& key, absl::Time,
                                                absl::Time deadline) override {
    last_deadline = deadline;
    if (!failure.ok()) return failure;
    const auto found = rows.find(Name(key));
    if (found == rows.end()) return std::optional<KeptAnswer>();
    return std::optional<KeptAnswer>(found->second);
  }
  absl::Status Keep(const CacheKey& key, const KeptAnswer& kept, absl::Time deadline) override {
    last_deadline = deadline;
    if (!failure.ok()) return failure;
    rows[Name(key)] = kept;
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Forget(const CacheKey& key, absl::Time, absl::Time) override {
    if (!failure.ok()) return failure;
    return static_cast<int64_t>(rows.erase(Name(key)));
  }
  static std::string Name(const CacheKey& key) {
    return std::to_string(static_cast<int>(key.kind)) + ":" + key.value.Reveal();
  }

  std::map<std::string, KeptAnswer> rows;
  absl::Status failure;
  absl::Time last_deadline;
};

// Says which random bytes come next.
class FixedIds final : public base::IdGenerator {
 public:
  std::string RandomBytes(size_t count) override { return std::string(count, byte); }
  char byte = '\0';
};

class Counts final : public CacheObserver {
 public:
  void Looked(CacheResult result) override { ++looked[result]; }
  void ServedAt(absl::Duration age) override { ages.push_back(age); }
  void StoreFailed() override { ++failed; }

  std::map<CacheResult, int> looked;
  std::vector<absl::Duration> ages;
  int failed = 0;
};

struct House {
  explicit House(CacheSettings with = {}) : settings(with) {}

  CachedAnswer Get(const Question& question, Freshness freshness = Freshness::kFlags) {
    const auto got = cached.Get(question, freshness, clock.Now() + absl::Seconds(10));
    REQUIRE(got.ok());
    return *got;
  }
  void FailMpi(Outcome outcome = Outcome::kBreakerOpen) {
    shared.answer = With(outcome);
    direct.answer = With(outcome);
  }

  va::testing::FakeClock clock;
  FakeCache store;
  FakeMpi shared;
  FakeMpi direct;
  FixedIds ids;
  Counts counts;
  CacheSettings settings;
  CachedMpi cached{{store, shared, direct, clock, ids, counts}, settings};
};

}  // namespace

// --- What is kept, and for how long ---

TEST_CASE("CachedMpi M1: of all outcomes a profile and NO_MATCH are kept, and nothing else ever is",
          "[mpi][cache][rule][M1]") {
  const Outcome outcome = GENERATE(from_range(std::begin(kAllOutcomes), std::end(kAllOutcomes)));
  CAPTURE(OutcomeName(outcome));
  House house;
  house.shared.answer = With(outcome);
  CHECK(house.Get(ByIcn(kIcnA)).answer.outcome == outcome);
  const bool kept = outcome == Outcome::kOk || outcome == Outcome::kNoMatch;
  CHECK(house.store.rows.size() == (kept ? 1 : 0));
  CHECK((LifetimeOf(outcome, {}) > absl::ZeroDuration()) == kept);
  CHECK(house.Get(ByIcn(kIcnA)).from_cache == kept);
  CHECK(house.shared.asked == (kept ? 1 : 2));
}

TEST_CASE(
    "CachedMpi: profiles are kept 24 hours less up to a tenth, NO_MATCH 30 minutes less the "
    "same",
    "[mpi][cache][rule]") {
  struct Row {
    Answer answer;
    absl::Duration longest;
  };
  const Row row =
      GENERATE(Row{PersonWith(kIcnA), absl::Hours(24)}, Row{Nobody(), absl::Minutes(30)});
  const char byte = GENERATE('\x00', '\x40', '\x7F', '\x80', '\xFF');
  House house;
  house.ids.byte = byte;
  house.shared.answer = row.answer;
  house.Get(ByIcn(kIcnA));
  const KeptAnswer& kept = house.store.rows.begin()->second;
  CHECK(kept.asked_at == house.clock.Now());
  const absl::Duration lives = kept.expires_at - kept.asked_at;
  CHECK(lives <= row.longest);
  CHECK(lives > row.longest * 9 / 10);
  if (byte == '\x00') CHECK(lives == row.longest);
  if (byte == '\xFF') CHECK(lives < row.longest * 91 / 100);
}

TEST_CASE("CachedMpi: an answer ends by its time, whatever the store says", "[mpi][cache][rule]") {
  House house;
  house.shared.answer = Nobody();
  house.Get(ByIcn(kIcnA));
  house.clock.Advance(absl::Minutes(30) - absl::Seconds(1));
  const CachedAnswer kept = house.Get(ByIcn(kIcnA));
  CHECK(kept.from_cache);
  CHECK(kept.answer.outcome == Outcome::kNoMatch);
  CHECK(kept.age == absl::Minutes(30) - absl::Seconds(1));
  CHECK_FALSE(kept.flags_known);
  house.clock.Advance(absl::Seconds(1));
  house.shared.answer = PersonWith(kIcnA);
  CHECK_FALSE(house.Get(ByIcn(kIcnA)).from_cache);
}

TEST_CASE("CachedMpi: what was kept under longer settings is served by those of now",
          "[mpi][cache]") {
  House house({.profile_ttl = absl::Hours(1)});
  KeptAnswer kept{PersonWith(kIcnA), house.clock.Now(), house.clock.Now() + absl::Hours(24)};
  house.store.rows[FakeCache::Name(KeyFor(ByIcn(kIcnA)))] = kept;
  house.clock.Advance(absl::Hours(1));
  CHECK_FALSE(house.Get(ByIcn(kIcnA), Freshness::kProfile).from_cache);
}

TEST_CASE("CachedMpi: an OK without a permanent ICN is not kept: nobody could forget it",
          "[mpi][cache][rule]") {
  House house;
  Answer answer = PersonWith(kIcnA);
  answer.profile->ids = identity::GcIds();
  house.shared.answer = answer;
  CHECK(house.Get(ByIcn(kIcnA)).answer.profile.has_value());
  CHECK(house.store.rows.empty());
}

TEST_CASE("CachedMpi: the answer to another caller's question is that caller's to keep",
          "[mpi][cache][rule]") {
  House house;
  house.shared.answer->shared = true;
  CHECK(house.Get(ByIcn(kIcnA)).flags_known);
  CHECK(house.store.rows.empty());
}

TEST_CASE("CachedMpi: asked_at is when the question began, not when its answer came",
          "[mpi][cache][rule]") {
  House house;
  const absl::Time began = house.clock.Now();
  house.shared.while_asked = [&house] { house.clock.Advance(absl::Seconds(5)); };
  house.Get(ByIcn(kIcnA));
  CHECK(house.store.rows.begin()->second.asked_at == began);
}

TEST_CASE("CachedMpi: several people answer now: who was kept is forgotten", "[mpi][cache][rule]") {
  House house;
  house.Get(ByIcn(kIcnA));
  house.FailMpi(Outcome::kMultipleMatches);
  CHECK(house.Get(ByIcn(kIcnA), Freshness::kAsk).answer.outcome == Outcome::kMultipleMatches);
  CHECK(house.store.rows.empty());
}

TEST_CASE("CachedMpi: a failure of MPI leaves what is kept", "[mpi][cache]") {
  House house;
  house.Get(ByIcn(kIcnA));
  const Outcome outcome =
      GENERATE(Outcome::kMpiFailed, Outcome::kTransport, Outcome::kTimeout, Outcome::kBreakerOpen,
               Outcome::kUnparseable, Outcome::kInvalidRequest, Outcome::kSenderRejected);
  house.FailMpi(outcome);
  CHECK(house.Get(ByIcn(kIcnA), Freshness::kAsk).answer.outcome == outcome);
  CHECK(house.Get(ByIcn(kIcnA)).from_cache);
}

// --- Flags ---

TEST_CASE("CachedMpi: flags older than minutes are read again before anybody is let in",
          "[mpi][cache][rule]") {
  House house;
  house.Get(ByIcn(kIcnA));
  house.clock.Advance(absl::Minutes(5));
  const CachedAnswer young = house.Get(ByIcn(kIcnA));
  CHECK(young.from_cache);
  CHECK(young.flags_known);
  CHECK(young.age == absl::Minutes(5));
  house.clock.Advance(absl::Seconds(1));
  house.shared.answer->profile->deceased_date = identity::BirthDate::FromWire("20260101");
  const CachedAnswer again = house.Get(ByIcn(kIcnA));
  CHECK_FALSE(again.from_cache);
  CHECK(again.flags_known);
  CHECK(again.answer.profile->deceased_date.has_value());
  CHECK(house.counts.looked[CacheResult::kStaleFlags] == 1);
  // And that answer is kept in turn.
  CHECK(house.Get(ByIcn(kIcnA)).from_cache);
}

TEST_CASE("CachedMpi R5: when flags are old and MPI cannot be asked there is no profile",
          "[mpi][cache][rule][R5]") {
  const Outcome outcome =
      GENERATE(Outcome::kMpiFailed, Outcome::kTransport, Outcome::kTimeout, Outcome::kBreakerOpen,
               Outcome::kUnparseable, Outcome::kInvalidRequest, Outcome::kSenderRejected);
  CAPTURE(OutcomeName(outcome));
  House house;
  house.Get(ByIcn(kIcnA));
  house.clock.Advance(absl::Minutes(5) + absl::Seconds(1));
  house.FailMpi(outcome);
  const CachedAnswer got = house.Get(ByIcn(kIcnA));
  CHECK(got.answer.outcome == outcome);
  CHECK_FALSE(got.answer.profile.has_value());
  CHECK_FALSE(got.flags_known);
  CHECK_FALSE(got.from_cache);
}

TEST_CASE(
    "CachedMpi H10: 24 hours without MPI: from the sixth minute on no identity is served for "
    "letting somebody in, and after a day none at all",
    "[mpi][cache][rule]") {
  House house;
  house.Get(ByIcn(kIcnA));
  house.FailMpi();
  for (int minute = 0; minute <= 24 * 60; ++minute) {
    CAPTURE(minute);
    CHECK(house.Get(ByIcn(kIcnA)).answer.profile.has_value() == (minute <= 5));
    CHECK(house.Get(ByIcn(kIcnA), Freshness::kProfile).answer.profile.has_value() ==
          (minute < 24 * 60));
    house.clock.Advance(absl::Minutes(1));
  }
  // The first answer of MPI is served at once.
  house.shared.answer = PersonWith(kIcnA);
  CHECK(house.Get(ByIcn(kIcnA)).answer.profile.has_value());
}

TEST_CASE("CachedMpi: who needs no flags gets an older profile, and is told that they do not count",
          "[mpi][cache][rule]") {
  House house;
  house.Get(ByIcn(kIcnA));
  house.clock.Advance(absl::Hours(23));
  house.FailMpi();
  const CachedAnswer got = house.Get(ByIcn(kIcnA), Freshness::kProfile);
  CHECK(got.from_cache);
  CHECK(got.answer.profile.has_value());
  CHECK_FALSE(got.flags_known);
  CHECK(got.age == absl::Hours(23));
  REQUIRE(house.counts.ages.size() == 1);
  CHECK(house.counts.ages[0] == absl::Hours(23));
}

TEST_CASE(
    "CachedMpi: who asks for an answer of now gets one, past the cache and past questions of "
    "others, and it is kept",
    "[mpi][cache][rule]") {
  House house;
  house.Get(ByIcn(kIcnA));
  CHECK_FALSE(house.Get(ByIcn(kIcnA), Freshness::kAsk).from_cache);
  CHECK(house.direct.asked == 1);
  CHECK(house.shared.asked == 1);
  house.clock.Advance(absl::Minutes(4));
  house.Get(ByIcn(kIcnA), Freshness::kAsk);
  house.clock.Advance(absl::Minutes(4));
  CHECK(house.Get(ByIcn(kIcnA)).age == absl::Minutes(4));
}

TEST_CASE("CachedMpi: a kept NO_MATCH has no flags to be old", "[mpi][cache]") {
  House house;
  house.shared.answer = Nobody();
  house.Get(ByIcn(kIcnA));
  house.clock.Advance(absl::Minutes(20));
  CHECK(house.Get(ByIcn(kIcnA)).from_cache);
  CHECK(house.counts.looked[CacheResult::kHitNegative] == 1);
  CHECK(house.counts.looked[CacheResult::kMiss] == 1);
}

// --- Retired ICNs ---

TEST_CASE("CachedMpi: a question by a retired ICN is kept under the one that replaced it",
          "[mpi][cache][rule]") {
  House house;
  house.shared.answer = PersonWith(kIcnB, {kIcnA});
  CHECK(house.Get(ByIcn(kIcnA)).by_retired_icn);
  CHECK(house.store.rows.count(FakeCache::Name(KeyFor(ByIcn(kIcnB)))) == 1);
  CHECK(house.store.rows.size() == 1);
  CHECK_FALSE(house.Get(ByIcn(kIcnB)).by_retired_icn);
  CHECK(house.shared.asked == 1);
}

TEST_CASE("CachedMpi: that the store came by a retired ICN is handed on", "[mpi][cache]") {
  House house;
  KeptAnswer kept{PersonWith(kIcnB), house.clock.Now(), house.clock.Now() + absl::Hours(1), true};
  house.store.rows[FakeCache::Name(KeyFor(ByIcn(kIcnA)))] = kept;
  CHECK(house.Get(ByIcn(kIcnA)).by_retired_icn);
}

TEST_CASE(
    "CachedMpi: another ICN in the answer without a word of its past stays under the question",
    "[mpi][cache]") {
  House house;
  house.shared.answer = PersonWith(kIcnB);
  CHECK_FALSE(house.Get(ByIcn(kIcnA)).by_retired_icn);
  CHECK(house.store.rows.count(FakeCache::Name(KeyFor(ByIcn(kIcnA)))) == 1);
  // An EDIPI is never a retired ICN.
  house.shared.answer = PersonWith(kIcnB, {kEdipi});
  CHECK_FALSE(house.Get(By(IdentifierType::kEdipi, kEdipi)).by_retired_icn);
}

// --- The store fails, is slow, or lies ---

TEST_CASE(
    "CachedMpi: a store that fails is one that is not there: MPI is asked, and that is "
    "counted",
    "[mpi][cache][rule]") {
  House house;
  house.store.failure = absl::UnavailableError("down");
  const CachedAnswer got = house.Get(ByIcn(kIcnA));
  CHECK(got.answer.outcome == Outcome::kOk);
  CHECK(got.flags_known);
  CHECK(house.counts.looked[CacheResult::kError] == 1);
  CHECK(house.counts.failed == 2);  // looking, and keeping
  CHECK(house.Get(ByIcn(kIcnA)).answer.outcome == Outcome::kOk);
  CHECK(house.shared.asked == 2);
}

TEST_CASE("CachedMpi: the store gets a quarter of what is left, and no more than a quarter second",
          "[mpi][cache][rule]") {
  House house;
  const absl::Time now = house.clock.Now();
  house.Get(ByIcn(kIcnA));
  CHECK(house.store.last_deadline == now + absl::Milliseconds(250));
  static_cast<void>(
      house.cached.Get(ByIcn(kIcnB), Freshness::kFlags, now + absl::Milliseconds(400)));
  CHECK(house.store.last_deadline == now + absl::Milliseconds(100));
  CHECK(house.cached.Get(ByIcn(kIcnB), Freshness::kFlags, absl::InfiniteFuture()).ok());
  CHECK(house.store.last_deadline == now + absl::Milliseconds(250));
}

TEST_CASE("CachedMpi: an answer that a clock wrote which was set back since is not served",
          "[mpi][cache][rule]") {
  House house;
  house.Get(ByIcn(kIcnA));
  house.clock.Advance(-absl::Seconds(1));
  CHECK_FALSE(house.Get(ByIcn(kIcnA)).from_cache);
  CHECK_FALSE(house.Get(ByIcn(kIcnB), Freshness::kProfile).from_cache);
}

TEST_CASE("CachedMpi: an answer that says OK without a profile, or another outcome, is not served",
          "[mpi][cache]") {
  House house;
  const Outcome outcome = GENERATE(from_range(std::begin(kAllOutcomes), std::end(kAllOutcomes)));
  KeptAnswer kept{Nobody(), house.clock.Now(), house.clock.Now() + absl::Hours(1)};
  kept.answer.outcome = outcome;
  house.store.rows[FakeCache::Name(KeyFor(ByIcn(kIcnA)))] = kept;
  CHECK(house.Get(ByIcn(kIcnA)).from_cache == (outcome == Outcome::kNoMatch));
}

// --- Not through the cache ---

TEST_CASE("CachedMpi: switched off, or without a key, nothing is looked for and nothing is kept",
          "[mpi][cache][rule]") {
  House off({.enabled = false});
  CHECK(off.Get(ByIcn(kIcnA)).flags_known);
  CHECK_FALSE(off.Get(ByIcn(kIcnA)).from_cache);
  off.Get(ByIcn(kIcnA), Freshness::kAsk);
  CHECK(off.shared.asked == 2);
  CHECK(off.direct.asked == 1);
  CHECK(off.store.rows.empty());
  House on;
  ByTraits orchestrated = PatExample();
  orchestrated.edipi = testing::Id(kEdipi);
  on.Get(orchestrated);
  on.Get(orchestrated);
  CHECK(on.shared.asked == 2);
  CHECK(on.store.rows.empty());
  CHECK(on.counts.looked.empty());
}

TEST_CASE("CachedMpi: a question that cannot be put is a Status and leaves nothing",
          "[mpi][cache]") {
  House house;
  house.shared.answer = absl::InvalidArgumentError("ssn");
  CHECK(house.cached.Get(PatExample(), Freshness::kFlags, absl::InfiniteFuture()).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(house.store.rows.empty());
}

TEST_CASE("CachedMpi: forgetting is of the store, and its failure is told", "[mpi][cache]") {
  House house;
  house.Get(ByIcn(kIcnA));
  CHECK(*house.cached.Forget(KeyFor(ByIcn(kIcnA)), absl::InfiniteFuture()) == 1);
  CHECK_FALSE(house.Get(ByIcn(kIcnA)).from_cache);
  house.store.failure = absl::UnavailableError("down");
  CHECK_FALSE(house.cached.Forget(KeyFor(ByIcn(kIcnA)), absl::InfiniteFuture()).ok());
  CHECK(house.counts.failed == 1);
}

}  // namespace va::mpi
