#include "lib/jose/jose_reject.h"

#include "lib/base/status.h"

namespace va::jose {
namespace {

struct Named {
  JoseReject reject;
  absl::string_view name;
};

// In the order of the enumeration, which the assertion below holds to.
constexpr Named kNames[] = {
    {JoseReject::kTokenTooLarge, "TOKEN_TOO_LARGE"},
    {JoseReject::kNotCompact, "NOT_COMPACT"},
    {JoseReject::kBadBase64, "BAD_BASE64"},
    {JoseReject::kHeaderTooLarge, "HEADER_TOO_LARGE"},
    {JoseReject::kHeaderNotJson, "HEADER_NOT_JSON"},
    {JoseReject::kHeaderDuplicateName, "HEADER_DUPLICATE_NAME"},
    {JoseReject::kHeaderMalformed, "HEADER_MALFORMED"},
    {JoseReject::kHeaderCritical, "HEADER_CRITICAL"},
    {JoseReject::kHeaderCompressed, "HEADER_COMPRESSED"},
    {JoseReject::kHeaderUnencoded, "HEADER_UNENCODED"},
    {JoseReject::kHeaderEmbeddedKey, "HEADER_EMBEDDED_KEY"},
    {JoseReject::kAlgorithmMissing, "ALGORITHM_MISSING"},
    {JoseReject::kAlgorithmUnknown, "ALGORITHM_UNKNOWN"},
    {JoseReject::kKeyUnknown, "KEY_UNKNOWN"},
    {JoseReject::kKeyAmbiguous, "KEY_AMBIGUOUS"},
    {JoseReject::kSignatureLength, "SIGNATURE_LENGTH"},
    {JoseReject::kSignatureInvalid, "SIGNATURE_INVALID"},
    {JoseReject::kNested, "NESTED"},
    {JoseReject::kClaimsNotJson, "CLAIMS_NOT_JSON"},
    {JoseReject::kClaimsDuplicateName, "CLAIMS_DUPLICATE_NAME"},
    {JoseReject::kClaimMalformed, "CLAIM_MALFORMED"},
    {JoseReject::kTypeMissing, "TYPE_MISSING"},
    {JoseReject::kTypeMismatch, "TYPE_MISMATCH"},
    {JoseReject::kIssuerMissing, "ISSUER_MISSING"},
    {JoseReject::kIssuerMismatch, "ISSUER_MISMATCH"},
    {JoseReject::kAudienceMissing, "AUDIENCE_MISSING"},
    {JoseReject::kAudienceMismatch, "AUDIENCE_MISMATCH"},
    {JoseReject::kAuthorizedPartyMissing, "AUTHORIZED_PARTY_MISSING"},
    {JoseReject::kAuthorizedPartyMismatch, "AUTHORIZED_PARTY_MISMATCH"},
    {JoseReject::kSubjectMissing, "SUBJECT_MISSING"},
    {JoseReject::kIdMissing, "ID_MISSING"},
    {JoseReject::kIdUsed, "ID_USED"},
    {JoseReject::kExpiryMissing, "EXPIRY_MISSING"},
    {JoseReject::kExpired, "EXPIRED"},
    {JoseReject::kNotYetValid, "NOT_YET_VALID"},
    {JoseReject::kIssuedAtMissing, "ISSUED_AT_MISSING"},
    {JoseReject::kIssuedInFuture, "ISSUED_IN_FUTURE"},
    {JoseReject::kLifetime, "LIFETIME"},
    {JoseReject::kKeyManagementUnknown, "KEY_MANAGEMENT_UNKNOWN"},
    {JoseReject::kPasswordBased, "PASSWORD_BASED"},
    {JoseReject::kContentEncryptionMissing, "CONTENT_ENCRYPTION_MISSING"},
    {JoseReject::kContentEncryptionUnknown, "CONTENT_ENCRYPTION_UNKNOWN"},
    {JoseReject::kContentEncryptionRefused, "CONTENT_ENCRYPTION_REFUSED"},
    {JoseReject::kPartLength, "PART_LENGTH"},
    {JoseReject::kEphemeralKey, "EPHEMERAL_KEY"},
    {JoseReject::kDecryptionFailed, "DECRYPTION_FAILED"},
};

constexpr bool NamesFollowTheEnumeration() {
  size_t at = 0;
  for (const Named& named : kNames) {
    if (static_cast<size_t>(named.reject) != at++) return false;
  }
  return at == static_cast<size_t>(JoseReject::kDecryptionFailed) + 1;
}
static_assert(NamesFollowTheEnumeration());

}  // namespace

absl::string_view ToString(JoseReject reject) { return kNames[static_cast<size_t>(reject)].name; }

const std::vector<JoseReject>& AllJoseRejects() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<JoseReject>();
    for (const Named& named : kNames) all->push_back(named.reject);
    return all;
  }();
  return *kAll;
}

absl::Status RejectStatus(JoseReject reject) {
  return base::MakeError(absl::StatusCode::kPermissionDenied, ToString(reject),
                         "the token is not accepted");
}

std::optional<JoseReject> RejectOf(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kPermissionDenied) return std::nullopt;
  const std::string reason = base::ReasonOf(status);
  for (const Named& named : kNames) {
    if (named.name == reason) return named.reject;
  }
  return std::nullopt;
}

}  // namespace va::jose
