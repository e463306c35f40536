// Signatures over plain bytes, as XML Signature names and writes them, for messages that carry
// theirs outside of the document (SAML's redirect binding). A key signs under one algorithm of its
// own kind, never under one that the message alone chose.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::crypto {

enum class DetachedAlgorithm {
  kRsaSha256,
  kRsaSha384,
  kRsaSha512,
  kEcdsaSha256,
  kEcdsaSha384,
  kRsaSha1,  // for the operator's tool alone (decision P4)
};

// The identifier of XML Signature (RFC 9231), byte for byte; nothing for any other.
absl::string_view UriOf(DetachedAlgorithm algorithm);
std::optional<DetachedAlgorithm> DetachedAlgorithmFromUri(absl::string_view uri);

// Whether a key of this kind can sign under the algorithm at all.
bool Fits(DetachedAlgorithm algorithm, KeyType type);

// What we sign with this key: SHA-256, on P-384 SHA-384.
DetachedAlgorithm DefaultAlgorithm(KeyType type);

// PKCS#1 v1.5 for RSA, r||s for ECDSA. INVALID_ARGUMENT when algorithm and key do not fit.
absl::StatusOr<std::string> SignDetached(const PrivateKey& key, DetachedAlgorithm algorithm,
                                         absl::string_view message);

// OK, or PERMISSION_DENIED with reason SIGNATURE_ALGORITHM (not for this kind of key) or
// SIGNATURE_INVALID.
absl::Status VerifyDetached(const PublicKey& key, DetachedAlgorithm algorithm,
                            absl::string_view message, absl::string_view signature);

}  // namespace va::crypto
