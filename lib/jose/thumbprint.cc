#include "lib/jose/thumbprint.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/hash.h"

namespace va::jose {
namespace {

struct BigNumberDeleter {
  void operator()(BIGNUM* number) const { BN_free(number); }
};

// One number of the key in base64url, `width` bytes wide or, when 0, as short as it gets.
absl::StatusOr<std::string> Number(const crypto::PublicKey& key, const char* name, int width) {
  BIGNUM* read = nullptr;
  if (EVP_PKEY_get_bn_param(key.native(), name, &read) != 1) {
    return absl::InternalError(absl::StrCat("the key does not tell its ", name));
  }
  const std::unique_ptr<BIGNUM, BigNumberDeleter> number(read);
  std::string bytes(static_cast<size_t>(width == 0 ? BN_num_bytes(read) : width), '\0');
  if (BN_bn2binpad(read, reinterpret_cast<unsigned char*>(bytes.data()),
                   static_cast<int>(bytes.size())) < 0) {
    return absl::InternalError(absl::StrCat(name, " of the key is too wide"));
  }
  return base::Base64UrlEncode(bytes);
}

// The required members in the order of their names, without blanks (RFC 7638 section 3.2).
absl::StatusOr<std::string> EcMembers(const crypto::PublicKey& key, const char* curve, int width) {
  const auto x = Number(key, OSSL_PKEY_PARAM_EC_PUB_X, width);
  if (!x.ok()) return x.status();
  const auto y = Number(key, OSSL_PKEY_PARAM_EC_PUB_Y, width);
  if (!y.ok()) return y.status();
  return absl::StrCat(R"({"crv":")", curve, R"(","kty":"EC","x":")", *x, R"(","y":")", *y, "\"}");
}

absl::StatusOr<std::string> RsaMembers(const crypto::PublicKey& key) {
  const auto e = Number(key, OSSL_PKEY_PARAM_RSA_E, 0);
  if (!e.ok()) return e.status();
  const auto n = Number(key, OSSL_PKEY_PARAM_RSA_N, 0);
  if (!n.ok()) return n.status();
  return absl::StrCat(R"({"e":")", *e, R"(","kty":"RSA","n":")", *n, "\"}");
}

absl::StatusOr<std::string> Members(const crypto::PublicKey& key) {
  switch (key.type()) {
    case crypto::KeyType::kRsa:
      return RsaMembers(key);
    case crypto::KeyType::kEcP256:
      return EcMembers(key, "P-256", 32);
    case crypto::KeyType::kEcP384:
      return EcMembers(key, "P-384", 48);
  }
  return absl::InternalError("a key of no kind");
}

}  // namespace

absl::StatusOr<std::string> Thumbprint(const crypto::PublicKey& key) {
  const absl::StatusOr<std::string> members = Members(key);
  if (!members.ok()) return members.status();
  return base::Base64UrlEncode(crypto::Sha256(*members));
}

}  // namespace va::jose
