// Authenticated encryption with one key, one initialisation vector and data that is authenticated
// without being encrypted: AES-GCM, and the composition of AES-CBC and HMAC that JOSE defines (RFC
// 7518 section 5.2). Tags are 16 bytes and initialisation vectors have the one length of their
// cipher, never another (attacks J6, J7, S119). Pure; who may choose which is the caller's rule.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace va::crypto {

enum class Aead { kAes128Gcm, kAes192Gcm, kAes256Gcm, kAes128CbcHmacSha256 };

inline constexpr size_t kAeadTagBytes = 16;

size_t KeyBytes(Aead aead);
size_t IvBytes(Aead aead);  // 12 of GCM, 16 of CBC
// Of a plaintext of that size: as many, or up to the next whole block.
size_t CiphertextBytes(Aead aead, size_t plaintext_bytes);

// Writes CiphertextBytes and kAeadTagBytes to where the caller has room for them. An IV must never
// be used twice with one key. False only when key or IV have the wrong length or OpenSSL is broken.
bool SealAead(Aead aead, absl::string_view key, absl::string_view iv, absl::string_view aad,
              absl::string_view plaintext, char* ciphertext, char* tag);

// The plaintext in `plaintext`; false, and nothing left in there, when it does not open, and no
// word about why.
bool OpenAead(Aead aead, absl::string_view key, absl::string_view iv, absl::string_view aad,
              absl::string_view ciphertext, absl::string_view tag, std::string& plaintext);

}  // namespace va::crypto
