#include "lib/crypto/rotation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <utility>

#include <rapidcheck.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::crypto {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1768478400);  // 2026-01-15T12:00:00Z
constexpr absl::Duration kPublish = absl::Hours(1);
constexpr absl::Duration kOverlap = absl::Minutes(15);

RingKey Key(const std::string& id) { return {id, id + ".pem", KeyState::kRetired, std::nullopt}; }

RingFile Fresh() {
  RingPolicy policy{.purpose = RingPurpose::kSigning,
                    .algorithm = RingAlgorithm::kEs256,
                    .publish = kPublish,
                    .overlap = kOverlap,
                    .kept_by = std::nullopt};
  return *RingFile::Make(policy, {{"k0", "k0.pem", KeyState::kCurrent, kStart}});
}

RingFile Of(const std::string& text) { return *RingFile::Parse(text); }

RingFile Do(const RingFile& ring, const RotationStep& step, absl::Time now) {
  return *Apply(ring, step, now, true, Key("fresh"));
}

constexpr char kHead[] = "ring signing ES256 publish=1h overlap=15m\n";

TEST_CASE("Rotation: the first step makes a next key that does not work yet",
          "[crypto][rotation]") {
  const auto step = PlanRotate(Fresh(), true);
  REQUIRE(step.ok());
  CHECK(step->act == RotationAct::kAdd);
  CHECK(CheckDue(*step, kStart).ok());
  const RingFile after = Do(Fresh(), *step, kStart + absl::Milliseconds(1));
  CHECK(after.current().id == "k0");
  REQUIRE(after.Next() != nullptr);
  CHECK(after.Next()->id == "fresh");
  // Rounded up: nothing that is counted from it ends early.
  CHECK(after.Next()->since == kStart + absl::Seconds(1));
}

TEST_CASE(
    "Rotation A22: a next key works one cache lifetime after it was published, not a second "
    "before, and TOO_EARLY tells when",
    "[crypto][rotation][security][A22]") {
  const RingFile ring = Do(Fresh(), *PlanRotate(Fresh(), true), kStart);
  const auto step = PlanRotate(ring, true);
  REQUIRE(step.ok());
  CHECK(step->act == RotationAct::kPromote);
  CHECK(step->from == kStart + kPublish);
  const absl::Status early = CheckDue(*step, kStart + kPublish - absl::Seconds(1));
  CHECK(base::ReasonOf(early) == "TOO_EARLY");
  CHECK(absl::StrContains(early.message(), "2026-01-15T13:00:00Z"));
  CHECK(CheckDue(*step, kStart + kPublish).ok());
  const RingFile after = Do(ring, *step, kStart + kPublish);
  CHECK(after.current().id == "fresh");
  CHECK(after.Find("k0")->state == KeyState::kRetired);
  CHECK(after.Find("k0")->since == kStart + kPublish);
}

TEST_CASE("Rotation: a next key whose publication is not on record begins its time anew",
          "[crypto][rotation]") {
  const RingFile ring = Do(Fresh(), *PlanRotate(Fresh(), true), kStart);
  const absl::Time later = kStart + absl::Hours(5);
  const auto gone = PlanRotate(ring, /*published=*/false);
  CHECK(gone->act == RotationAct::kRestart);
  CHECK(PlanRotate(Do(ring, *gone, later), true)->from == later + kPublish);
  // Written by hand, without a time.
  const RingFile by_hand = Of(absl::StrCat(kHead, "k0:k0.pem:current\nk1:k1.pem:next\n"));
  CHECK(PlanRotate(by_hand, true)->act == RotationAct::kRestart);
}

TEST_CASE("Rotation: a retired key is dropped once its overlap is over, the current one never",
          "[crypto][rotation]") {
  const RingFile ring = Of(absl::StrCat(
      kHead, "k0:k0.pem:retired:2026-01-15T12:00:00Z\nk1:k1.pem:current:2026-01-15T12:00:00Z\n"));
  CHECK(base::ReasonOf(PlanRetire(ring, "k1").status()) == "KEY_IN_USE");
  CHECK(base::ReasonOf(PlanRetire(ring, "k1", Haste::kForced).status()) == "KEY_IN_USE");
  CHECK(base::ReasonOf(PlanRetire(ring, "k9").status()) == "KEY_UNKNOWN");
  const auto step = PlanRetire(ring, "k0");
  CHECK(step->act == RotationAct::kDrop);
  CHECK(base::ReasonOf(CheckDue(*step, kStart + kOverlap - absl::Seconds(1))) == "TOO_EARLY");
  CHECK(CheckDue(*step, kStart + kOverlap).ok());
  CHECK(Do(ring, *step, kStart + kOverlap).keys().size() == 1);
}

