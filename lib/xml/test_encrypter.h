// For tests: encrypts the way an IdP, an odd IdP or an attacker would, with any algorithm and any
// shape. Independent of the code that decrypts.
#pragma once

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/encoding.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/random.h"
#include "lib/xml/test_signer.h"

namespace va::xml::testing {

inline constexpr char kAes128Gcm[] = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
inline constexpr char kAes192Gcm[] = "http://www.w3.org/2009/xmlenc11#aes192-gcm";
inline constexpr char kAes256Gcm[] = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
inline constexpr char kAes128Cbc[] = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
inline constexpr char kAes192Cbc[] = "http://www.w3.org/2001/04/xmlenc#aes192-cbc";
inline constexpr char kAes256Cbc[] = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
inline constexpr char kTripleDes[] = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";
inline constexpr char kOaepMgf1p[] = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
inline constexpr char kOaep11[] = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
inline constexpr char kRsa15[] = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
inline constexpr char kEncryptedKeyType[] = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";

// The service provider's.
inline const crypto::PrivateKey& SpKey() {
  static const auto* const key = new crypto::PrivateKey(NewPrivateKey(crypto::NewKey::kRsa2048));
  return *key;
}

enum class KeyPlace { kInKeyInfo, kBeside, kPointedAt, kNowhere };

struct Encrypter {
  std::string content = kAes256Gcm;
  std::string transport = kOaepMgf1p;
  // Inside the EncryptionMethod of the key, and what is really done.
  std::string transport_parts;
  const EVP_MD* digest = EVP_sha1();
  const EVP_MD* mask = EVP_sha1();
  const crypto::PrivateKey* recipient = &SpKey();
  // In place of it, for who has the recipient's certificate only.
  const crypto::PublicKey* public_recipient = nullptr;
  KeyPlace place = KeyPlace::kInKeyInfo;
  std::string data_attributes = " Type=\"http://www.w3.org/2001/04/xmlenc#Element\"";
  // Change what was computed before it is written down.
  std::function<void(std::string&)> alter_content = [](std::string&) {};
  std::function<void(std::string&)> alter_key = [](std::string&) {};
  std::string session_key;  // random when empty
};

inline const EVP_CIPHER* CipherOf(absl::string_view uri) {
  if (uri == kAes128Gcm) return EVP_aes_128_gcm();
  if (uri == kAes192Gcm) return EVP_aes_192_gcm();
  if (uri == kAes256Gcm) return EVP_aes_256_gcm();
  if (uri == kAes128Cbc) return EVP_aes_128_cbc();
  if (uri == kAes192Cbc) return EVP_aes_192_cbc();
  if (uri == kAes256Cbc) return EVP_aes_256_cbc();
  if (uri == kTripleDes) return EVP_des_ede3_cbc();
  std::abort();
}

inline unsigned char* Raw(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// IV, ciphertext and tag.
inline std::string SealContent(const EVP_CIPHER* cipher, std::string key, std::string plain) {
  const bool gcm = EVP_CIPHER_get_mode(cipher) == EVP_CIPH_GCM_MODE;
  const auto iv_size = static_cast<size_t>(EVP_CIPHER_get_iv_length(cipher));
  std::string iv = crypto::SystemIdGenerator().RandomBytes(iv_size);
  std::string out(plain.size() + EVP_MAX_BLOCK_LENGTH, '\0');
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  int size = 0;
  int last = 0;
  std::string tag(16, '\0');
  if (EVP_EncryptInit_ex(context, cipher, nullptr, Raw(key), Raw(iv)) != 1 ||
      EVP_EncryptUpdate(context, Raw(out), &size, Raw(plain), static_cast<int>(plain.size())) !=
          1 ||
      EVP_EncryptFinal_ex(context, Raw(out) + size, &last) != 1 ||
      (gcm && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag.data()) != 1)) {
    std::abort();
  }
  EVP_CIPHER_CTX_free(context);
  out.resize(static_cast<size_t>(size + last));
  return iv + out + (gcm ? tag : "");
}

inline std::string WrapSessionKey(const Encrypter& how, std::string key) {
  EVP_PKEY* const recipient =
      how.public_recipient != nullptr ? how.public_recipient->native() : how.recipient->native();
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(recipient, nullptr);
  const bool oaep = how.transport != kRsa15;
  if (EVP_PKEY_encrypt_init(context) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context, oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING) !=
          1 ||
      (oaep && (EVP_PKEY_CTX_set_rsa_oaep_md(context, how.digest) != 1 ||
                EVP_PKEY_CTX_set_rsa_mgf1_md(context, how.mask) != 1))) {
    std::abort();
  }
  std::string out(1024, '\0');
  size_t size = out.size();
  if (EVP_PKEY_encrypt(context, Raw(out), &size, Raw(key), key.size()) != 1) std::abort();
  EVP_PKEY_CTX_free(context);
  out.resize(size);
  return out;
}

inline std::string CipherData(absl::string_view bytes) {
  return absl::StrCat("<xenc:CipherData><xenc:CipherValue>", base::Base64Encode(bytes),
                      "</xenc:CipherValue></xenc:CipherData>");
}

inline std::string EncryptedKeyElement(const Encrypter& how, const std::string& session_key) {
  std::string wrapped = WrapSessionKey(how, session_key);
  how.alter_key(wrapped);
  return absl::StrCat("<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"",
                      how.place == KeyPlace::kPointedAt ? " Id=\"_key\"" : "",
                      "><xenc:EncryptionMethod Algorithm=\"", how.transport, "\">",
                      how.transport_parts, "</xenc:EncryptionMethod>", CipherData(wrapped),
                      "</xenc:EncryptedKey>");
}

inline std::string KeyInfoElement(const Encrypter& how, const std::string& key) {
  switch (how.place) {
    case KeyPlace::kInKeyInfo:
      return absl::StrCat("<ds:KeyInfo>", key, "</ds:KeyInfo>");
    case KeyPlace::kPointedAt:
      return absl::StrCat("<ds:KeyInfo><ds:RetrievalMethod Type=\"", kEncryptedKeyType,
                          "\" URI=\"#_key\"/></ds:KeyInfo>");
    case KeyPlace::kBeside:
    case KeyPlace::kNowhere:
      break;
  }
  return "";
}

// The content of an EncryptedAssertion or EncryptedID that hides `plain`.
inline std::string Encrypted(const std::string& plain, const Encrypter& how = Encrypter()) {
  const EVP_CIPHER* cipher = CipherOf(how.content);
  const std::string session_key = how.session_key.empty()
                                      ? crypto::SystemIdGenerator().RandomBytes(
                                            static_cast<size_t>(EVP_CIPHER_get_key_length(cipher)))
                                      : how.session_key;
  std::string sealed = SealContent(cipher, session_key, plain);
  how.alter_content(sealed);
  const std::string key = EncryptedKeyElement(how, session_key);
  const bool beside = how.place == KeyPlace::kBeside || how.place == KeyPlace::kPointedAt;
  return absl::StrCat(
      "<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" "
      "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"",
      how.data_attributes, "><xenc:EncryptionMethod Algorithm=\"", how.content, "\"/>",
      KeyInfoElement(how, key), CipherData(sealed), "</xenc:EncryptedData>", beside ? key : "");
}

}  // namespace va::xml::testing
