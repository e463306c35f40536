#include "services/inherited-proofing/domain/handoff.h"

namespace va::proofing {

absl::string_view ToString(HandoffState state) {
  switch (state) {
    case HandoffState::kIssued:
      return "ISSUED";
    case HandoffState::kRedeemed:
      return "REDEEMED";
    case HandoffState::kCompleted:
      return "COMPLETED";
    case HandoffState::kAlreadyVerifiedAtLogingov:
      return "ALREADY_VERIFIED_AT_LOGINGOV";
    case HandoffState::kFailed:
      return "FAILED";
    case HandoffState::kExpired:
      return "EXPIRED";
    case HandoffState::kAbandoned:
      return "ABANDONED";
  }
  return "";
}

}  // namespace va::proofing
