// What may become of a key ring, and when. A key goes one way: it is published as next, works as
// current, is kept as retired, and is dropped. It never works before it was published for the time
// the policy says, and is never dropped before its overlap is over. Pure: time and keys are
// arguments, and nothing is read or written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/ring_file.h"

namespace va::crypto {

enum class RotationAct {
  kAdd,       // a new next key
  kRestart,   // the next key's publication is not on record: its time begins now
  kPromote,   // next becomes current, current becomes retired
  kWithdraw,  // next becomes retired
  kDate,      // since when a key is retired is not on record: its overlap begins now
  kDrop,      // a retired key goes
};

absl::string_view ToString(RotationAct act);

struct RotationStep {
  RotationAct act = RotationAct::kAdd;
  std::string id;                          // of the key; empty with kAdd
  absl::Time from = absl::InfinitePast();  // may be done from then on
};

// An emergency, as when a key was seen by somebody: waits for nothing. What others make of a key
// they have not heard of yet, or still have from one that is gone, fails.
enum class Haste { kNone, kForced };

// What `rotate` does next. `published`: whether the ring's next key stands in what has been
// published; without a next key it does not matter. RING_FULL.
absl::StatusOr<RotationStep> PlanRotate(const RingFile& ring, bool published,
                                        Haste haste = Haste::kNone);

// What `retire` does to a key. KEY_UNKNOWN, KEY_IN_USE (the current one: rotate first).
absl::StatusOr<RotationStep> PlanRetire(const RingFile& ring, absl::string_view id,
                                        Haste haste = Haste::kNone);

// How far the clocks of two operators may be apart.
inline constexpr absl::Duration kClocksApart = absl::Minutes(1);

// CLOCK_BEHIND when the ring knows of a later time: what is written down now would be counted from
// too early a moment, and an overlap would end before it is over.
absl::Status CheckClock(const RingFile& ring, absl::Time now);

// TOO_EARLY before step.from, with the time.
absl::Status CheckDue(const RotationStep& step, absl::Time now);

// All that is ahead of the ring: a key that waits before one that goes, before a new one.
std::vector<RotationStep> StepsAhead(const RingFile& ring, bool published);

// The ring after the step, whose keys are published with it. `fresh` is the key of kAdd (its state
// and time do not matter); `published` as for PlanRotate: whatever the step is, a next key that is
// published by it begins its time anew. Checks nothing of the plan again.
absl::StatusOr<RingFile> Apply(const RingFile& ring, const RotationStep& step, absl::Time now,
                               bool published, std::optional<RingKey> fresh = std::nullopt);

}  // namespace va::crypto
