// Owners of OpenSSL keys and certificates. Whatever lives here was read whole and is strong enough
// to be used: RSA from 2048 bits, EC on P-256 or P-384, Ed25519, nothing else, unless the caller
// asked for RSA of any size, which no service does. Ed25519 is for JSON Web Signatures alone:
// decision P4 knows RSA and EC, so no certificate carries it, and neither XML nor a query string is
// signed with it. Only lib/crypto, lib/jose and lib/xml look at the native handles.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// OpenSSL's own names, declared so that this header costs nothing to include.
using EVP_PKEY = struct evp_pkey_st;
using X509 = struct x509_st;

namespace va::crypto {

struct EvpKeyDeleter {
  void operator()(EVP_PKEY* key) const;
};
struct X509Deleter {
  void operator()(X509* certificate) const;
};

enum class KeyType { kRsa, kEcP256, kEcP384, kEd25519 };

// How long and how well made an RSA key must be to be read.
enum class KeyStrength {
  kCurrent,  // 2048 bits, and no weakness to be seen (weak_key.h)
  kAnySize,  // for the operator's tool alone, which judges old messages
};

// A public key. Cheap to copy; copies share the key.
class PublicKey {
 public:
  // "-----BEGIN PUBLIC KEY-----".
  static absl::StatusOr<PublicKey> FromPem(absl::string_view pem);
  static absl::StatusOr<PublicKey> FromCertificatePem(absl::string_view pem,
                                                      KeyStrength strength = KeyStrength::kCurrent);
  static absl::StatusOr<PublicKey> FromCertificateDer(absl::string_view der,
                                                      KeyStrength strength = KeyStrength::kCurrent);
  // Takes over one reference; refuses what is weak or of an unknown kind.
  static absl::StatusOr<PublicKey> Adopt(EVP_PKEY* key,
                                         KeyStrength strength = KeyStrength::kCurrent);

  PublicKey(const PublicKey& other);
  PublicKey& operator=(const PublicKey& other);
  PublicKey(PublicKey&&) noexcept = default;
  PublicKey& operator=(PublicKey&&) noexcept = default;
  ~PublicKey() = default;

  KeyType type() const { return type_; }
  int bits() const { return bits_; }
  // SubjectPublicKeyInfo, for fingerprints and comparison.
  std::string Der() const;
  std::string Pem() const;
  EVP_PKEY* native() const { return key_.get(); }

 private:
  PublicKey(EVP_PKEY* key, KeyType type, int bits) : key_(key), type_(type), bits_(bits) {}

  std::unique_ptr<EVP_PKEY, EvpKeyDeleter> key_;
  KeyType type_;
  int bits_;
};

// A private key. Moves, never copies; never printed.
class PrivateKey {
 public:
  // Refuses a file that its group or others may write, or that others may read.
  static absl::StatusOr<PrivateKey> FromPemFile(const std::string& path);
  // Unencrypted PEM, PKCS#8 or traditional.
  static absl::StatusOr<PrivateKey> FromPem(absl::string_view pem,
                                            KeyStrength strength = KeyStrength::kCurrent);
  // Takes over one reference; refuses what is weak or of an unknown kind.
  static absl::StatusOr<PrivateKey> Adopt(EVP_PKEY* key,
                                          KeyStrength strength = KeyStrength::kCurrent);

  KeyType type() const { return type_; }
  int bits() const { return bits_; }
  PublicKey Public() const;
  // A second owner of the same key, for a second value that is made from the first.
  PrivateKey Share() const;
  EVP_PKEY* native() const { return key_.get(); }

 private:
  PrivateKey(EVP_PKEY* key, KeyType type, int bits) : key_(key), type_(type), bits_(bits) {}

  std::unique_ptr<EVP_PKEY, EvpKeyDeleter> key_;
  KeyType type_;
  int bits_;
};

// An X.509 certificate whose key passed the same checks, for SAML and TLS: RSA or EC (decision P4).
// Validity dates are told, not judged: whether an expired certificate counts is policy.
class Certificate {
 public:
  // The first certificate in the text.
  static absl::StatusOr<Certificate> FromPem(absl::string_view pem);
  static absl::StatusOr<Certificate> FromDer(absl::string_view der);
  static absl::StatusOr<Certificate> FromPemFile(const std::string& path);
  // Every certificate in the text, in order; an empty text is an error.
  static absl::StatusOr<std::vector<Certificate>> AllFromPem(absl::string_view pem);

  const std::string& der() const { return der_; }
  std::string pem() const;
  absl::Time not_before() const { return not_before_; }
  absl::Time not_after() const { return not_after_; }
  const PublicKey& public_key() const { return key_; }
  // Lower-case hex SHA-256 of the DER, as operators compare it.
  std::string Fingerprint() const;
  // Whether this certificate was issued for `key`.
  bool Matches(const PrivateKey& key) const;

 private:
  Certificate(std::string der, PublicKey key, absl::Time not_before, absl::Time not_after);
  friend class PublicKey;
  static absl::StatusOr<Certificate> FromX509(X509* certificate, KeyStrength strength);

  std::string der_;
  PublicKey key_;
  absl::Time not_before_;
  absl::Time not_after_;
};

// The bytes of a file that holds a secret, after the permission check of PrivateKey::FromPemFile.
// The last line end is kept. For key rings and password files as well.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path);

// The same for a secret of one line of visible characters, which may stand in a header; without the
// line end.
absl::StatusOr<std::string> ReadSecretLine(const std::string& path);

// The bytes of a file that anybody may read, up to a mebibyte.
absl::StatusOr<std::string> ReadPublicFile(const std::string& path);

}  // namespace va::crypto
