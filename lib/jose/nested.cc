#include "lib/jose/nested.h"

#include <utility>

#include "lib/crypto/hash.h"
#include "lib/jose/jose_reject.h"

namespace va::jose {
namespace {

// RFC 7519 section 5.2: "the value MUST be JWT". Exactly this spelling: it is the one everybody
// writes, and a second one would be a second way in.
constexpr char kNestedType[] = "JWT";

}  // namespace

absl::StatusOr<std::string> SignAndEncryptJwt(const SigningKey& signer, const HeaderFields& inner,
                                              absl::string_view claims,
                                              const EncryptionKey& receiver, JweFields outer) {
  absl::StatusOr<std::string> token = SignJwt(signer, inner, claims);
  if (!token.ok()) return token;
  outer.cty = kNestedType;
  absl::StatusOr<std::string> encrypted = EncryptCompact(receiver, outer, *token);
  crypto::Cleanse(*token);
  return encrypted;
}

absl::StatusOr<VerifiedJwt> DecryptAndVerifyJwt(absl::string_view token,
                                                absl::Span<const DecryptionKey> decrypting,
                                                absl::Span<const VerifyingKey> verifying,
                                                const ClaimsRules& rules, absl::Time now) {
  const absl::StatusOr<DecryptedJwe> opened = DecryptCompact(token, decrypting);
  if (!opened.ok()) return opened.status();
  if (opened->header.cty != kNestedType) return RejectStatus(JoseReject::kNested);
  // Three parts and a signature, or nothing; a `cty` in there would be a third layer, which
  // VerifyJwt refuses.
  return VerifyJwt(opened->plaintext, verifying, rules, now);
}

}  // namespace va::jose
