#include "lib/jose/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <utility>

#include "lib/base/status.h"
#include "lib/jose/ecdsa_format.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

constexpr size_t kP256Width = 32;
constexpr uint64_t kMinRsaExponent = 65537;

struct Listed {
  Algorithm algorithm;
  absl::string_view name;
  crypto::KeyType key_type;
};

constexpr Listed kAlgorithms[] = {
    {Algorithm::kEs256, "ES256", crypto::KeyType::kEcP256},
    {Algorithm::kRs256, "RS256", crypto::KeyType::kRsa},
};

const Listed& Entry(Algorithm algorithm) { return kAlgorithms[static_cast<size_t>(algorithm)]; }

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

absl::Status LibraryError(absl::string_view what) {
  ERR_clear_error();
  return absl::InternalError(what);
}

// 0 when it does not fit: such an exponent is large, odd or not, and no key of ours.
uint64_t ExponentOf(EVP_PKEY* key) {
  BIGNUM* exponent = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) return 0;
  const uint64_t value = BN_num_bits(exponent) <= 64 ? BN_get_word(exponent) : 0;
  BN_free(exponent);
  return value;
}

absl::Status CheckFits(EVP_PKEY* key, crypto::KeyType type, Algorithm algorithm) {
  if (type != Entry(algorithm).key_type) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_ALGORITHM",
                           "the key is of another kind than its algorithm");
  }
  if (type == crypto::KeyType::kRsa && ExponentOf(key) < kMinRsaExponent) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_EXPONENT",
                           "RSA exponents below 65537 are refused");
  }
  return absl::OkStatus();
}

// A context of its own for one operation, set up as `prepared` is.
DigestContext CopyOf(const DigestContext& prepared) {
  DigestContext copy(EVP_MD_CTX_new());
  if (copy == nullptr || EVP_MD_CTX_copy_ex(copy.get(), prepared.get()) != 1) return nullptr;
  return copy;
}

}  // namespace

absl::string_view ToString(Algorithm algorithm) { return Entry(algorithm).name; }

std::optional<Algorithm> AlgorithmFromName(absl::string_view name) {
  for (const Listed& listed : kAlgorithms) {
    if (listed.name == name) return listed.algorithm;
  }
  return std::nullopt;
}

void DigestContextDeleter::operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }

// --- SigningKey ---

absl::StatusOr<SigningKey> SigningKey::Create(const crypto::PrivateKey& key, Algorithm algorithm,
                                              absl::string_view id) {
  if (const absl::Status fits = CheckFits(key.native(), key.type(), algorithm); !fits.ok()) {
    return fits;
  }
  std::string name(id);
  if (name.empty()) {
    absl::StatusOr<std::string> thumbprint = Thumbprint(key.Public());
    if (!thumbprint.ok()) return thumbprint.status();
    name = *std::move(thumbprint);
  }
  DigestContext prepared(EVP_MD_CTX_new());
  if (prepared == nullptr ||
      EVP_DigestSignInit(prepared.get(), nullptr, EVP_sha256(), nullptr, key.native()) != 1) {
    return LibraryError("OpenSSL cannot sign with this key");
  }
  const auto size = static_cast<size_t>(EVP_PKEY_get_size(key.native()));
  return SigningKey(std::move(prepared), size, algorithm, std::move(name));
}

absl::StatusOr<std::string> SigningKey::Sign(absl::string_view message) const {
  const DigestContext context = CopyOf(prepared_);
  std::string signature(size_, '\0');
  size_t written = signature.size();
  if (context == nullptr ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &written,
                     Octets(message), message.size()) != 1) {
    return LibraryError("signing failed");
  }
  signature.resize(written);
  if (algorithm_ != Algorithm::kEs256) return signature;
  std::optional<std::string> raw = EcdsaDerToRaw(signature, kP256Width);
  if (!raw.has_value()) return LibraryError("OpenSSL wrote a signature in an unknown form");
  return *std::move(raw);
}

// --- VerifyingKey ---

absl::StatusOr<VerifyingKey> VerifyingKey::Create(const crypto::PublicKey& key, Algorithm algorithm,
                                                  absl::string_view id) {
  if (const absl::Status fits = CheckFits(key.native(), key.type(), algorithm); !fits.ok()) {
    return fits;
  }
  DigestContext prepared(EVP_MD_CTX_new());
  if (prepared == nullptr ||
      EVP_DigestVerifyInit(prepared.get(), nullptr, EVP_sha256(), nullptr, key.native()) != 1) {
    return LibraryError("OpenSSL cannot verify with this key");
  }
  const size_t size = algorithm == Algorithm::kEs256
                          ? 2 * kP256Width
                          : static_cast<size_t>(EVP_PKEY_get_size(key.native()));
  return VerifyingKey(std::move(prepared), size, algorithm, std::string(id));
}

absl::Status VerifyingKey::Verify(absl::string_view message, absl::string_view signature) const {
  if (signature.size() != size_) return RejectStatus(JoseReject::kSignatureLength);
  std::optional<std::string> der;
  if (algorithm_ == Algorithm::kEs256) {
    der = EcdsaRawToDer(signature, kP256Width);
    if (!der.has_value()) return RejectStatus(JoseReject::kSignatureInvalid);
    signature = *der;
  }
  const DigestContext context = CopyOf(prepared_);
  if (context == nullptr) return LibraryError("no context to verify with");
  // 0 is a signature that does not hold, below 0 one that could not be read: both are refused.
  if (EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message),
                       message.size()) == 1) {
    return absl::OkStatus();
  }
  ERR_clear_error();
  return RejectStatus(JoseReject::kSignatureInvalid);
}

}  // namespace va::jose
