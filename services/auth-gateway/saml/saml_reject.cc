#include "services/auth-gateway/saml/saml_reject.h"

#include "absl/strings/ascii.h"
#include "lib/base/status.h"

namespace va::gateway {
namespace {

using base::SignInCode;

struct Named {
  SamlReject reject;
  absl::string_view name;
};

// In the order of the enumeration, which the assertion below holds to.
constexpr Named kNames[] = {
    {SamlReject::kBlankResponse, "BLANK_RESPONSE"},
    {SamlReject::kBadBase64, "BAD_BASE64"},
    {SamlReject::kXmlTooLarge, "XML_TOO_LARGE"},
    {SamlReject::kXmlEncoding, "XML_ENCODING"},
    {SamlReject::kXmlDoctype, "XML_DOCTYPE"},
    {SamlReject::kXmlTooComplex, "XML_TOO_COMPLEX"},
    {SamlReject::kXmlNamespace, "XML_NAMESPACE"},
    {SamlReject::kXmlNotWellFormed, "XML_NOT_WELL_FORMED"},
    {SamlReject::kXmlDuplicateId, "XML_DUPLICATE_ID"},
    {SamlReject::kXmlBadId, "XML_BAD_ID"},
    {SamlReject::kNotAResponse, "NOT_A_RESPONSE"},
    {SamlReject::kBadVersion, "BAD_VERSION"},
    {SamlReject::kMalformedResponse, "MALFORMED_RESPONSE"},
    {SamlReject::kMalformedAssertion, "MALFORMED_ASSERTION"},
    {SamlReject::kNoAssertion, "NO_ASSERTION"},
    {SamlReject::kSeveralAssertions, "SEVERAL_ASSERTIONS"},
    {SamlReject::kMisplacedAssertion, "MISPLACED_ASSERTION"},
    {SamlReject::kEncryptedAssertion, "ENCRYPTED_ASSERTION"},
    {SamlReject::kMarkupInText, "MARKUP_IN_TEXT"},
    {SamlReject::kUnsigned, "UNSIGNED"},
    {SamlReject::kResponseNotSigned, "RESPONSE_NOT_SIGNED"},
    {SamlReject::kAssertionNotSigned, "ASSERTION_NOT_SIGNED"},
    {SamlReject::kSignatureMultiple, "SIGNATURE_MULTIPLE"},
    {SamlReject::kSignatureMisplaced, "SIGNATURE_MISPLACED"},
    {SamlReject::kSignatureMalformed, "SIGNATURE_MALFORMED"},
    {SamlReject::kSignatureReference, "SIGNATURE_REFERENCE"},
    {SamlReject::kSignatureTransform, "SIGNATURE_TRANSFORM"},
    {SamlReject::kSignatureAlgorithm, "SIGNATURE_ALGORITHM"},
    {SamlReject::kSignatureKey, "SIGNATURE_KEY"},
    {SamlReject::kSignatureDigest, "SIGNATURE_DIGEST"},
    {SamlReject::kSignatureInvalid, "SIGNATURE_INVALID"},
    {SamlReject::kSignatureProcessing, "SIGNATURE_PROCESSING"},
    {SamlReject::kAssertionNotEncrypted, "ASSERTION_NOT_ENCRYPTED"},
    {SamlReject::kEncryptionMalformed, "ENCRYPTION_MALFORMED"},
    {SamlReject::kEncryptionAlgorithm, "ENCRYPTION_ALGORITHM"},
    {SamlReject::kEncryptionReference, "ENCRYPTION_REFERENCE"},
    {SamlReject::kEncryptionKey, "ENCRYPTION_KEY"},
    {SamlReject::kDecryptionFailed, "DECRYPTION_FAILED"},
    {SamlReject::kDecryptedContent, "DECRYPTED_CONTENT"},
    {SamlReject::kIssuerMissing, "ISSUER_MISSING"},
    {SamlReject::kIssuerMismatch, "ISSUER_MISMATCH"},
    {SamlReject::kDestinationMissing, "DESTINATION_MISSING"},
    {SamlReject::kDestinationMismatch, "DESTINATION_MISMATCH"},
    {SamlReject::kInResponseToMissing, "IN_RESPONSE_TO_MISSING"},
    {SamlReject::kInResponseToMismatch, "IN_RESPONSE_TO_MISMATCH"},
    {SamlReject::kStatusMissing, "STATUS_MISSING"},
    {SamlReject::kStatusConsentDenied, "STATUS_CONSENT_DENIED"},
    {SamlReject::kStatusNotSuccess, "STATUS_NOT_SUCCESS"},
    {SamlReject::kSubjectMissing, "SUBJECT_MISSING"},
    {SamlReject::kNameIdMissing, "NAME_ID_MISSING"},
    {SamlReject::kNameIdEncrypted, "NAME_ID_ENCRYPTED"},
    {SamlReject::kNameIdOtherSp, "NAME_ID_OTHER_SP"},
    {SamlReject::kNoBearerConfirmation, "NO_BEARER_CONFIRMATION"},
    {SamlReject::kConfirmationMalformed, "CONFIRMATION_MALFORMED"},
    {SamlReject::kConfirmationExpired, "CONFIRMATION_EXPIRED"},
    {SamlReject::kRecipientMissing, "RECIPIENT_MISSING"},
    {SamlReject::kRecipientMismatch, "RECIPIENT_MISMATCH"},
    {SamlReject::kConditionsMissing, "CONDITIONS_MISSING"},
    {SamlReject::kConditionUnknown, "CONDITION_UNKNOWN"},
    {SamlReject::kAudienceMissing, "AUDIENCE_MISSING"},
    {SamlReject::kAudienceMismatch, "AUDIENCE_MISMATCH"},
    {SamlReject::kTimeMalformed, "TIME_MALFORMED"},
    {SamlReject::kNotYetValid, "NOT_YET_VALID"},
    {SamlReject::kExpired, "EXPIRED"},
    {SamlReject::kIssuedInFuture, "ISSUED_IN_FUTURE"},
    {SamlReject::kAuthnStatementMissing, "AUTHN_STATEMENT_MISSING"},
    {SamlReject::kSeveralAuthnStatements, "SEVERAL_AUTHN_STATEMENTS"},
    {SamlReject::kAuthnInstantInFuture, "AUTHN_INSTANT_IN_FUTURE"},
    {SamlReject::kAuthnInstantTooOld, "AUTHN_INSTANT_TOO_OLD"},
    {SamlReject::kSessionExpired, "SESSION_EXPIRED"},
    {SamlReject::kContextMissing, "CONTEXT_MISSING"},
    {SamlReject::kContextNotSatisfied, "CONTEXT_NOT_SATISFIED"},
    {SamlReject::kDuplicateAttribute, "DUPLICATE_ATTRIBUTE"},
    {SamlReject::kMalformedAttribute, "MALFORMED_ATTRIBUTE"},
    {SamlReject::kAttributeEncrypted, "ATTRIBUTE_ENCRYPTED"},
    {SamlReject::kQueryMalformed, "QUERY_MALFORMED"},
    {SamlReject::kBadDeflate, "BAD_DEFLATE"},
    {SamlReject::kNotALogoutMessage, "NOT_A_LOGOUT_MESSAGE"},
    {SamlReject::kMalformedLogout, "MALFORMED_LOGOUT"},
    {SamlReject::kStatusPartialLogout, "STATUS_PARTIAL_LOGOUT"},
};

constexpr bool NamesFollowTheEnumeration() {
  size_t at = 0;
  for (const Named& named : kNames) {
    if (static_cast<size_t>(named.reject) != at++) return false;
  }
  return at == static_cast<size_t>(SamlReject::kStatusPartialLogout) + 1;
}
static_assert(NamesFollowTheEnumeration());

// The code where it is not 007, and the tag where it is not the reason in lower case.
struct Meaning {
  SamlReject reject;
  SignInCode code;
  absl::string_view tag;
};

constexpr Meaning kMeanings[] = {
    {SamlReject::kStatusConsentDenied, SignInCode::kClickedDeny, "clicked_deny"},
    {SamlReject::kNotYetValid, SignInCode::kAuthTooEarly, "auth_too_early"},
    // The same cause as NotBefore in the future: the two clocks do not agree.
    {SamlReject::kIssuedInFuture, SignInCode::kAuthTooEarly, "auth_too_early"},
    {SamlReject::kExpired, SignInCode::kAuthTooLate, "auth_too_late"},
    {SamlReject::kConfirmationExpired, SignInCode::kAuthTooLate, "auth_too_late"},
    {SamlReject::kBlankResponse, SignInCode::kUnknown, "blank"},
    {SamlReject::kDuplicateAttribute, SignInCode::kUnknown, "ambiguous_attribute"},  // decision R11
    {SamlReject::kContextNotSatisfied, SignInCode::kUnknown, "assurance_not_met"},   // decision R14
};

struct Translation {
  absl::string_view reason;
  SamlReject reject;
};

// What lib/xml says, in our words.
constexpr Translation kTranslations[] = {
    {"XML_EMPTY", SamlReject::kBlankResponse},
    {"XML_TOO_LARGE", SamlReject::kXmlTooLarge},
    {"XML_NOT_UTF8", SamlReject::kXmlEncoding},
    {"XML_DECLARATION", SamlReject::kXmlEncoding},
    {"XML_DOCTYPE", SamlReject::kXmlDoctype},
    {"XML_TOO_DEEP", SamlReject::kXmlTooComplex},
    {"XML_TOO_MANY_NODES", SamlReject::kXmlTooComplex},
    {"XML_NAMESPACE", SamlReject::kXmlNamespace},
    {"XML_NOT_WELL_FORMED", SamlReject::kXmlNotWellFormed},
    {"XML_DUPLICATE_ID", SamlReject::kXmlDuplicateId},
    {"XML_BAD_ID", SamlReject::kXmlBadId},
    {"SIGNATURE_MISSING", SamlReject::kUnsigned},
    {"SIGNATURE_MULTIPLE", SamlReject::kSignatureMultiple},
    {"SIGNATURE_MALFORMED", SamlReject::kSignatureMalformed},
    {"SIGNATURE_REFERENCE", SamlReject::kSignatureReference},
    {"SIGNATURE_TRANSFORM", SamlReject::kSignatureTransform},
    {"SIGNATURE_ALGORITHM", SamlReject::kSignatureAlgorithm},
    {"SIGNATURE_KEY", SamlReject::kSignatureKey},
    {"DIGEST_MISMATCH", SamlReject::kSignatureDigest},
    {"SIGNATURE_INVALID", SamlReject::kSignatureInvalid},
    {"SIGNATURE_PROCESSING", SamlReject::kSignatureProcessing},
    {"ENCRYPTION_MALFORMED", SamlReject::kEncryptionMalformed},
    {"ENCRYPTION_ALGORITHM", SamlReject::kEncryptionAlgorithm},
    {"ENCRYPTION_REFERENCE", SamlReject::kEncryptionReference},
    {"ENCRYPTION_KEY", SamlReject::kEncryptionKey},
    {"DECRYPTION_FAILED", SamlReject::kDecryptionFailed},
    {"DECRYPTED_CONTENT", SamlReject::kDecryptedContent},
};

}  // namespace

absl::string_view ToString(SamlReject reject) { return kNames[static_cast<size_t>(reject)].name; }

const std::vector<SamlReject>& AllSamlRejects() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<SamlReject>();
    for (const Named& named : kNames) all->push_back(named.reject);
    return all;
  }();
  return *kAll;
}

base::Refusal RefusalFor(SamlReject reject) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.reject == reject) return {meaning.code, std::string(meaning.tag)};
  }
  return {SignInCode::kUnknown, absl::AsciiStrToLower(ToString(reject))};
}

base::SignInCode CodeFor(SamlReject reject) { return RefusalFor(reject).code; }

absl::Status RejectStatus(SamlReject reject, absl::string_view message) {
  const absl::string_view reason = ToString(reject);
  return base::MakeError(absl::StatusCode::kPermissionDenied, reason,
                         message.empty() ? reason : message);
}

std::optional<SamlReject> RejectOf(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  for (const Named& named : kNames) {
    if (named.name == reason) return named.reject;
  }
  return std::nullopt;
}

SamlReject RejectFromXml(const absl::Status& status, SamlReject fallback) {
  const std::string reason = base::ReasonOf(status);
  for (const Translation& translation : kTranslations) {
    if (translation.reason == reason) return translation.reject;
  }
  return fallback;
}

}  // namespace va::gateway
