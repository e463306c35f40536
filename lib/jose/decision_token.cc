#include "lib/jose/decision_token.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/json_object.h"
#include "lib/jose/jwt.h"
#include "lib/jose/thumbprint.h"

namespace va::jose {
namespace {

using nlohmann::json;

constexpr char kType[] = "va-decision+jwt";
constexpr char kIssuer[] = "user-attributes";
constexpr char kIcnPurpose[] = "decision-icn";

// The word of the log for a reject of the layers below.
absl::string_view WhyOf(JoseReject reject) {
  switch (reject) {
    case JoseReject::kTokenTooLarge:
    case JoseReject::kNotCompact:
    case JoseReject::kBadBase64:
    case JoseReject::kHeaderTooLarge:
    case JoseReject::kHeaderNotJson:
    case JoseReject::kHeaderDuplicateName:
    case JoseReject::kHeaderMalformed:
    case JoseReject::kHeaderCritical:
    case JoseReject::kHeaderCompressed:
    case JoseReject::kHeaderUnencoded:
    case JoseReject::kHeaderEmbeddedKey:
    case JoseReject::kAlgorithmMissing:
    case JoseReject::kNested:
    case JoseReject::kClaimsNotJson:
    case JoseReject::kClaimsDuplicateName:
    case JoseReject::kKeyManagementUnknown:
    case JoseReject::kPasswordBased:
    case JoseReject::kContentEncryptionMissing:
    case JoseReject::kContentEncryptionUnknown:
    case JoseReject::kContentEncryptionRefused:
    case JoseReject::kPartLength:
    case JoseReject::kEphemeralKey:
    case JoseReject::kDecryptionFailed:
      return "malformed";
    case JoseReject::kAlgorithmUnknown:
    case JoseReject::kKeyUnknown:
    case JoseReject::kKeyAmbiguous:
    case JoseReject::kSignatureLength:
    case JoseReject::kSignatureInvalid:
      return "signature";
    case JoseReject::kTypeMissing:
    case JoseReject::kTypeMismatch:
      return "type";
    case JoseReject::kIssuerMissing:
    case JoseReject::kIssuerMismatch:
      return "issuer";
    case JoseReject::kAudienceMissing:
    case JoseReject::kAudienceMismatch:
    case JoseReject::kAuthorizedPartyMissing:
    case JoseReject::kAuthorizedPartyMismatch:
      return "audience";
    case JoseReject::kExpired:
      return "expired";
    case JoseReject::kNotYetValid:
    case JoseReject::kIssuedInFuture:
      return "not_yet_valid";
    case JoseReject::kClaimMalformed:
    case JoseReject::kSubjectMissing:
    case JoseReject::kIdMissing:
    case JoseReject::kIdUsed:
    case JoseReject::kExpiryMissing:
    case JoseReject::kIssuedAtMissing:
    case JoseReject::kLifetime:
      return "claims";
  }
  return "malformed";
}

absl::Status Refuse(absl::string_view why, std::string* out) {
  if (out != nullptr) *out = std::string(why);
  return base::MakeError(absl::StatusCode::kPermissionDenied, "DECISION_TOKEN",
                         "the decision token is not accepted");
}

// A reject of the layers below; a fault of the machine stays one.
absl::Status RefuseOrFail(const absl::Status& status, std::string* out) {
  const std::optional<JoseReject> reject = RejectOf(status);
  return reject.has_value() ? Refuse(WhyOf(*reject), out) : status;
}

absl::Status WrongKey(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "KEY_ALGORITHM",
                         absl::StrCat(what, ": decision tokens are signed by ES256"));
}

absl::Status CheckAlgorithm(const crypto::PrivateKeyRing& ring) {
  const crypto::RingAlgorithm algorithm = ring.policy().algorithm;
  if (algorithm == crypto::RingAlgorithm::kEs256) return absl::OkStatus();
  return WrongKey(absl::StrCat("a ring for ", ToString(algorithm)));
}

// 1 or 2; nothing for whatever else a claim may hold.
std::optional<int> LevelOf(const json& claims, const char* name) {
  const auto at = claims.find(name);
  if (at == claims.end() || !at->is_number_integer()) return std::nullopt;
  const auto level = at->get<int64_t>();
  if (level != 1 && level != 2) return std::nullopt;
  return static_cast<int>(level);
}

std::optional<std::string> TextOf(const json& claims, const char* name) {
  const auto at = claims.find(name);
  if (at == claims.end() || !at->is_string()) return std::nullopt;
  return at->get<std::string>();
}

// The claims of its own that a decision token carries.
struct DecisionClaims {
  VerifiedDecision decision;
  std::string icn_hash;  // empty without one
};

std::optional<DecisionClaims> ReadDecision(const json& claims) {
  const std::optional<int> ial = LevelOf(claims, "ial");
  const std::optional<int> aal = LevelOf(claims, "aal");
  const std::optional<std::string> flow = TextOf(claims, "flow");
  const std::optional<std::string> account = TextOf(claims, "sub");
  const std::optional<std::string> icn = TextOf(claims, "icn");
  if (!ial || !aal || !flow || flow->empty() || !account || account->empty()) return std::nullopt;
  if (claims.contains("icn") && (!icn || icn->empty())) return std::nullopt;
  return DecisionClaims{{*account, *ial, *aal, *flow, false}, icn.value_or("")};
}

bool SameIcn(const crypto::LookupHasher& hasher, const identity::Icn& icn, absl::string_view hash) {
  bool same = false;
  for (const std::string& candidate : hasher.Candidates(kIcnPurpose, icn.Reveal())) {
    if (crypto::ConstantTimeEqual(candidate, hash)) same = true;
  }
  return same;
}

ClaimsRules RulesFor(const std::string& audience) {
  ClaimsRules rules;
  rules.type = kType;
  rules.issuer = kIssuer;
  rules.audience = audience;
  rules.several_audiences = true;
  rules.require_subject = true;
  rules.require_id = true;
  rules.max_life = kDecisionLifetime;
  rules.start_leeway = kDecisionSkew;
  return rules;
}

}  // namespace

