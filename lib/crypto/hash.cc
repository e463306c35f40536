#include "lib/crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

namespace va::crypto {
namespace {

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string Sha256(absl::string_view data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(Octets(data), data.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string Md5(absl::string_view data) {
  std::string digest(16, '\0');
  unsigned int written = 0;
  // OpenSSL need not offer it: then there is no name of this kind.
  const bool done =
      EVP_Digest(Octets(data), data.size(), reinterpret_cast<unsigned char*>(digest.data()),
                 &written, EVP_md5(), nullptr) == 1;
  return done && written == digest.size() ? digest : std::string();
}

std::string HmacSha256(absl::string_view key, absl::string_view message) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  unsigned int written = 0;
  // An empty key would be read as "use the key of the last call": give it a byte to point at.
  const char* key_bytes = key.empty() ? "" : key.data();
  HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), Octets(message), message.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &written);
  return digest;
}

bool ConstantTimeEqual(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

void Cleanse(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace va::crypto
