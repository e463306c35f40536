// JSON Web Signature in its compact form and no other (RFC 7515 section 7.1). The header is read
// strictly: an object with each name once, an algorithm of the closed list, and nothing that would
// let a token bring its own key, its own processing rules or another encoding of its payload.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/jose/compact.h"
#include "lib/jose/signature.h"

namespace va::jose {

// What a signer may say beside the algorithm; empty members are left out.
struct HeaderFields {
  std::string typ;
  std::string kid;
};

// A header that was read; members that are absent are empty.
struct JwsHeader {
  Algorithm algorithm = Algorithm::kEs256;
  std::string typ;
  std::string cty;
  std::string kid;
  bool has_kid = false;  // an empty kid names no key, which differs from none
};

// A signature that held, and the bytes it covers.
struct VerifiedJws {
  JwsHeader header;
  std::string payload;
};

// header.payload.signature. Any payload, also an empty one. INVALID_ARGUMENT for fields that are
// not UTF-8 and for what a verifier would refuse as too large.
absl::StatusOr<std::string> SignCompact(const SigningKey& key, const HeaderFields& fields,
                                        absl::string_view payload);

// Verifies with the one key that is bound to the token's algorithm and bears its `kid`. A token
// without `kid` may mean any key of its algorithm and a key without id answers to any `kid`; when
// that leaves several keys, none is tried (attack O10). Errors: JoseReject.
absl::StatusOr<VerifiedJws> VerifyCompact(absl::string_view token,
                                          absl::Span<const VerifyingKey> keys);

}  // namespace va::jose
