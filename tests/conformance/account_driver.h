// Rows about accounts: which one a credential is linked to, what a verification is made of, and
// when an account first held an acceptable credential.
#pragma once

#include "absl/status/statusor.h"
#include "tests/conformance/driver.h"

namespace va::conformance {

// The rule and its statement are one thing, so a PostgreSQL of its own is asked. Rows say what the
// reference does and run with the policy's `overwrite_icn`; with the switch `pending_merges`, or on
// the side of expect_ours, without it (decision R12).
absl::StatusOr<Facts> RunUserVerifier(const Row& row, const Mode& mode,
                                      const Environment& environment);
absl::StatusOr<Facts> RunUserVerificationModel(const Row& row, const Mode& mode,
                                               const Environment& environment);
absl::StatusOr<Facts> RunUserAvc(const Row& row, const Mode& mode, const Environment& environment);

}  // namespace va::conformance
