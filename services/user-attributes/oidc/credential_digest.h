// The keyed digest of what a credential says about a person (sign_in_service.md 9.4). It is stored
// beside the credential, so that MPI is told only when the credential says something new. The text
// that is digested is the reference's, byte for byte.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/crypto/sealed_box.h"
#include "lib/identity/pii.h"
#include "services/user-attributes/domain/claims.h"

namespace va::attributes {

struct DigestedAttributes {
  std::optional<identity::CspId> credential_uuid;
  std::optional<identity::PersonText> first_name;
  std::optional<identity::PersonText> last_name;
  std::optional<identity::Ssn> ssn;
  std::optional<identity::BirthDate> birth_date;
  std::optional<identity::PersonText> email;
};

// HMAC-SHA256 in hexadecimal, keyed by `pepper`, over compact JSON of the attributes in the order
// above. Nothing without a pepper, a uuid, a last name, a birth date or an e-mail address.
std::optional<std::string> CredentialAttributesDigest(absl::string_view pepper,
                                                      const DigestedAttributes& attributes);

// Digests under a pepper of its own, made of the ring that look-ups are keyed by. When the ring's
// current key changes, every digest is another one: MPI is told once more what it knows already.
class CredentialDigester {
 public:
  // `ring` outlives this object.
  explicit CredentialDigester(const crypto::LookupHasher& ring) : ring_(ring) {}

  // Of the credential that `claims` stand for; empty when something required is missing.
  std::string Digest(const Claims& claims) const;

 private:
  const crypto::LookupHasher& ring_;
};

}  // namespace va::attributes
