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

// The forms of a person's numbers (mpi_mhv.md 3.1.5), in one place for every service. Those of ICN,
// SSN and birth date are IsWellFormed() of their types.
// A DoD EDIPI: ten digits.
bool IsEdipi(absl::string_view text);
// The uuid of a credential in either spelling: 32 hexadecimal digits, bare or with the four hyphens
// of RFC 4122.
bool IsUuid(absl::string_view text);

// The uuid of an ID.me credential as MPI stores it: 32 lower-case hexadecimal digits, whichever way
// it was spelt (mpi_mhv.md 1.10, 3.1.5). What is no uuid stays what it is.
CspId IdmeSpelling(const CspId& uuid);
// The same of Login.gov: lower case, with hyphens.
CspId LogingovSpelling(const CspId& uuid);

// The distinct ones, first appearance first. An id counts by its first run of digits, and by itself
// when it has none: an id that cannot be read is not one that agrees.
std::vector<CspId> DistinctIds(const std::vector<CspId>& ids);

}  // namespace va::identity
