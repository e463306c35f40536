// Wraps a symmetric key for somebody's RSA key, and unwraps one that somebody encrypted to ours
// (XML Encryption 5.5, RFC 7518 section 4.3). An unwrapping that fails yields a random key of the
// right length (implicit rejection): what follows fails all the same, with the same work, and
// nobody learns which of the two steps it was (attacks S117, S118).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

// OpenSSL's own name, declared so that this header costs nothing to include.
using EVP_PKEY_CTX = struct evp_pkey_ctx_st;

namespace va::crypto {

enum class OaepHash { kSha1, kSha256, kSha384, kSha512 };

// RSAES-OAEP with an empty label.
struct OaepParameters {
  OaepHash digest = OaepHash::kSha1;
  OaepHash mgf = OaepHash::kSha1;
};

struct KeyContextDeleter {
  void operator()(EVP_PKEY_CTX* context) const;
};

// Wraps for one RSA key. Set up once, because choosing key, padding and digests costs more than
// copying the choice; thread-safe.
class OaepWrapper {
 public:
  // INVALID_ARGUMENT with reason KEY_ALGORITHM unless the key is an RSA key.
  static absl::StatusOr<OaepWrapper> Create(const PublicKey& key, const OaepParameters& parameters);

  // How long a wrapped key is.
  size_t bytes() const { return bytes_; }
  // Writes bytes() to `out`; false only when `secret` is too long for the key or OpenSSL is broken.
  bool Wrap(absl::string_view secret, char* out) const;

 private:
  using Prepared = std::unique_ptr<EVP_PKEY_CTX, KeyContextDeleter>;
  OaepWrapper(Prepared prepared, size_t bytes) : prepared_(std::move(prepared)), bytes_(bytes) {}

  Prepared prepared_;  // holds the key
  size_t bytes_;
};

// Whether `wrapped` is as long as one block of this key, which must be an RSA key.
bool FitsKey(const PrivateKey& key, absl::string_view wrapped);

// Always `key_bytes` long. `wrapped` must fit the key.
std::string UnwrapOaep(const PrivateKey& key, const OaepParameters& parameters,
                       absl::string_view wrapped, size_t key_bytes);

// RSAES-PKCS1-v1_5. For the operator's tool alone (decision P4).
std::string UnwrapPkcs1(const PrivateKey& key, absl::string_view wrapped, size_t key_bytes);

}  // namespace va::crypto
