// The least that a sign-in by signed messages costs on this machine: one RSA-2048 signature and one
// validation of a real response by libxml2 and xmlsec1 with nothing around them. Measured beside
// every run, because absolute times drift with the machine and only ratios hold. This is a
// yardstick, not part of the product: it uses the C libraries bare on purpose.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::bench {

struct BareCost {
  absl::Duration sign;      // RSA-2048 with SHA-256
  absl::Duration validate;  // parse, canonicalize, digest, verify
};

// CPU time of one thread. `xml` is a response whose assertion is signed and whose KeyInfo carries
// the certificate, which stands in for the pinned key here.
absl::StatusOr<BareCost> MeasureBare(const std::string& xml, int rounds);

}  // namespace va::bench