TEST_CASE("Rotation: a key retired at a time nobody wrote down has its whole overlap ahead",
          "[crypto][rotation]") {
  const RingFile ring = Of(absl::StrCat(kHead, "k0:k0.pem:retired\nk1:k1.pem:current\n"));
  const auto step = PlanRetire(ring, "k0");
  CHECK(step->act == RotationAct::kDate);
  CHECK(PlanRetire(Do(ring, *step, kStart), "k0")->from == kStart + kOverlap);
}

TEST_CASE(
    "Rotation: a retired key of data stays for `publish` at least, in which somebody may still "
    "write under it",
    "[crypto][rotation]") {
  const auto ring = [](const std::string& since) {
    return Of(
        absl::StrCat("ring sealing AES-256-GCM publish=1h overlap=0\nk0:", std::string(64, 'a'),
                     ":retired", since, "\nk1:", std::string(64, 'b'), ":current\n"));
  };
  CHECK(PlanRetire(ring(""), "k0")->act == RotationAct::kDate);
  CHECK(PlanRetire(ring(":2026-01-15T12:00:00Z"), "k0")->from == kStart + absl::Hours(1));
}

TEST_CASE("Rotation: a clock behind what the ring knows is not believed", "[crypto][rotation]") {
  const RingFile ring = Do(Fresh(), *PlanRotate(Fresh(), true), kStart + absl::Hours(2));
  const absl::Time known = kStart + absl::Hours(2);
  CHECK(CheckClock(ring, known).ok());
  CHECK(CheckClock(ring, known - kClocksApart).ok());
  const absl::Status behind = CheckClock(ring, known - kClocksApart - absl::Seconds(1));
  CHECK(base::ReasonOf(behind) == "CLOCK_BEHIND");
  CHECK(absl::StrContains(behind.message(), "2026-01-15T14:00:00Z"));
  CHECK(CheckClock(Of(absl::StrCat(kHead, "k0:k0.pem:current\n")), absl::UnixEpoch()).ok());
}

TEST_CASE("Rotation: a next key that is not wanted any more goes by way of retired",
          "[crypto][rotation]") {
  const RingFile ring = Do(Fresh(), *PlanRotate(Fresh(), true), kStart);
  const auto step = PlanRetire(ring, "fresh");
  CHECK(step->act == RotationAct::kWithdraw);
  const RingFile after = Do(ring, *step, kStart);
  CHECK(after.Next() == nullptr);
  CHECK(PlanRetire(after, "fresh")->from == kStart + kOverlap);
}

TEST_CASE("Rotation: in an emergency nothing is waited for, and the current key stays all the same",
          "[crypto][rotation]") {
  const RingFile ring = Do(Fresh(), *PlanRotate(Fresh(), true), kStart);
  const auto promote = PlanRotate(ring, /*published=*/false, Haste::kForced);
  CHECK(promote->act == RotationAct::kPromote);
  CHECK(CheckDue(*promote, kStart).ok());
  const RingFile after = Do(ring, *promote, kStart);
  const auto drop = PlanRetire(after, "k0", Haste::kForced);
  CHECK(drop->act == RotationAct::kDrop);
  CHECK(CheckDue(*drop, kStart).ok());
}

TEST_CASE("Rotation: what is ahead is told in the order in which it should be done",
          "[crypto][rotation]") {
  CHECK(StepsAhead(Fresh(), true).front().act == RotationAct::kAdd);
  const RingFile ring =
      Of(absl::StrCat(kHead,
                      "k0:k0.pem:retired:2026-01-15T12:00:00Z\n"
                      "k1:k1.pem:current\nk2:k2.pem:next:2026-01-15T12:00:00Z\n"));
  const auto steps = StepsAhead(ring, true);
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].act == RotationAct::kPromote);
  CHECK(steps[1].act == RotationAct::kDrop);
}

