#include "lib/crypto/content_cipher.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

#include "lib/crypto/aead.h"

namespace va::crypto {
namespace {

constexpr size_t kGcmIvBytes = 12;

struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;

const EVP_CIPHER* EvpOf(ContentCipher cipher) {
  switch (cipher) {
    case ContentCipher::kAes128Gcm:
      return EVP_aes_128_gcm();
    case ContentCipher::kAes192Gcm:
      return EVP_aes_192_gcm();
    case ContentCipher::kAes256Gcm:
      return EVP_aes_256_gcm();
    case ContentCipher::kAes128Cbc:
      return EVP_aes_128_cbc();
    case ContentCipher::kAes192Cbc:
      return EVP_aes_192_cbc();
    case ContentCipher::kAes256Cbc:
      return EVP_aes_256_cbc();
    case ContentCipher::kTripleDesCbc:
      return EVP_des_ede3_cbc();
  }
  return nullptr;
}

// Of those with GCM.
Aead AeadOf(ContentCipher cipher) {
  if (cipher == ContentCipher::kAes128Gcm) return Aead::kAes128Gcm;
  return cipher == ContentCipher::kAes192Gcm ? Aead::kAes192Gcm : Aead::kAes256Gcm;
}

bool IsGcm(ContentCipher cipher) { return EVP_CIPHER_get_mode(EvpOf(cipher)) == EVP_CIPH_GCM_MODE; }

unsigned char* Octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The plain bytes of `body`, padding included; the context is left before its final step.
bool Update(EVP_CIPHER_CTX* context, ContentCipher cipher, absl::string_view key,
            absl::string_view iv, absl::string_view body, std::string& out) {
  int size = 0;
  out.resize(body.size());
  return EVP_DecryptInit_ex(context, EvpOf(cipher), nullptr, Octets(key), Octets(iv)) == 1 &&
         EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
         EVP_DecryptUpdate(context, Octets(out), &size, Octets(body),
                           static_cast<int>(body.size())) == 1 &&
         static_cast<size_t>(size) == body.size();
}

std::optional<std::string> OpenGcm(ContentCipher cipher, absl::string_view key,
                                   absl::string_view sealed) {
  if (sealed.size() < kGcmIvBytes + kAeadTagBytes) return std::nullopt;
  const absl::string_view iv = sealed.substr(0, kGcmIvBytes);
  const absl::string_view tag = sealed.substr(sealed.size() - kAeadTagBytes);
  const absl::string_view body =
      sealed.substr(kGcmIvBytes, sealed.size() - kGcmIvBytes - kAeadTagBytes);
  std::string plain;
  if (!OpenAead(AeadOf(cipher), key, iv, /*aad=*/"", body, tag, plain)) return std::nullopt;
  return plain;
}

std::optional<std::string> OpenCbc(ContentCipher cipher, absl::string_view key,
                                   absl::string_view sealed) {
  const auto block = static_cast<size_t>(EVP_CIPHER_get_block_size(EvpOf(cipher)));
  if (sealed.size() < 2 * block || sealed.size() % block != 0) return std::nullopt;
  const CipherPtr context(EVP_CIPHER_CTX_new());
  std::string plain;
  if (context == nullptr ||
      !Update(context.get(), cipher, key, sealed.substr(0, block), sealed.substr(block), plain)) {
    return std::nullopt;
  }
  // The last byte counts the padding; the others of it may be anything.
  const auto padding = static_cast<size_t>(static_cast<unsigned char>(plain.back()));
  if (padding == 0 || padding > block) return std::nullopt;
  plain.resize(plain.size() - padding);
  return plain;
}

}  // namespace

size_t KeyBytes(ContentCipher cipher) {
  return static_cast<size_t>(EVP_CIPHER_get_key_length(EvpOf(cipher)));
}

std::optional<std::string> OpenContent(ContentCipher cipher, absl::string_view key,
                                       absl::string_view sealed) {
  if (key.size() != KeyBytes(cipher)) return std::nullopt;
  std::optional<std::string> plain =
      IsGcm(cipher) ? OpenGcm(cipher, key, sealed) : OpenCbc(cipher, key, sealed);
  ERR_clear_error();
  return plain;
}

}  // namespace va::crypto
