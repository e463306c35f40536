// Encrypting a compact token beside the bare OpenSSL operation and beside npm's jose, for every way
// to bring the content key; and whether a failed decryption tells by its time what failed.
#pragma once

#include "absl/status/status.h"
#include "tests/bench/jose_flags.h"
#include "tests/bench/report.h"

namespace va::bench {

// Two goals a way: ALG_encrypt_ratio against the bare operation and ALG_encrypt_npm_times against
// npm's jose; and jwe_failure_ratio.
absl::Status MeasureEncryption(const JoseFlags& flags, Report& report);

}  // namespace va::bench
