#include "lib/crypto/aead.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "lib/crypto/hash.h"

namespace va::crypto {
namespace {

constexpr size_t kGcmIvBytes = 12;
constexpr size_t kBlockBytes = 16;
constexpr size_t kHalfKeyBytes = 16;  // of A128CBC-HS256: the first for the MAC, the second for AES
constexpr size_t kMacBytes = 32;

struct Free {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Free>;

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Octets(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

// Fetched once: an implicit fetch for every message costs more than encrypting a short one.
const EVP_CIPHER* EvpOf(Aead aead) {
  static const std::array<const EVP_CIPHER*, 4> ciphers = {
      EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr),
      EVP_CIPHER_fetch(nullptr, "AES-192-GCM", nullptr),
      EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr),
      EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr),
  };
  return ciphers[static_cast<size_t>(aead)];
}

bool IsGcm(Aead aead) { return aead != Aead::kAes128CbcHmacSha256; }

bool FitsAead(Aead aead, absl::string_view key, absl::string_view iv) {
  return key.size() == KeyBytes(aead) && iv.size() == IvBytes(aead);
}

bool SealGcm(Aead aead, absl::string_view key, absl::string_view iv, absl::string_view aad,
             absl::string_view plaintext, char* ciphertext, char* tag) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  unsigned char none[kBlockBytes];
  return context != nullptr &&
         EVP_EncryptInit_ex2(context.get(), EvpOf(aead), Octets(key), Octets(iv), nullptr) == 1 &&
         (aad.empty() || EVP_EncryptUpdate(context.get(), nullptr, &size, Octets(aad),
                                           static_cast<int>(aad.size())) == 1) &&
         (plaintext.empty() ||
          EVP_EncryptUpdate(context.get(), Octets(ciphertext), &size, Octets(plaintext),
                            static_cast<int>(plaintext.size())) == 1) &&
         EVP_EncryptFinal_ex(context.get(), none, &size) == 1 &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kAeadTagBytes),
                             tag) == 1;
}

bool OpenGcm(Aead aead, absl::string_view key, absl::string_view iv, absl::string_view aad,
             absl::string_view ciphertext, absl::string_view tag, std::string& plaintext) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  unsigned char none[kBlockBytes];
  std::string expected(tag);  // the library does not take it as constant
  // OpenSSL compares the tag in constant time.
  return context != nullptr &&
         EVP_DecryptInit_ex2(context.get(), EvpOf(aead), Octets(key), Octets(iv), nullptr) == 1 &&
         (aad.empty() || EVP_DecryptUpdate(context.get(), nullptr, &size, Octets(aad),
                                           static_cast<int>(aad.size())) == 1) &&
         (ciphertext.empty() ||
          EVP_DecryptUpdate(context.get(), Octets(plaintext.data()), &size, Octets(ciphertext),
                            static_cast<int>(ciphertext.size())) == 1) &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kAeadTagBytes),
                             expected.data()) == 1 &&
         EVP_DecryptFinal_ex(context.get(), none, &size) == 1;
}

// HMAC-SHA256 without a key yet.
MacContext NewMac() {
  static const EVP_MAC_CTX* const prepared = [] {
    EVP_MAC* const mac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
    EVP_MAC_CTX* const context = mac == nullptr ? nullptr : EVP_MAC_CTX_new(mac);
    std::array<char, 7> digest = {"SHA256"};
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    if (context != nullptr) EVP_MAC_CTX_set_params(context, params);
    return context;
  }();
  return prepared == nullptr ? nullptr : MacContext(EVP_MAC_CTX_dup(prepared));
}

// The tag over `aad`, IV, ciphertext and the length of the first in bits (RFC 7518 5.2.2.1).
bool CbcTag(absl::string_view key, absl::string_view iv, absl::string_view aad,
            absl::string_view ciphertext, std::array<char, kMacBytes>& mac) {
  std::array<unsigned char, 8> bits{};
  uint64_t left = uint64_t{aad.size()} * 8;
  for (size_t at = bits.size(); at-- > 0; left >>= 8) bits[at] = static_cast<unsigned char>(left);
  const MacContext context = NewMac();
  size_t size = 0;
  return context != nullptr &&
         EVP_MAC_init(context.get(), Octets(key), kHalfKeyBytes, nullptr) == 1 &&
         EVP_MAC_update(context.get(), Octets(aad), aad.size()) == 1 &&
         EVP_MAC_update(context.get(), Octets(iv), iv.size()) == 1 &&
         EVP_MAC_update(context.get(), Octets(ciphertext), ciphertext.size()) == 1 &&
         EVP_MAC_update(context.get(), bits.data(), bits.size()) == 1 &&
         EVP_MAC_final(context.get(), Octets(mac.data()), &size, mac.size()) == 1 &&
         size == mac.size();
}

