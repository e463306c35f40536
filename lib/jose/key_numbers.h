// Keys of OpenSSL from the numbers of a JWK and back, for the files of lib/jose. Numbers are
// big-endian bytes. Whatever makes a key here has checked that its numbers belong together.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/crypto/keys.h"

namespace va::jose {

// RFC 7518 section 6.3; `d` empty: a public key; `p` empty: the others behind it are, too.
struct RsaNumbers {
  std::string n;
  std::string e;
  std::string d;
  std::string p;
  std::string q;
  std::string dp;
  std::string dq;
  std::string qi;
};

// Coordinates of exactly the curve's width.
struct EcNumbers {
  crypto::KeyType curve = crypto::KeyType::kEcP256;
  std::string x;
  std::string y;
  std::string d;  // empty: a public key
};

// RFC 8037, 32 bytes each.
struct OkpNumbers {
  std::string x;
  std::string d;  // empty: a public key
};

// Errors: JwkReject.
absl::StatusOr<crypto::PublicKey> PublicKeyOf(const RsaNumbers& numbers);
absl::StatusOr<crypto::PublicKey> PublicKeyOf(const EcNumbers& numbers);
absl::StatusOr<crypto::PublicKey> PublicKeyOf(const OkpNumbers& numbers);

// Errors: JwkReject, kPrivateMismatch when the private part is not of the public one. RSA without
// its primes gets them computed, so that every key is used in the same, fast and blinded way.
absl::StatusOr<crypto::PrivateKey> PrivateKeyOf(const RsaNumbers& numbers);
absl::StatusOr<crypto::PrivateKey> PrivateKeyOf(const EcNumbers& numbers);
absl::StatusOr<crypto::PrivateKey> PrivateKeyOf(const OkpNumbers& numbers);

// The members that make up a public key (RFC 7638 section 3.2), by name, values as they stand in a
// JWK. INTERNAL when OpenSSL does not tell them.
absl::StatusOr<std::map<std::string, std::string>> RequiredMembers(const crypto::PublicKey& key);

}  // namespace va::jose
