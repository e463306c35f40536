#include "services/auth-gateway/saml/response_validator.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/assertion_reader.h"
#include "services/auth-gateway/saml/saml_names.h"

namespace va::gateway {
namespace {

using saml::kAssertion;
using saml::kProtocol;
using xml::Element;
using xml::VerifiedElement;

// Base64 of the largest document and as much white space again: more is not decoded at all.
constexpr size_t kMaxFormValue = 2 * 256 * 1024;
constexpr absl::string_view kConsentText = "Subject did not consent to attribute release";

struct Translation {
  absl::string_view reason;
  SamlReject reject;
};

// What lib/xml says, in our words. Unknown reasons become the fallback of the caller.
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
};

SamlReject Translate(const absl::Status& status, SamlReject fallback) {
  const std::string reason = base::ReasonOf(status);
  for (const Translation& translation : kTranslations) {
    if (translation.reason == reason) return translation.reject;
  }
  return fallback;
}

// ---- Where things stand -------------------------------------------------------------------------

// The parts of a Response, none of them trusted yet.
struct Parts {
  Element response;
  std::vector<Element> assertions;  // direct children, plain
  size_t encrypted = 0;             // direct children, encrypted
};

bool IsAnyAssertion(const Element& element) {
  return element.Is(kAssertion, "Assertion") || element.Is(kAssertion, "EncryptedAssertion");
}

// Assertions, signatures and responses stand where the schema puts the ones we verify, and nowhere
// else: whatever hides a second one, hides it from somebody (attacks S1-S13, S17, S67). Advice is
// left alone: it may carry assertions, and nobody reads them (attack S16).
Verdict CheckBelow(const Element& element, const Element& response) {
  for (const Element child : element.Children()) {
    const bool top = element == response;
    const bool in_top_assertion =
        element.Is(kAssertion, "Assertion") && element.Parent() == response;
    if (in_top_assertion && child.Is(kAssertion, "Advice")) continue;
    if (IsAnyAssertion(child) && !top) return SamlReject::kMisplacedAssertion;
    if (child.Is(xml::kDsigNs, "Signature") && !top && !in_top_assertion) {
      return SamlReject::kSignatureMisplaced;
    }
    if (child.Is(kProtocol, "Response")) return SamlReject::kMalformedResponse;
    if (top && child.Is(kAssertion, "EncryptedAssertion")) continue;
    if (const Verdict no = CheckBelow(child, response)) return no;
  }
  return std::nullopt;
}

Verdict CheckPlaces(const Element& response) { return CheckBelow(response, response); }

Parts PartsOf(const Element& response) {
  Parts parts{response, response.ChildrenNamed(kAssertion, "Assertion")};
  parts.encrypted = response.ChildrenNamed(kAssertion, "EncryptedAssertion").size();
  return parts;
}

// ---- The Response around the Assertion ----------------------------------------------------------

// Status as the IdP meant it: 001 when the person declined, else just "not this time".
SamlReject ReadFailure(const Element& status, const Element& code) {
  const std::optional<std::string> top = code.Attr("Value");
  const std::optional<Element> second = code.Child(kProtocol, "StatusCode");
  const std::string detail = second.has_value() ? second->Attr("Value").value_or("") : "";
  const std::optional<Element> message = status.Child(kProtocol, "StatusMessage");
  const bool says_consent = message.has_value() && absl::StrContains(message->Text(), kConsentText);
  const bool by_a_party = top == std::optional<std::string>(saml::kResponder) ||
                          top == std::optional<std::string>(saml::kRequester);
  if (by_a_party && (says_consent || detail == saml::kRequestDenied)) {
    return SamlReject::kStatusConsentDenied;
  }
  return SamlReject::kStatusNotSuccess;
}

Verdict CheckStatus(const Element& response) {
  const std::optional<Element> status = response.OnlyChild(kProtocol, "Status");
  if (!status.has_value()) return SamlReject::kStatusMissing;
  const std::optional<Element> code = status->OnlyChild(kProtocol, "StatusCode");
  if (!code.has_value()) return SamlReject::kStatusMissing;
  if (code->Attr("Value") == std::optional<std::string>(saml::kSuccess)) return std::nullopt;
  return ReadFailure(*status, *code);
}

// An Issuer and a Destination may be left out of a Response that is not signed itself; what is
// there must fit (SAML profiles 4.1.4.2, bindings 3.5.5.2).
Verdict CheckEnvelopeAddress(const Element& response, bool is_signed,
                             const ExpectedResponse& expected) {
  const std::vector<Element> issuers = response.ChildrenNamed(kAssertion, "Issuer");
  if (issuers.size() > 1) return SamlReject::kMalformedResponse;
  if (issuers.empty() && is_signed) return SamlReject::kIssuerMissing;
  if (!issuers.empty()) {
    if (const Verdict no = CheckIssuer(issuers.front(), expected.idp_entity_id)) return no;
  }
  const std::optional<std::string> destination = response.Attr("Destination");
  if (!destination.has_value() && is_signed) return SamlReject::kDestinationMissing;
  if (destination.has_value() && *destination != expected.acs_url) {
    return SamlReject::kDestinationMismatch;
  }
  return std::nullopt;
}

// Whether signed or not, the envelope must fit; when it is not signed that widens no trust
// (attack S28).
Verdict CheckEnvelope(const Element& response, bool is_signed, const ExpectedResponse& expected) {
  if (response.Attr("Version") != std::optional<std::string>("2.0")) return SamlReject::kBadVersion;
  if (response.Attr("ID").value_or("").empty()) return SamlReject::kMalformedResponse;
  if (const Verdict no = CheckEnvelopeAddress(response, is_signed, expected)) return no;
  if (const Verdict no = CheckInResponseTo(response, expected)) return no;
  if (const Verdict no = CheckStatus(response)) return no;
  return CheckIssueInstant(response, expected);
}

// ---- Signatures ---------------------------------------------------------------------------------

// Verifies a signature that is there; `out` stays empty when there is none.
Verdict VerifyIfSigned(const xml::Document& document, const Element& element,
                       const ExpectedResponse& expected, std::optional<VerifiedElement>& out) {
  if (!xml::HasSignature(element)) return std::nullopt;
  xml::VerifyOptions options;
  options.allow_legacy = expected.algorithms == SignatureAlgorithms::kLegacyToo;
  absl::StatusOr<VerifiedElement> verified =
      xml::VerifyEnveloped(document, element, expected.keys, options);
  if (!verified.ok()) return Translate(verified.status(), SamlReject::kSignatureProcessing);
  out = *std::move(verified);
  return std::nullopt;
}

Verdict CheckWanted(bool response_signed, bool assertion_signed, SignatureWanted want) {
  if (!response_signed && !assertion_signed) return SamlReject::kUnsigned;
  if (want != SignatureWanted::kAssertion && !response_signed)
    return SamlReject::kResponseNotSigned;
  if (want != SignatureWanted::kResponse && !assertion_signed)
    return SamlReject::kAssertionNotSigned;
  return std::nullopt;
}

// One assertion, counted over both kinds (attacks S14, S15).
Verdict CheckCount(const Parts& parts) {
  const size_t count = parts.assertions.size() + parts.encrypted;
  if (count == 0) return SamlReject::kNoAssertion;
  if (count > 1) return SamlReject::kSeveralAssertions;
  if (parts.encrypted == 1) return SamlReject::kEncryptedAssertion;
  return std::nullopt;
}

Verdict Validate(const xml::Document& document, const ExpectedResponse& expected,
                 VerifiedAssertion& out) {
  const Element root = document.root();
  if (!root.Is(kProtocol, "Response")) return SamlReject::kNotAResponse;
  if (const absl::Status ids = xml::CheckIds(document); !ids.ok()) {
    return Translate(ids, SamlReject::kXmlBadId);
  }
  if (const Verdict no = CheckPlaces(root)) return no;
  const Parts parts = PartsOf(root);

  std::optional<VerifiedElement> response;
  if (const Verdict no = VerifyIfSigned(document, root, expected, response)) return no;
  if (const Verdict no = CheckEnvelope(root, response.has_value(), expected)) return no;
  if (const Verdict no = CheckCount(parts)) return no;

  std::optional<VerifiedElement> assertion;
  const Element& candidate = parts.assertions.front();
  const bool assertion_signed = xml::HasSignature(candidate);
  if (const Verdict no = CheckWanted(response.has_value(), assertion_signed, expected.want))
    return no;
  if (const Verdict no = VerifyIfSigned(document, candidate, expected, assertion)) return no;
  if (!assertion.has_value()) assertion = response->OnlyChild(kAssertion, "Assertion");
  if (!assertion.has_value()) return SamlReject::kUnsigned;
  return ReadAssertion(*assertion, expected, out);
}

}  // namespace

