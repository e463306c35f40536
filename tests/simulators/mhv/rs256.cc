#include "tests/simulators/mhv/rs256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <cstdlib>
#include <memory>

namespace va::simulators {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

template <typename T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* owned) const { kFree(owned); }
};
template <typename T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, Freed<T, kFree>>;
using Number = Owned<BIGNUM, BN_free>;

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number NumberFrom(absl::string_view octets) {
  return Number(BN_bin2bn(Octets(octets), static_cast<int>(octets.size()), nullptr));
}

}  // namespace

std::string SignRs256(const crypto::PrivateKey& key, absl::string_view message) {
  const Context context(EVP_MD_CTX_new());
  std::string signature(static_cast<size_t>(EVP_PKEY_get_size(key.native())), '\0');
  size_t size = signature.size();
  if (key.type() != crypto::KeyType::kRsa ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Octets(message), message.size()) != 1) {
    std::abort();
  }
  signature.resize(size);
  return signature;
}

bool IsRs256Signature(const crypto::PublicKey& key, absl::string_view message,
                      absl::string_view signature) {
  if (key.type() != crypto::KeyType::kRsa) return false;
  const Context context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) == 1 &&
         EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message),
                          message.size()) == 1;
}

absl::StatusOr<crypto::PublicKey> RsaKey(absl::string_view modulus, absl::string_view exponent) {
  const Number n = NumberFrom(modulus);
  const Number e = NumberFrom(exponent);
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  const Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(build.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return absl::InvalidArgumentError("these numbers are no RSA key");
  }
  return crypto::PublicKey::Adopt(key);
}

}  // namespace va::simulators
