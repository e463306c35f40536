// Comparing and judging personal text without revealing it to the rules: the domain says what must
// agree, this folder knows how it is written.
#pragma once

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"

namespace va::identity {

// Well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(absl::string_view bytes);

// Equal after hyphens are removed and ASCII letters are lower case (sign_in_service.md 9.3b): how
// the Sign-in Service compares a credential with MPI.
bool SameWithoutHyphens(absl::string_view a, absl::string_view b);

template <typename T>
bool SameWithoutHyphens(const Guarded<T>& a, const Guarded<T>& b) {
  return SameWithoutHyphens(absl::string_view(a.Reveal()), absl::string_view(b.Reveal()));
}

// The distinct ones, first appearance first. An id counts by its first run of digits, and by itself
// when it has none: an id that cannot be read is not one that agrees.
std::vector<CspId> DistinctIds(const std::vector<CspId>& ids);

}  // namespace va::identity
