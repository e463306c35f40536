// A signed token inside an encrypted one, in the one nesting that is registered (RFC 7519 section
// 5.2): the encrypted one says `cty` "JWT", the signed one inside says nothing of the kind. Neither
// an unsigned content (attack J14) nor another depth or order (attack J11) is one.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/jose/jwe.h"
#include "lib/jose/jwt.h"
#include "lib/jose/signature.h"

namespace va::jose {

// Signed first, then encrypted; `outer.cty` is set to "JWT". Errors as of SignJwt and
// EncryptCompact.
absl::StatusOr<std::string> SignAndEncryptJwt(const SigningKey& signer, const HeaderFields& inner,
                                              absl::string_view claims,
                                              const EncryptionKey& receiver, JweFields outer);

// The claims of such a token, after both layers and the rules held. `type` of the rules is that of
// the signed token. Errors: JoseReject.
absl::StatusOr<VerifiedJwt> DecryptAndVerifyJwt(absl::string_view token,
                                                absl::Span<const DecryptionKey> decrypting,
                                                absl::Span<const VerifyingKey> verifying,
                                                const ClaimsRules& rules, absl::Time now);

}  // namespace va::jose