// --- DecisionSigner ---

absl::StatusOr<DecisionSigner> DecisionSigner::Create(
    crypto::PrivateKey key,  // NOLINT(performance-unnecessary-value-param): handed over for good
    crypto::LookupHasher icn_hasher) {
  absl::StatusOr<SigningKey> signing = SigningKey::Create(key, Algorithm::kEs256);
  if (!signing.ok()) return signing.status();
  return DecisionSigner(Parts{*std::move(signing), std::move(icn_hasher)});
}

absl::StatusOr<DecisionSigner> DecisionSigner::FromRing(const crypto::PrivateKeyRing& ring,
                                                        crypto::LookupHasher icn_hasher) {
  if (absl::Status checked = CheckAlgorithm(ring); !checked.ok()) return checked;
  return Create(ring.current().key.Share(), std::move(icn_hasher));
}

absl::StatusOr<std::string> DecisionSigner::Sign(const DecisionFacts& facts, absl::Time now,
                                                 base::IdGenerator& ids) const {
  const auto parts = parts_->Get();
  const int64_t issued = absl::ToUnixSeconds(now);
  json claims = {
      {"iss", kIssuer},
      {"aud", {kMhvAccountAudience, kProofingAudience, kAttributesAudience}},
      {"sub", facts.account_id},
      {"ial", facts.ial},
      {"aal", facts.aal},
      {"flow", facts.flow_id},
      {"iat", issued},
      {"exp", issued + absl::ToInt64Seconds(kDecisionLifetime)},
      {"jti", ids.Token(16)},
  };
  if (!facts.icn.empty()) claims["icn"] = parts->icn_hasher.Hash(kIcnPurpose, facts.icn.Reveal());
  if (!ReadDecision(claims).has_value()) {
    return absl::InvalidArgumentError("a decision token needs an account, an attempt and levels");
  }
  try {
    return SignCompact(parts->key, {kType, parts->key.id()}, claims.dump());
  } catch (const json::exception&) {
    return absl::InvalidArgumentError("a claim is not UTF-8");
  }
}

