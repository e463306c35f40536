// A JWK Set (RFC 7517 section 5) as one party publishes it for others: public keys only. Keys that
// cannot be used are left out with their reason, so that a provider may publish kinds we do not
// know; a set that is no set is refused whole.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/jose/jwe.h"
#include "lib/jose/jwk.h"
#include "lib/jose/signature.h"

namespace va::jose {

inline constexpr size_t kMaxJwks = size_t{512} << 10;
inline constexpr size_t kMaxJwksKeys = 64;

// One of our keys and what is published about it.
struct PublishedKey {
  crypto::PublicKey key;
  JwkFields fields;
};

class Jwks {
 public:
  // A key of the set that cannot be used.
  struct Skipped {
    size_t index;    // its place in `keys`, from 0
    std::string id;  // its `kid`, as far as it could be read
    JwkReject reason;
  };

  // INVALID_ARGUMENT with reason JWKS_TOO_LARGE, JWKS_NOT_JSON, JWKS_DUPLICATE_NAME,
  // JWKS_MALFORMED (no list `keys` of objects) or JWKS_TOO_MANY_KEYS. A set without a usable key is
  // a set.
  static absl::StatusOr<Jwks> Parse(absl::string_view text);

  absl::Span<const Jwk> keys() const { return keys_; }
  absl::Span<const Skipped> skipped() const { return skipped_; }

  // The keys to verify signatures with under the closed list of a use, each bound to the algorithm
  // that its owner gave it or, when he gave none, to each of the list that it can do. Two keys of
  // one name are both there: a token that names them is ambiguous and refused (attack O10).
  absl::StatusOr<std::vector<VerifyingKey>> Verifying(absl::Span<const Algorithm> allowed) const;

  // The same for encryption to the owner of the set, the content by `encryption`.
  absl::StatusOr<std::vector<EncryptionKey>> Encrypting(absl::Span<const KeyManagement> allowed,
                                                        ContentEncryption encryption) const;

 private:
  std::vector<Jwk> keys_;
  std::vector<Skipped> skipped_;
};

// The public set of these keys, ordered by id: the same keys give the same text. INVALID_ARGUMENT
// with the reason of a JwkReject for a key that Parse would leave out, JWKS_DUPLICATE_ID for two of
// one name, JWKS_TOO_MANY_KEYS.
absl::StatusOr<std::string> WriteJwks(absl::Span<const PublishedKey> keys);

}  // namespace va::jose
