// How sure we may be of a person, and who vouches (decision R18). The session carries ial, aal,
// auth_time, csp and pathway; LOA is derived from the attributes and kept beside them because the
// compatible surfaces speak LOA.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::identity {

// The credential service provider as a person knows it.
enum class Csp { kIdme, kLogingov, kMhv, kDslogon };

// "idme", "logingov", "mhv", "dslogon": the id used in paths, policy, logs and answers.
absl::string_view ToString(Csp csp);

// The inverse of ToString; exact spelling.
std::optional<Csp> CspFromString(absl::string_view id);

// How the assertion reached us.
inline constexpr absl::string_view kPathwaySsoe = "ssoe";
inline constexpr absl::string_view kPathwayOidc = "oidc";

struct Assurance {
  int ial = 1;  // 1 or 2 (SP 800-63A)
  int aal = 1;  // 1 or 2 (SP 800-63B)
  absl::Time auth_time = absl::InfinitePast();
  std::optional<Csp> csp;
  std::string pathway;
  int loa_current = 1;  // 1 or 3
  int loa_highest = 1;  // 1 or 3, never below loa_current

  bool operator==(const Assurance&) const = default;
};

}  // namespace va::identity
