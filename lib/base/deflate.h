// Raw DEFLATE (RFC 1951), as SAML's redirect binding carries its messages. What is inflated comes
// from outside: it stops at a limit, and it is one whole stream with nothing behind it (attack
// S130). zlib ends here.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace va::base {

std::string Deflate(absl::string_view plain);

// What the one stream in `packed` holds. INVALID_ARGUMENT with reason INFLATE_TOO_LARGE (more than
// `max_bytes`; no more than that is ever written), INFLATE_MALFORMED (no deflate, or cut off) or
// INFLATE_TRAILING (something follows the stream).
absl::StatusOr<std::string> Inflate(absl::string_view packed, size_t max_bytes);

}  // namespace va::base
