#include "lib/jose/jwt.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/json_object.h"

namespace va::jose {
namespace {

// RFC 7515 section 4.1.9: a media type, "application/" may be left out.
absl::string_view WithoutTree(absl::string_view type) {
  constexpr absl::string_view kTree = "application/";
  return absl::StartsWithIgnoreCase(type, kTree) ? type.substr(kTree.size()) : type;
}

absl::Status CheckType(const JwsHeader& header, const ClaimsRules& rules) {
  // A token in a token: none of ours is one (attack J11).
  if (!header.cty.empty()) return RejectStatus(JoseReject::kNested);
  if (rules.type.empty()) return absl::OkStatus();
  if (header.typ.empty()) return RejectStatus(JoseReject::kTypeMissing);
  if (!absl::EqualsIgnoreCase(WithoutTree(header.typ), WithoutTree(rules.type))) {
    return RejectStatus(JoseReject::kTypeMismatch);
  }
  return absl::OkStatus();
}

// With several audiences the token was issued to one of them, and it must say that this is us; a
// token that names somebody else there was issued to somebody else (attack O14).
absl::Status CheckAuthorizedParty(const Claims& claims, const ClaimsRules& rules) {
  const std::string& ours =
      rules.authorized_party.empty() ? rules.audience : rules.authorized_party;
  if (ours.empty()) return absl::OkStatus();
  if (!claims.authorized_party.has_value()) {
    const bool alone = rules.several_audiences || claims.audience.size() < 2;
    return alone ? absl::OkStatus() : RejectStatus(JoseReject::kAuthorizedPartyMissing);
  }
  if (*claims.authorized_party != ours) return RejectStatus(JoseReject::kAuthorizedPartyMismatch);
  return absl::OkStatus();
}

absl::Status CheckParties(const Claims& claims, const ClaimsRules& rules) {
  if (!rules.issuer.empty()) {
    if (!claims.issuer.has_value()) return RejectStatus(JoseReject::kIssuerMissing);
    if (*claims.issuer != rules.issuer) return RejectStatus(JoseReject::kIssuerMismatch);
  }
  if (!rules.audience.empty()) {
    const auto& audience = claims.audience;
    if (audience.empty()) return RejectStatus(JoseReject::kAudienceMissing);
    if (std::find(audience.begin(), audience.end(), rules.audience) == audience.end()) {
      return RejectStatus(JoseReject::kAudienceMismatch);
    }
  }
  if (const absl::Status party = CheckAuthorizedParty(claims, rules); !party.ok()) return party;
  if (rules.require_subject && claims.subject.value_or("").empty()) {
    return RejectStatus(JoseReject::kSubjectMissing);
  }
  if (rules.require_id && claims.id.value_or("").empty()) {
    return RejectStatus(JoseReject::kIdMissing);
  }
  return absl::OkStatus();
}

absl::Status CheckTimes(const Claims& claims, const ClaimsRules& rules, absl::Time now) {
  if (!claims.expires.has_value()) return RejectStatus(JoseReject::kExpiryMissing);
  // RFC 7519 section 4.1.4: "on or after".
  if (now >= *claims.expires + rules.end_leeway) return RejectStatus(JoseReject::kExpired);
  if (claims.not_before.has_value() && now + rules.start_leeway < *claims.not_before) {
    return RejectStatus(JoseReject::kNotYetValid);
  }
  if (!claims.issued_at.has_value()) {
    const bool required = rules.require_issued_at || rules.max_life < absl::InfiniteDuration();
    return required ? RejectStatus(JoseReject::kIssuedAtMissing) : absl::OkStatus();
  }
  if (now + rules.start_leeway < *claims.issued_at) {
    return RejectStatus(JoseReject::kIssuedInFuture);
  }
  const absl::Duration life = *claims.expires - *claims.issued_at;
  if (life <= absl::ZeroDuration() || life > rules.max_life) {
    return RejectStatus(JoseReject::kLifetime);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> SignJwt(const SigningKey& key, const HeaderFields& fields,
                                    absl::string_view claims) {
  if (!ReadClaimsObject(claims).ok()) {
    return absl::InvalidArgumentError("claims are no JSON object with every name once");
  }
  return SignCompact(key, fields, claims);
}

absl::Status CheckClaims(const JwsHeader& header, const Claims& claims, const ClaimsRules& rules,
                         absl::Time now) {
  if (const absl::Status type = CheckType(header, rules); !type.ok()) return type;
  if (const absl::Status parties = CheckParties(claims, rules); !parties.ok()) return parties;
  return CheckTimes(claims, rules, now);
}

absl::StatusOr<VerifiedJwt> VerifyJwt(absl::string_view token, absl::Span<const VerifyingKey> keys,
                                      const ClaimsRules& rules, absl::Time now) {
  absl::StatusOr<VerifiedJws> verified = VerifyCompact(token, keys);
  if (!verified.ok()) return verified.status();
  const auto object = ReadClaimsObject(verified->payload);
  if (!object.ok()) return object.status();
  absl::StatusOr<Claims> claims = RegisteredClaims(*object);
  if (!claims.ok()) return claims.status();
  if (const absl::Status held = CheckClaims(verified->header, *claims, rules, now); !held.ok()) {
    return held;
  }
  return VerifiedJwt{std::move(verified->header), *std::move(claims), std::move(verified->payload)};
}

absl::Status UseOnce(const VerifiedJwt& token, const ClaimsRules& rules, UsedTokenIds& used,
                     absl::Time deadline) {
  const Claims& claims = token.claims;
  if (claims.id.value_or("").empty()) return RejectStatus(JoseReject::kIdMissing);
  if (!claims.expires.has_value()) return RejectStatus(JoseReject::kExpiryMissing);
  // Whoever has no issuer shares the one without a name.
  const absl::StatusOr<bool> first = used.Claim(claims.issuer.value_or(""), *claims.id,
                                                *claims.expires + rules.end_leeway, deadline);
  if (!first.ok()) return first.status();
  return *first ? absl::OkStatus() : RejectStatus(JoseReject::kIdUsed);
}

}  // namespace va::jose
