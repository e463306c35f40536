// RS256 and nothing else, straight on OpenSSL: the stand-in must not share token code with what it
// checks (decision E2). Pure functions on bytes.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::simulators {

// RSASSA-PKCS1-v1_5 with SHA-256, raw bytes. Ends the program when the key cannot do it.
std::string SignRs256(const crypto::PrivateKey& key, absl::string_view message);

// False for any signature but an RSA one of this key over this message.
bool IsRs256Signature(const crypto::PublicKey& key, absl::string_view message,
                      absl::string_view signature);

// The RSA key of these numbers, big-endian.
absl::StatusOr<crypto::PublicKey> RsaKey(absl::string_view modulus, absl::string_view exponent);

}  // namespace va::simulators