TEST_CASE("Rotation: a full ring takes no new key", "[crypto][rotation]") {
  std::vector<RingKey> keys = {{"c", "c.pem", KeyState::kCurrent, kStart}};
  while (keys.size() < kMostRingKeys) keys.push_back(Key(absl::StrCat("k", keys.size())));
  const RingFile full = *RingFile::Make(Fresh().policy(), keys);
  CHECK(base::ReasonOf(PlanRotate(full, true).status()) == "RING_FULL");
}

// --- No sequence of verbs at any times ---

// A ring in the hands of somebody who does anything at any time, the set that was published of it,
// and what everybody who caches that set may still believe.
class World {
 public:
  // Verbs without --force, and mishaps: the published set is lost.
  void Do(int what, int64_t seconds, size_t which) {
    now_ += absl::Seconds(seconds);
    if (what == 0) return Publish({});
    if (what <= 3) return Try(PlanRotate(ring_, Published()));
    const std::string id = ring_.keys()[which % ring_.keys().size()].id;
    Try(PlanRetire(ring_, id));
  }
  int promotions() const { return promotions_; }
  int drops() const { return drops_; }

 private:
  bool Published() const {
    return ring_.Next() == nullptr || sets_.rbegin()->second.count(ring_.Next()->id) != 0;
  }

  void Publish(std::set<std::string> ids) { sets_[now_] = std::move(ids); }

  void Try(const absl::StatusOr<RotationStep>& step) {
    if (!step.ok() || !CheckDue(*step, now_).ok()) return;
    const std::string was = ring_.current().id;
    if (step->act == RotationAct::kPromote) CheckPromotion(step->id);
    if (step->act == RotationAct::kDrop) CheckDrop(step->id);
    const absl::StatusOr<RingFile> after =
        Apply(ring_, *step, now_, Published(), Key(absl::StrCat("k", ++made_)));
    RC_ASSERT(after.ok());
    if (step->act == RotationAct::kPromote) ended_[was] = now_;
    if (step->act == RotationAct::kWithdraw) ended_[step->id] = now_;
    // The only change of the working key is a promotion.
    RC_ASSERT(step->act == RotationAct::kPromote || after->current().id == was);
    ring_ = *after;
    const absl::StatusOr<RingFile> again = RingFile::Parse(ring_.Print());
    RC_ASSERT(again.ok());
    RC_ASSERT(again->Print() == ring_.Print());
    std::set<std::string> ids;
    for (const RingKey& key : ring_.keys()) ids.insert(key.id);
    Publish(std::move(ids));
  }

  // Whoever read the set within the last cache lifetime knows the key.
  void CheckPromotion(const std::string& id) {
    ++promotions_;
    auto in_force = sets_.upper_bound(now_ - kPublish);
    RC_ASSERT(in_force != sets_.begin());
    for (--in_force; in_force != sets_.end(); ++in_force) {
      RC_ASSERT(in_force->second.count(id) != 0);
    }
  }

  void CheckDrop(const std::string& id) {
    ++drops_;
    RC_ASSERT(ring_.current().id != id);
    RC_ASSERT(ended_.count(id) != 0);
    RC_ASSERT(now_ - ended_[id] >= kOverlap);
  }

  RingFile ring_ = Fresh();
  absl::Time now_ = kStart;
  std::map<absl::Time, std::set<std::string>> sets_ = {{kStart - kPublish, {"k0"}}};
  std::map<std::string, absl::Time> ended_;
  int made_ = 0;
  int promotions_ = 0;
  int drops_ = 0;
};

TEST_CASE(
    "Rotation A22: no sequence of verbs at any times signs with an unpublished key or drops "
    "one inside its overlap",
    "[crypto][rotation][prop][security][A22]") {
  int promotions = 0;
  int drops = 0;
  CHECK(rc::check([&] {
    World world;
    for (int step = 0; step < 60; ++step) {
      // Mostly near the limits, where a step too early would show.
      const int64_t around = *rc::gen::element<int64_t>(0, 1, 60, 899, 900, 901, 3599, 3600, 3601);
      const int64_t off = *rc::gen::inRange<int64_t>(0, 120);
      world.Do(*rc::gen::inRange(0, 7), around + off, *rc::gen::inRange<size_t>(0, 32));
    }
    promotions += world.promotions();
    drops += world.drops();
  }));
  // The law is about something.
  CHECK(promotions > 100);
  CHECK(drops > 100);
}

}  // namespace
}  // namespace va::crypto
