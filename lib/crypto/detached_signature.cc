#include "lib/crypto/detached_signature.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

#include "lib/base/status.h"

namespace va::crypto {
namespace {

struct Row {
  DetachedAlgorithm algorithm;
  absl::string_view uri;
  bool rsa;
  const EVP_MD* (*digest)();
};

constexpr std::array<Row, 6> kRows = {{
    {DetachedAlgorithm::kRsaSha256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", true,
     EVP_sha256},
    {DetachedAlgorithm::kRsaSha384, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", true,
     EVP_sha384},
    {DetachedAlgorithm::kRsaSha512, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", true,
     EVP_sha512},
    {DetachedAlgorithm::kEcdsaSha256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", false,
     EVP_sha256},
    {DetachedAlgorithm::kEcdsaSha384, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", false,
     EVP_sha384},
    {DetachedAlgorithm::kRsaSha1, "http://www.w3.org/2000/09/xmldsig#rsa-sha1", true, EVP_sha1},
}};

const Row& RowOf(DetachedAlgorithm algorithm) { return kRows[static_cast<size_t>(algorithm)]; }

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;
struct EcdsaDeleter {
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
using Ecdsa = std::unique_ptr<ECDSA_SIG, EcdsaDeleter>;

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Of r and of s, each.
int CoordinateBytes(KeyType type) { return type == KeyType::kEcP384 ? 48 : 32; }

absl::Status Refuse(absl::string_view reason) {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kPermissionDenied, reason, reason);
}

absl::Status SigningFailed() {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInternal, "SIGNING_FAILED", "a key does not sign");
}

std::string RawFromDer(const std::string& der, int width) {
  const unsigned char* at = Octets(absl::string_view(der));
  const Ecdsa parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string raw(static_cast<size_t>(2 * width), '\0');
  if (parsed == nullptr ||
      BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), Octets(raw), width) != width ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), Octets(raw) + width, width) != width) {
    return "";
  }
  return raw;
}

// Empty unless `raw` is r and s side by side; whether they are in range is for the verification.
std::string DerFromRaw(absl::string_view raw, int width) {
  if (raw.size() != static_cast<size_t>(2 * width)) return "";
  const Ecdsa made(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(Octets(raw), width, nullptr);
  BIGNUM* s = BN_bin2bn(Octets(raw) + width, width, nullptr);
  if (made == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(made.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return "";
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(made.get(), &der);
  if (size <= 0) return "";
  std::string out(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

}  // namespace

absl::string_view UriOf(DetachedAlgorithm algorithm) { return RowOf(algorithm).uri; }

std::optional<DetachedAlgorithm> DetachedAlgorithmFromUri(absl::string_view uri) {
  for (const Row& row : kRows) {
    if (row.uri == uri) return row.algorithm;
  }
  return std::nullopt;
}

bool Fits(DetachedAlgorithm algorithm, KeyType type) {
  if (type == KeyType::kEd25519) return false;
  return RowOf(algorithm).rsa == (type == KeyType::kRsa);
}

DetachedAlgorithm DefaultAlgorithm(KeyType type) {
  switch (type) {
    case KeyType::kRsa:
      return DetachedAlgorithm::kRsaSha256;
    case KeyType::kEcP256:
      return DetachedAlgorithm::kEcdsaSha256;
    case KeyType::kEcP384:
      return DetachedAlgorithm::kEcdsaSha384;
    case KeyType::kEd25519:
      break;  // fits none: signing with whatever is answered here is refused
  }
  return DetachedAlgorithm::kRsaSha256;
}

absl::StatusOr<std::string> SignDetached(const PrivateKey& key, DetachedAlgorithm algorithm,
                                         absl::string_view message) {
  if (!Fits(algorithm, key.type())) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "SIGNATURE_ALGORITHM",
                           "an algorithm of another kind of key");
  }
  const Context context(EVP_MD_CTX_new());
  size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, RowOf(algorithm).digest(), nullptr,
                         key.native()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, Octets(message), message.size()) != 1) {
    return SigningFailed();
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), Octets(signature), &size, Octets(message), message.size()) !=
      1) {
    return SigningFailed();
  }
  signature.resize(size);
  if (key.type() == KeyType::kRsa) return signature;
  std::string raw = RawFromDer(signature, CoordinateBytes(key.type()));
  if (raw.empty()) return SigningFailed();
  return raw;
}

absl::Status VerifyDetached(const PublicKey& key, DetachedAlgorithm algorithm,
                            absl::string_view message, absl::string_view signature) {
  if (!Fits(algorithm, key.type())) return Refuse("SIGNATURE_ALGORITHM");
  const std::string value = key.type() == KeyType::kRsa
                                ? std::string(signature)
                                : DerFromRaw(signature, CoordinateBytes(key.type()));
  const Context context(EVP_MD_CTX_new());
  if (value.empty() || context == nullptr ||
      EVP_DigestVerifyInit(context.get(), nullptr, RowOf(algorithm).digest(), nullptr,
                           key.native()) != 1 ||
      EVP_DigestVerify(context.get(), Octets(absl::string_view(value)), value.size(),
                       Octets(message), message.size()) != 1) {
    return Refuse("SIGNATURE_INVALID");
  }
  return absl::OkStatus();
}

}  // namespace va::crypto
