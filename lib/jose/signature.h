// The closed list of signature algorithms (RFC 7518 section 3, RFC 8037) and keys bound to one of
// them. A key is made for exactly one algorithm, so that a token can never choose another one for
// it (attack J2): the keys somebody verifies with are the algorithms he accepts. OpenSSL's EVP ends
// here: above there are bytes and typed keys only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

// OpenSSL's own name, declared so that this header costs nothing to include.
using EVP_MD_CTX = struct evp_md_ctx_st;

namespace va::jose {

enum class Algorithm {
  kEs256,  // ECDSA on P-256 with SHA-256
  kRs256,  // RSASSA-PKCS1-v1_5 with SHA-256
  kPs256,  // RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes
  kEdDsa,  // Ed25519
  kRs512,  // RSASSA-PKCS1-v1_5 with SHA-512, to verify only
  kEs384,  // ECDSA on P-384 with SHA-384, to verify only
};

// The name in a header, "ES256" and so on.
absl::string_view ToString(Algorithm algorithm);
// Exact spelling; nothing for "none" and whatever else is not on the list.
std::optional<Algorithm> AlgorithmFromName(absl::string_view name);
// Whether we sign under it: what others sign with is a longer list than what we need.
bool MaySign(Algorithm algorithm);
// Whether keys of this kind can be bound to the algorithm.
bool Fits(crypto::KeyType type, Algorithm algorithm);

struct DigestContextDeleter {
  void operator()(EVP_MD_CTX* context) const;
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestContextDeleter>;

// Signs under one algorithm. Thread-safe; moves, never copies.
class SigningKey {
 public:
  // INVALID_ARGUMENT with reason KEY_ALGORITHM when the key is of another kind than the
  // algorithm's or the algorithm is one to verify only, KEY_EXPONENT for an RSA exponent below
  // 65537 (attack J13). `id` is the `kid` of its tokens; without one it is the key's RFC 7638
  // thumbprint.
  static absl::StatusOr<SigningKey> Create(const crypto::PrivateKey& key, Algorithm algorithm,
                                           absl::string_view id = "");

  Algorithm algorithm() const { return algorithm_; }
  const std::string& id() const { return id_; }

  // No signature is longer.
  size_t most_bytes() const { return size_; }
  // The signature as a JWS carries it: r||s for ECDSA.
  absl::StatusOr<std::string> Sign(absl::string_view message) const;

 private:
  SigningKey(DigestContext prepared, size_t size, Algorithm algorithm, std::string id)
      : prepared_(std::move(prepared)), size_(size), algorithm_(algorithm), id_(std::move(id)) {}

  // Set up once: choosing key, digest and padding costs more than copying the choice. Holds the
  // key.
  DigestContext prepared_;
  size_t size_;  // most bytes OpenSSL may write
  Algorithm algorithm_;
  std::string id_;
};

// Verifies under one algorithm. Thread-safe; moves, never copies.
class VerifyingKey {
 public:
  // As SigningKey::Create, for every algorithm of the list; a key without an id keeps none: it
  // answers to every `kid`.
  static absl::StatusOr<VerifyingKey> Create(const crypto::PublicKey& key, Algorithm algorithm,
                                             absl::string_view id = "");

  Algorithm algorithm() const { return algorithm_; }
  const std::string& id() const { return id_; }

  // SIGNATURE_LENGTH or SIGNATURE_INVALID (JoseReject).
  absl::Status Verify(absl::string_view message, absl::string_view signature) const;

 private:
  VerifyingKey(DigestContext prepared, size_t size, Algorithm algorithm, std::string id)
      : prepared_(std::move(prepared)), size_(size), algorithm_(algorithm), id_(std::move(id)) {}

  DigestContext prepared_;
  size_t size_;  // exact length of a signature
  Algorithm algorithm_;
  std::string id_;
};

}  // namespace va::jose
