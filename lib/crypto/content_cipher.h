// Decrypts content as XML Encryption lays it out (sections 5.2.2, 5.2.4): initialisation vector,
// ciphertext and, with GCM, the tag. Pure; which ciphers are acceptable is the caller's rule.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace va::crypto {

enum class ContentCipher {
  kAes128Gcm,
  kAes192Gcm,
  kAes256Gcm,
  kAes128Cbc,
  kAes192Cbc,
  kAes256Cbc,
  kTripleDesCbc,
};

size_t KeyBytes(ContentCipher cipher);

// GCM: 12 bytes of IV and 16 of tag, never less (attack S119). CBC: whole blocks behind an IV of
// one block. `key` must be KeyBytes long. Nothing when it does not open, and no word about why.
std::optional<std::string> OpenContent(ContentCipher cipher, absl::string_view key,
                                       absl::string_view sealed);

}  // namespace va::crypto
