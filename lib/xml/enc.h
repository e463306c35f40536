// Decryption of XML Encryption with our own private keys. The whole shape is checked by own code
// before any cryptography; EncryptedKeys count where decision P15 allows them; nothing is fetched.
// What was hidden is parsed in the place where it stood, under the parser's limits, and takes that
// place in the one tree (attack S72).
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/crypto/keys.h"
#include "lib/xml/document.h"
#include "lib/xml/element.h"

namespace va::xml {

inline constexpr absl::string_view kXencNs = "http://www.w3.org/2001/04/xmlenc#";
inline constexpr absl::string_view kXenc11Ns = "http://www.w3.org/2009/xmlenc11#";

struct DecryptOptions {
  // AES-CBC tells an attacker who may alter it what is inside (attack S117): only where the
  // ciphertext lies under a signature that was verified.
  bool allow_cbc = false;
  // RSA-1.5, 3DES and CBC anywhere. Never at the gateway; for the operator's tool (decision P4).
  bool allow_legacy = false;
};

// Decrypts the one EncryptedData in `container` (an EncryptedAssertion, an EncryptedID) and puts
// the one element that it hides in its place. Returns that element; what it is called is for the
// caller to judge, and so are IDs, which it may share with the rest of the document.
//
// PERMISSION_DENIED, and the document as it was: ENCRYPTION_MALFORMED, ENCRYPTION_ALGORITHM,
// ENCRYPTION_REFERENCE (ciphertext or key that stands elsewhere), ENCRYPTION_KEY (no EncryptedKey,
// too many, or none for a key of ours), DECRYPTION_FAILED (whatever fails with a secret in hand:
// one reason, equal work), DECRYPTED_CONTENT (authentic, and not one element).
absl::StatusOr<Element> DecryptInPlace(Document& document, const Element& container,
                                       absl::Span<const crypto::PrivateKey> keys,
                                       const DecryptOptions& options = DecryptOptions());

}  // namespace va::xml
