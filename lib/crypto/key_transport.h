// Unwraps a symmetric key that somebody encrypted to our RSA key (XML Encryption 5.5). An
// unwrapping that fails yields a random key of the right length (implicit rejection): what follows
// fails all the same, with the same work, and nobody learns which of the two steps it was (attacks
// S117, S118).
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::crypto {

enum class OaepHash { kSha1, kSha256, kSha384, kSha512 };

// RSAES-OAEP with an empty label.
struct OaepParameters {
  OaepHash digest = OaepHash::kSha1;
  OaepHash mgf = OaepHash::kSha1;
};

// Whether `wrapped` is as long as one block of this key, which must be an RSA key.
bool FitsKey(const PrivateKey& key, absl::string_view wrapped);

// Always `key_bytes` long. `wrapped` must fit the key.
std::string UnwrapOaep(const PrivateKey& key, const OaepParameters& parameters,
                       absl::string_view wrapped, size_t key_bytes);

// RSAES-PKCS1-v1_5. For the operator's tool alone (decision P4).
std::string UnwrapPkcs1(const PrivateKey& key, absl::string_view wrapped, size_t key_bytes);

}  // namespace va::crypto