bool SealCbc(Aead aead, absl::string_view key, absl::string_view iv, absl::string_view aad,
             absl::string_view plaintext, char* ciphertext, char* tag) {
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  int rest = 0;
  if (context == nullptr ||
      EVP_EncryptInit_ex2(context.get(), EvpOf(aead), Octets(key.substr(kHalfKeyBytes)), Octets(iv),
                          nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), Octets(ciphertext), &size, Octets(plaintext),
                        static_cast<int>(plaintext.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), Octets(ciphertext + size), &rest) != 1) {
    return false;
  }
  std::array<char, kMacBytes> mac{};
  const absl::string_view written(ciphertext, static_cast<size_t>(size + rest));
  if (!CbcTag(key, iv, aad, written, mac)) return false;
  std::copy_n(mac.begin(), kAeadTagBytes, tag);
  return true;
}

bool OpenCbc(Aead aead, absl::string_view key, absl::string_view iv, absl::string_view aad,
             absl::string_view ciphertext, absl::string_view tag, std::string& plaintext) {
  if (ciphertext.empty() || ciphertext.size() % kBlockBytes != 0) return false;
  std::array<char, kMacBytes> mac{};
  // Before anything is decrypted: padding of a forger is never looked at.
  if (!CbcTag(key, iv, aad, ciphertext, mac) ||
      !ConstantTimeEqual(absl::string_view(mac.data(), kAeadTagBytes), tag)) {
    return false;
  }
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  int rest = 0;
  if (context == nullptr ||
      EVP_DecryptInit_ex2(context.get(), EvpOf(aead), Octets(key.substr(kHalfKeyBytes)), Octets(iv),
                          nullptr) != 1 ||
      EVP_DecryptUpdate(context.get(), Octets(plaintext.data()), &size, Octets(ciphertext),
                        static_cast<int>(ciphertext.size())) != 1 ||
      EVP_DecryptFinal_ex(context.get(), Octets(plaintext.data() + size), &rest) != 1) {
    return false;
  }
  plaintext.resize(static_cast<size_t>(size + rest));
  return true;
}

}  // namespace

size_t KeyBytes(Aead aead) {
  switch (aead) {
    case Aead::kAes128Gcm:
      return 16;
    case Aead::kAes192Gcm:
      return 24;
    case Aead::kAes256Gcm:
      return 32;
    case Aead::kAes128CbcHmacSha256:
      return 2 * kHalfKeyBytes;
  }
  return 0;
}

size_t IvBytes(Aead aead) { return IsGcm(aead) ? kGcmIvBytes : kBlockBytes; }

size_t CiphertextBytes(Aead aead, size_t plaintext_bytes) {
  return IsGcm(aead) ? plaintext_bytes : (plaintext_bytes / kBlockBytes + 1) * kBlockBytes;
}

bool SealAead(Aead aead, absl::string_view key, absl::string_view iv, absl::string_view aad,
              absl::string_view plaintext, char* ciphertext, char* tag) {
  if (!FitsAead(aead, key, iv)) return false;
  const bool sealed = IsGcm(aead) ? SealGcm(aead, key, iv, aad, plaintext, ciphertext, tag)
                                  : SealCbc(aead, key, iv, aad, plaintext, ciphertext, tag);
  if (!sealed) ERR_clear_error();
  return sealed;
}

bool OpenAead(Aead aead, absl::string_view key, absl::string_view iv, absl::string_view aad,
              absl::string_view ciphertext, absl::string_view tag, std::string& plaintext) {
  plaintext.assign(ciphertext.size(), '\0');
  const bool opened = FitsAead(aead, key, iv) && tag.size() == kAeadTagBytes &&
                      (IsGcm(aead) ? OpenGcm(aead, key, iv, aad, ciphertext, tag, plaintext)
                                   : OpenCbc(aead, key, iv, aad, ciphertext, tag, plaintext));
  if (opened) return true;
  // What a forger's bytes decrypted to is nobody's business, not even after the fact.
  Cleanse(plaintext);
  ERR_clear_error();
  return false;
}

}  // namespace va::crypto
