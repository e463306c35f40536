// The one table between the values that ask for assurance, in whatever tongue, and what a session
// holds (decision R18): the short words of the compatible surface, the context URIs of SAML and
// OpenID Connect, and the pair (ial, aal). LOA says nothing about factors: LOA3 is ial 2, aal 1.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/identity/assurance.h"

namespace va::identity {

// What is asked for, or held.
struct AssuranceLevel {
  int ial = 1;
  int aal = 1;

  bool operator==(const AssuranceLevel&) const = default;
};

// Whether `held` is as much as `asked`, in both.
bool Satisfies(AssuranceLevel held, AssuranceLevel asked);

// The level that one acr value asks for, exact spelling; nothing for one that is not in the table,
// which asks for something nobody here can promise.
std::optional<AssuranceLevel> LevelOfAcr(absl::string_view acr);

// The level that several values ask for together: the most of each. Values that are not in the
// table (CSP selectors among them) ask for nothing.
AssuranceLevel LevelOfAcrs(absl::Span<const std::string> acrs);

// The value that says a level: a URI. LevelOfAcr gives the level back.
absl::string_view AcrOfLevel(AssuranceLevel level);

}  // namespace va::identity
