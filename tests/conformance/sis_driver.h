// Rows of the Sign-in Service about one answer of a provider: what it says, at which level the
// credential stands, how it is digested, and which identifiers user info may show.
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

absl::StatusOr<Facts> RunCredentialLevel(const Row& row, const Mode& mode,
                                         const Environment& environment);
absl::StatusOr<Facts> RunIdmeNormalise(const Row& row, const Mode& mode,
                                       const Environment& environment);
absl::StatusOr<Facts> RunLogingovNormalise(const Row& row, const Mode& mode,
                                           const Environment& environment);
absl::StatusOr<Facts> RunCredentialDigest(const Row& row, const Mode& mode,
                                          const Environment& environment);
absl::StatusOr<Facts> RunUserInfoGcIds(const Row& row, const Mode& mode,
                                       const Environment& environment);

}  // namespace va::conformance
