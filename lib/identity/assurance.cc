#include "lib/identity/assurance.h"

namespace va::identity {

absl::string_view ToString(Csp csp) {
  switch (csp) {
    case Csp::kIdme:
      return "idme";
    case Csp::kLogingov:
      return "logingov";
    case Csp::kMhv:
      return "mhv";
    case Csp::kDslogon:
      return "dslogon";
  }
  return "";
}

std::optional<Csp> CspFromString(absl::string_view id) {
  for (const Csp csp : {Csp::kIdme, Csp::kLogingov, Csp::kMhv, Csp::kDslogon}) {
    if (id == ToString(csp)) return csp;
  }
  return std::nullopt;
}

}  // namespace va::identity
