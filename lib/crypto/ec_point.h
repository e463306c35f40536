// The public point of an EC key as two coordinates of fixed width, which is how JOSE writes it (RFC
// 7518 section 6.2.1). Reading accepts points of the curve alone (attack J1): neither the point at
// infinity, which has no coordinates, nor a number at or above the field's prime, nor another
// width.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::crypto {

// Raw bytes, most significant first.
struct EcPoint {
  std::string x;
  std::string y;
};

// Bytes of a coordinate: 32 or 48; 0 for a key that is no EC key.
size_t CoordinateBytes(KeyType curve);

// The point of an EC key. INVALID_ARGUMENT for other keys.
absl::StatusOr<EcPoint> EcPointOf(const PublicKey& key);

// INVALID_ARGUMENT with reason KEY_POINT unless `curve` is a curve and both coordinates have its
// width and lie on it.
absl::StatusOr<PublicKey> EcKeyFromPoint(KeyType curve, absl::string_view x, absl::string_view y);

}  // namespace va::crypto