absl::StatusOr<std::string> DecodeFormValue(absl::string_view form_value) {
  if (form_value.empty()) return RejectStatus(SamlReject::kBlankResponse);
  if (form_value.size() > kMaxFormValue) return RejectStatus(SamlReject::kXmlTooLarge);
  absl::StatusOr<std::string> xml = base::Base64DecodeLenientWhitespace(form_value);
  if (!xml.ok()) return RejectStatus(SamlReject::kBadBase64);
  if (xml->empty()) return RejectStatus(SamlReject::kBlankResponse);
  return xml;
}

absl::StatusOr<VerifiedAssertion> ValidateResponseXml(absl::string_view xml,
                                                      const ExpectedResponse& expected) {
  const absl::StatusOr<xml::Document> document = xml::Document::Parse(xml);
  if (!document.ok()) {
    return RejectStatus(Translate(document.status(), SamlReject::kXmlNotWellFormed));
  }
  VerifiedAssertion assertion;
  if (const Verdict no = Validate(*document, expected, assertion)) return RejectStatus(*no);
  return assertion;
}

absl::StatusOr<VerifiedAssertion> ValidateResponse(absl::string_view form_value,
                                                   const ExpectedResponse& expected) {
  const absl::StatusOr<std::string> xml = DecodeFormValue(form_value);
  if (!xml.ok()) return xml.status();
  return ValidateResponseXml(*xml, expected);
}

}  // namespace va::gateway
