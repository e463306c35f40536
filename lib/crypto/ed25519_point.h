// Which 32 bytes may be the public key of Ed25519 (RFC 8032 section 5.1).
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace va::crypto {

inline constexpr size_t kEd25519PointBytes = 32;

// False for a coordinate that is not below the field's prime, a second spelling of a smaller one
// (RFC 8032 section 5.1.3), and for the eight points whose order divides the cofactor: under such a
// "key" anybody makes signatures, and one of them may hold for many messages. Whether the bytes are
// on the curve at all is for the verification to say.
bool IsEd25519KeyPoint(absl::string_view point);

}  // namespace va::crypto