// --- DecisionVerifier ---

absl::StatusOr<DecisionVerifier> DecisionVerifier::Create(
    std::vector<crypto::PublicKey> keys,  // NOLINT(performance-unnecessary-value-param): likewise
    crypto::LookupHasher icn_hasher, absl::string_view audience) {
  if (keys.empty()) return absl::InvalidArgumentError("no key to verify decision tokens with");
  std::vector<VerifyingKey> verifying;
  for (const crypto::PublicKey& key : keys) {
    const absl::StatusOr<std::string> id = Thumbprint(key);
    if (!id.ok()) return id.status();
    bool known = false;
    for (const VerifyingKey& other : verifying) known = known || other.id() == *id;
    if (known) continue;  // listed twice
    absl::StatusOr<VerifyingKey> one = VerifyingKey::Create(key, Algorithm::kEs256, *id);
    if (!one.ok()) return one.status();
    verifying.push_back(*std::move(one));
  }
  return DecisionVerifier(
      Parts{std::move(verifying), std::move(icn_hasher), std::string(audience)});
}

absl::StatusOr<DecisionVerifier> DecisionVerifier::FromJwks(const Jwks& keys,
                                                            crypto::LookupHasher icn_hasher,
                                                            absl::string_view audience) {
  if (!keys.skipped().empty()) {
    const Jwks::Skipped& first = keys.skipped().front();
    return WrongKey(
        absl::StrCat("key ", first.index, " of the set cannot be used, ", ToString(first.reason)));
  }
  constexpr Algorithm kAllowed[] = {Algorithm::kEs256};
  absl::StatusOr<std::vector<VerifyingKey>> verifying = keys.Verifying(kAllowed);
  if (!verifying.ok()) return verifying.status();
  if (verifying->empty()) return WrongKey("no key of the set is for signatures");
  if (verifying->size() != keys.keys().size()) {
    return WrongKey("a key of the set is for another use");
  }
  // By their thumbprints, which is what tokens call them: a set that names a key otherwise, or not
  // at all, or twice, must not have every token refused.
  std::vector<crypto::PublicKey> published;
  for (const Jwk& key : keys.keys()) published.push_back(key.key);
  return Create(std::move(published), std::move(icn_hasher), audience);
}

absl::StatusOr<DecisionVerifier> DecisionVerifier::FromRing(const crypto::PrivateKeyRing& ring,
                                                            crypto::LookupHasher icn_hasher,
                                                            absl::string_view audience) {
  if (absl::Status checked = CheckAlgorithm(ring); !checked.ok()) return checked;
  std::vector<crypto::PublicKey> keys;
  for (const crypto::PrivateKeyRing::Key& key : ring.keys()) keys.push_back(key.key.Public());
  return Create(std::move(keys), std::move(icn_hasher), audience);
}

absl::StatusOr<VerifiedDecision> DecisionVerifier::Verify(absl::string_view token,
                                                          const ExpectedDecision& expected,
                                                          absl::Time now, std::string* why) const {
  const auto parts = parts_->Get();
  const absl::StatusOr<VerifiedJwt> verified =
      VerifyJwt(token, parts->keys, RulesFor(parts->audience), now);
  if (!verified.ok()) return RefuseOrFail(verified.status(), why);
  const absl::StatusOr<json> claims = ReadClaimsObject(verified->payload);
  if (!claims.ok()) return RefuseOrFail(claims.status(), why);
  std::optional<DecisionClaims> read = ReadDecision(*claims);
  if (!read.has_value()) return Refuse("claims", why);
  VerifiedDecision& decision = read->decision;
  if (decision.account_id != expected.account_id) return Refuse("account", why);
  if (decision.flow_id != expected.flow_id) return Refuse("flow", why);
  if (!expected.icn.empty()) {
    decision.icn_matches = SameIcn(parts->icn_hasher, expected.icn, read->icn_hash);
    if (!decision.icn_matches) return Refuse("icn", why);
  }
  return decision;
}

}  // namespace va::jose
