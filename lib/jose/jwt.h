// JSON Web Tokens (RFC 7519): the rules about claims, as a layer above the signature. Pure: the
// time is an argument, and a verified token comes back as what it says. Only whether a `jti` was
// used before is a question for a store: UseOnce asks it, last of all and of a verified token
// alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/jose/jws.h"
#include "lib/jose/token_ids.h"

namespace va::jose {

// The registered claims, each of its right type; what a token does not carry is absent.
struct Claims {
  std::optional<std::string> issuer;
  std::optional<std::string> subject;
  std::optional<std::string> id;
  std::vector<std::string> audience;            // a single text counts as a list of one
  std::optional<std::string> authorized_party;  // `azp`
  std::optional<absl::Time> expires;
  std::optional<absl::Time> not_before;
  std::optional<absl::Time> issued_at;
};

// What must hold. `exp` is always required.
struct ClaimsRules {
  std::string type;      // `typ` of the header, with or without "application/"; empty: any
  std::string issuer;    // empty: any
  std::string audience;  // must be among the token's; empty: any
  // Whom `azp` must name when there is one, and there must be one when the token has several
  // audiences (OpenID Connect Core 3.1.3.7, rules 4 and 5; attack O14). Empty: the audience.
  std::string authorized_party;
  // Tokens of this use are made for several parties at once and name none of them as the one.
  bool several_audiences = false;
  bool require_subject = false;
  bool require_id = false;
  bool require_issued_at = false;
  // Longest time from `iat` to `exp`; less than infinite also requires `iat`.
  absl::Duration max_life = absl::InfiniteDuration();
  // How far the signer's clock may be ahead of ours (`iat`, `nbf`) and behind it (`exp`).
  absl::Duration start_leeway = absl::ZeroDuration();
  absl::Duration end_leeway = absl::ZeroDuration();
};

struct VerifiedJwt {
  JwsHeader header;
  Claims claims;
  std::string payload;  // the JSON text of all claims
};

// A signed token of `claims`, the text of a JSON object. INVALID_ARGUMENT when it is none, or names
// something twice.
absl::StatusOr<std::string> SignJwt(const SigningKey& key, const HeaderFields& fields,
                                    absl::string_view claims);

// The rules alone, on claims from wherever they came. Errors: JoseReject.
absl::Status CheckClaims(const JwsHeader& header, const Claims& claims, const ClaimsRules& rules,
                         absl::Time now);

// Signature first, then the rules. Errors: JoseReject.
absl::StatusOr<VerifiedJwt> VerifyJwt(absl::string_view token, absl::Span<const VerifyingKey> keys,
                                      const ClaimsRules& rules, absl::Time now);

// Takes the `jti` of a token that has been verified, for as long as `rules` would let the token
// pass. ID_MISSING, ID_USED; UNAVAILABLE when nobody can say, and then the token has not passed.
// The rules should have a `max_life`: an id is kept for as long as its token says it lives.
absl::Status UseOnce(const VerifiedJwt& token, const ClaimsRules& rules, UsedTokenIds& used,
                     absl::Time deadline);

}  // namespace va::jose
