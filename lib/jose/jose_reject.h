// Every way a token can be refused, one enumerator each, for logs and metrics. Outside there is one
// text for all of them (attack J15): whoever sends a token must not learn which check it failed.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace va::jose {

enum class JoseReject {
  // The compact form (RFC 7515 section 7.1).
  kTokenTooLarge,
  kNotCompact,
  kBadBase64,
  // The protected header.
  kHeaderTooLarge,
  kHeaderNotJson,
  kHeaderDuplicateName,
  kHeaderMalformed,
  kHeaderCritical,
  kHeaderCompressed,
  kHeaderUnencoded,
  kHeaderEmbeddedKey,
  kAlgorithmMissing,
  kAlgorithmUnknown,
  // The key and the signature.
  kKeyUnknown,
  kKeyAmbiguous,
  kSignatureLength,
  kSignatureInvalid,
  // The claims (RFC 7519).
  kNested,
  kClaimsNotJson,
  kClaimsDuplicateName,
  kClaimMalformed,
  kTypeMissing,
  kTypeMismatch,
  kIssuerMissing,
  kIssuerMismatch,
  kAudienceMissing,
  kAudienceMismatch,
  kAuthorizedPartyMissing,
  kAuthorizedPartyMismatch,
  kSubjectMissing,
  kIdMissing,
  kIdUsed,
  kExpiryMissing,
  kExpired,
  kNotYetValid,
  kIssuedAtMissing,
  kIssuedInFuture,
  kLifetime,
  // Encryption (RFC 7516).
  kKeyManagementUnknown,
  kPasswordBased,
  kContentEncryptionMissing,
  kContentEncryptionUnknown,
  kContentEncryptionRefused,
  kPartLength,
  kEphemeralKey,
  kDecryptionFailed,
};

// The enumerator as UPPER_SNAKE: the reason of the status.
absl::string_view ToString(JoseReject reject);

// All enumerators, for completeness tests.
const std::vector<JoseReject>& AllJoseRejects();

// The status of a refusal and back. PERMISSION_DENIED, reason ToString(reject), one and the same
// message for every reject.
absl::Status RejectStatus(JoseReject reject);
std::optional<JoseReject> RejectOf(const absl::Status& status);

}  // namespace va::jose
