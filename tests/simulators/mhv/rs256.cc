#include "tests/simulators/mhv/rs256.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace va::simulators {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
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

}  // namespace va::simulators
