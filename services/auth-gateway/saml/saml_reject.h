// Every way a SAML response can be refused, one enumerator each, and what a refusal means for the
// person (ssoe_saml.md 6 and 7): 001 declined at the CSP, 003 too early, 005 too late, 007 the rest
// with a tag for operators. Reasons are typed here and never read out of a library's English.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/base/signin_code.h"

namespace va::gateway {

enum class SamlReject {
  // The form field and the bytes in it.
  kBlankResponse,
  kBadBase64,
  kXmlTooLarge,
  kXmlEncoding,
  kXmlDoctype,
  kXmlTooComplex,
  kXmlNamespace,
  kXmlNotWellFormed,
  kXmlDuplicateId,
  kXmlBadId,
  // The shape of the message.
  kNotAResponse,
  kBadVersion,
  kMalformedResponse,
  kMalformedAssertion,
  kNoAssertion,
  kSeveralAssertions,
  kMisplacedAssertion,
  kEncryptedAssertion,  // and we have no key
  kMarkupInText,
  // The signature (decisions P4, P5).
  kUnsigned,
  kResponseNotSigned,
  kAssertionNotSigned,
  kSignatureMultiple,
  kSignatureMisplaced,
  kSignatureMalformed,
  kSignatureReference,
  kSignatureTransform,
  kSignatureAlgorithm,
  kSignatureKey,
  kSignatureDigest,
  kSignatureInvalid,
  kSignatureProcessing,
  // Encryption (decisions P4, P5, P15).
  kAssertionNotEncrypted,
  kEncryptionMalformed,
  kEncryptionAlgorithm,
  kEncryptionReference,
  kEncryptionKey,
  kDecryptionFailed,
  kDecryptedContent,
  // The Response around the Assertion.
  kIssuerMissing,
  kIssuerMismatch,
  kDestinationMissing,
  kDestinationMismatch,
  kInResponseToMissing,
  kInResponseToMismatch,
  kStatusMissing,
  kStatusConsentDenied,
  kStatusNotSuccess,
  // The Assertion.
  kSubjectMissing,
  kNameIdMissing,
  kNameIdEncrypted,
  kNameIdOtherSp,
  kNoBearerConfirmation,
  kConfirmationMalformed,
  kConfirmationExpired,
  kRecipientMissing,
  kRecipientMismatch,
  kConditionsMissing,
  kConditionUnknown,
  kAudienceMissing,
  kAudienceMismatch,
  kTimeMalformed,
  kNotYetValid,
  kExpired,
  kIssuedInFuture,
  kAuthnStatementMissing,
  kSeveralAuthnStatements,
  kAuthnInstantInFuture,
  kAuthnInstantTooOld,
  kSessionExpired,
  kContextMissing,
  kContextNotSatisfied,
  kDuplicateAttribute,
  kMalformedAttribute,
  kAttributeEncrypted,
  // Logout messages.
  kQueryMalformed,
  kBadDeflate,
  kNotALogoutMessage,
  kMalformedLogout,
  kStatusPartialLogout,
};

// The enumerator as UPPER_SNAKE: the reason of the status, the label of the metric.
absl::string_view ToString(SamlReject reject);

// All enumerators, for completeness tests.
const std::vector<SamlReject>& AllSamlRejects();

// What the person is told and what the operator reads.
base::Refusal RefusalFor(SamlReject reject);
base::SignInCode CodeFor(SamlReject reject);

// The status of a refusal and back. PERMISSION_DENIED, reason ToString(reject).
absl::Status RejectStatus(SamlReject reject, absl::string_view message = "");
std::optional<SamlReject> RejectOf(const absl::Status& status);

// What lib/xml found wrong, in our words; `fallback` for a reason that has none.
SamlReject RejectFromXml(const absl::Status& status, SamlReject fallback);

}  // namespace va::gateway
