// One transfer of a proofing: a code that is minted once, handed to the browser, and kept here as a
// hash alone (P-2). The states are those of inherited_proofing.md 13.1.
#pragma once

#include <array>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::proofing {

enum class HandoffState {
  kIssued,
  kRedeemed,
  kCompleted,
  kAlreadyVerifiedAtLogingov,
  kFailed,
  kExpired,
  kAbandoned,
};

inline constexpr std::array<HandoffState, 7> kAllHandoffStates = {
    HandoffState::kIssued,    HandoffState::kRedeemed,
    HandoffState::kCompleted, HandoffState::kAlreadyVerifiedAtLogingov,
    HandoffState::kFailed,    HandoffState::kExpired,
    HandoffState::kAbandoned,
};

// "ISSUED" and so on, as stored.
absl::string_view ToString(HandoffState state);

// Bytes of randomness behind a code: 128 bits, 32 hex digits on the wire (section 3.1).
inline constexpr size_t kCodeBytes = 16;
// Bytes behind a consent token.
inline constexpr size_t kConsentTokenBytes = 32;

// The longest a code may live (section 5: 5400 s).
inline constexpr absl::Duration kMaxCodeLifetime = absl::Minutes(90);

}  // namespace va::proofing
