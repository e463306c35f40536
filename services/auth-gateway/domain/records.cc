#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

absl::string_view ToString(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kSession:
      return "session";
    case OutcomeKind::kStepUp:
      return "step_up";
    case OutcomeKind::kRefusal:
      return "refusal";
    case OutcomeKind::kTryLater:
      return "try_later";
  }
  return "refusal";
}

std::optional<OutcomeKind> OutcomeKindFromString(absl::string_view text) {
  for (const OutcomeKind kind : {OutcomeKind::kSession, OutcomeKind::kStepUp, OutcomeKind::kRefusal,
                                 OutcomeKind::kTryLater}) {
    if (ToString(kind) == text) return kind;
  }
  return std::nullopt;
}

}  // namespace va::gateway
