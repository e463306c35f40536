// The name of a key (RFC 7638): base64url of the SHA-256 of its required JWK members. Two parties
// that hold the same key call it the same without agreeing on anything.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/crypto/keys.h"

namespace va::jose {

// Of every kind of key there is. INTERNAL when OpenSSL does not tell the numbers of the key.
absl::StatusOr<std::string> Thumbprint(const crypto::PublicKey& key);

}  // namespace va::jose
