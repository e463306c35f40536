// Signing and verifying a compact token beside the bare OpenSSL operation, for every algorithm.
#pragma once

#include "absl/status/status.h"
#include "tests/bench/jose_flags.h"
#include "tests/bench/report.h"

namespace va::bench {

// Two goals an algorithm: ALG_sign_ratio for those we sign under, ALG_verify_extra_us for all.
absl::Status MeasureSignatures(const JoseFlags& flags, Report& report);

}  // namespace va::bench
