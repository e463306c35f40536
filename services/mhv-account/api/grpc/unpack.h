// From the wire: whatever could only be a caller's mistake is refused here, with INVALID_ARGUMENT.
#pragma once

#include "absl/status/status.h"
#include "va/mhv/v1/mhv.pb.h"

namespace va::mhv {

// Reasons: REQUEST_ID (absent, or not a token of at most 128 characters), ACCOUNT_ID (not a uuid in
// lower case), ICN (given, and not well formed), EMAIL (longer than an address can be, or with
// control characters). The token is not judged here.
absl::Status CheckRequest(const v1::EnsureAccountRequest& request);

}  // namespace va::mhv
