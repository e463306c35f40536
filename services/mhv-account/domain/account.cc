#include "services/mhv-account/domain/account.h"

namespace va::mhv {

absl::string_view ToString(Origin origin) {
  switch (origin) {
    case Origin::kUnknown:
      return "unknown";
    case Origin::kApiCreated:
      return "api_created";
    case Origin::kExisting:
      return "existing";
  }
  return "";
}

absl::string_view ToString(State state) {
  switch (state) {
    case State::kNeedsTerms:
      return "needs_terms";
    case State::kEnsured:
      return "ensured";
    case State::kIneligible:
      return "ineligible";
  }
  return "";
}

std::optional<Origin> OriginFromString(absl::string_view word) {
  for (const Origin origin : {Origin::kUnknown, Origin::kApiCreated, Origin::kExisting}) {
    if (ToString(origin) == word) return origin;
  }
  return std::nullopt;
}

}  // namespace va::mhv
