#include "lib/crypto/rotation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::crypto {
namespace {

absl::Status Refusal(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, reason, message);
}

// The ring tells whole seconds. Rounded up, so that what is counted from it never ends early.
absl::Time Stamp(absl::Time now) {
  const absl::Time second = absl::FromUnixSeconds(absl::ToUnixSeconds(now));
  return second == now ? second : second + absl::Seconds(1);
}

void Become(RingKey& key, KeyState state, absl::Time now) {
  key.state = state;
  key.since = Stamp(now);
}

RingKey* FindIn(std::vector<RingKey>& keys, absl::string_view id) {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [id](const RingKey& key) { return key.id == id; });
  return found == keys.end() ? nullptr : &*found;
}

RingKey* CurrentOf(std::vector<RingKey>& keys) {
  const auto found = std::find_if(
      keys.begin(), keys.end(), [](const RingKey& key) { return key.state == KeyState::kCurrent; });
  return found == keys.end() ? nullptr : &*found;
}

// Whoever has not read the ring yet still writes under a retired key: were it gone by then, nobody
// could read that any more, whatever the proof said that was taken before.
absl::Duration OverlapOf(const RingPolicy& policy) {
  return HoldsPrivateKeys(policy.purpose) ? policy.overlap
                                          : std::max(policy.overlap, policy.publish);
}

RotationStep OfRetired(const RingPolicy& policy, const RingKey& key) {
  const absl::Duration overlap = OverlapOf(policy);
  if (overlap == absl::ZeroDuration()) return {RotationAct::kDrop, key.id};
  if (!key.since) return {RotationAct::kDate, key.id};
  return {RotationAct::kDrop, key.id, *key.since + overlap};
}

}  // namespace

absl::string_view ToString(RotationAct act) {
  switch (act) {
    case RotationAct::kAdd:
      return "add";
    case RotationAct::kRestart:
      return "restart";
    case RotationAct::kPromote:
      return "promote";
    case RotationAct::kWithdraw:
      return "withdraw";
    case RotationAct::kDate:
      return "date";
    case RotationAct::kDrop:
      return "drop";
  }
  return "";
}

absl::StatusOr<RotationStep> PlanRotate(const RingFile& ring, bool published, Haste haste) {
  const RingKey* const next = ring.Next();
  if (next == nullptr) {
    if (ring.keys().size() < kMostRingKeys) return RotationStep{RotationAct::kAdd, ""};
    return Refusal("RING_FULL", absl::StrCat("the ring has ", kMostRingKeys, " keys: retire some"));
  }
  if (haste == Haste::kForced) return RotationStep{RotationAct::kPromote, next->id};
  if (!published || !next->since) return RotationStep{RotationAct::kRestart, next->id};
  return RotationStep{RotationAct::kPromote, next->id, *next->since + ring.policy().publish};
}

absl::StatusOr<RotationStep> PlanRetire(const RingFile& ring, absl::string_view id, Haste haste) {
  const RingKey* const key = ring.Find(id);
  if (key == nullptr) return Refusal("KEY_UNKNOWN", absl::StrCat("the ring has no key ", id));
  switch (key->state) {
    case KeyState::kCurrent:
      return Refusal("KEY_IN_USE", absl::StrCat(id, " is the current key: rotate first"));
    case KeyState::kNext:
      // By way of retired: whoever has seen it published may have encrypted to it.
      return RotationStep{RotationAct::kWithdraw, key->id};
    case KeyState::kRetired:
      break;
  }
  if (haste == Haste::kForced) return RotationStep{RotationAct::kDrop, key->id};
  return OfRetired(ring.policy(), *key);
}

absl::Status CheckClock(const RingFile& ring, absl::Time now) {
  absl::Time newest = absl::InfinitePast();
  for (const RingKey& key : ring.keys()) newest = std::max(newest, key.since.value_or(newest));
  if (newest <= now + kClocksApart) return absl::OkStatus();
  return Refusal("CLOCK_BEHIND",
                 absl::StrCat("the ring says ",
                              absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", newest, absl::UTCTimeZone()),
                              ", which is not yet: set this clock right, or correct the ring"));
}

absl::Status CheckDue(const RotationStep& step, absl::Time now) {
  if (now >= step.from) return absl::OkStatus();
  return Refusal(
      "TOO_EARLY",
      absl::StrCat(step.act == RotationAct::kDrop ? "what the key made may still be in use"
                                                  : "not everybody has the next key yet",
                   "; from ",
                   absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", step.from, absl::UTCTimeZone()), " on"));
}

std::vector<RotationStep> StepsAhead(const RingFile& ring, bool published) {
  std::vector<RotationStep> steps;
  const absl::StatusOr<RotationStep> rotate = PlanRotate(ring, published);
  if (rotate.ok() && rotate->act != RotationAct::kAdd) steps.push_back(*rotate);
  for (const RingKey& key : ring.keys()) {
    if (key.state == KeyState::kRetired) steps.push_back(OfRetired(ring.policy(), key));
  }
  if (rotate.ok() && rotate->act == RotationAct::kAdd) steps.push_back(*rotate);
  return steps;
}

absl::StatusOr<RingFile> Apply(const RingFile& ring, const RotationStep& step, absl::Time now,
                               bool published, std::optional<RingKey> fresh) {
  std::vector<RingKey> keys = ring.keys();
  for (RingKey& key : keys) {
    if (!published && key.state == KeyState::kNext) Become(key, KeyState::kNext, now);
  }
  if (step.act == RotationAct::kAdd) {
    if (!fresh) return base::MakeError(absl::StatusCode::kInternal, "KEY_RING", "no new key");
    Become(*fresh, KeyState::kNext, now);
    keys.push_back(*std::move(fresh));
    return RingFile::Make(ring.policy(), std::move(keys), ring.comments());
  }
  RingKey* const key = FindIn(keys, step.id);
  RingKey* const current = CurrentOf(keys);
  if (key == nullptr || current == nullptr) {
    return Refusal("KEY_UNKNOWN", absl::StrCat("the ring has no key ", step.id));
  }
  switch (step.act) {
    case RotationAct::kAdd:
      break;
    case RotationAct::kRestart:
      Become(*key, KeyState::kNext, now);
      break;
    case RotationAct::kPromote:
      Become(*current, KeyState::kRetired, now);
      Become(*key, KeyState::kCurrent, now);
      break;
    case RotationAct::kWithdraw:
    case RotationAct::kDate:
      Become(*key, KeyState::kRetired, now);
      break;
    case RotationAct::kDrop:
      keys.erase(keys.begin() + (key - keys.data()));
      break;
  }
  return RingFile::Make(ring.policy(), std::move(keys), ring.comments());
}

}  // namespace va::crypto
