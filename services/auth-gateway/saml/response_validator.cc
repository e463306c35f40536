#include "services/auth-gateway/saml/response_validator.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/assertion_reader.h"
#include "services/auth-gateway/saml/encrypted_parts.h"
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

// ---- Where things stand -------------------------------------------------------------------------

// The assertions that stand right under a Response, none of them trusted yet.
struct Parts {
  std::vector<Element> assertions;
  std::vector<Element> encrypted;
};

bool IsAnyAssertion(const Element& element) {
  return element.Is(kAssertion, "Assertion") || element.Is(kAssertion, "EncryptedAssertion");
}

// Assertions, signatures and responses stand where the schema puts the ones we verify, and nowhere
// else: whatever hides a second one, hides it from somebody (attacks S1-S13, S17, S67). Advice is
// left alone: it may carry assertions, and nobody reads them (attack S16). `decrypted` is the
// assertion that took the place of its ciphertext, once it did.
Verdict CheckBelow(const Element& element, const Element& response,
                   const std::optional<Element>& decrypted) {
  const bool top = element == response;
  const bool top_assertion =
      element == decrypted || (element.Is(kAssertion, "Assertion") && element.Parent() == response);
  for (const Element child : element.Children()) {
    if (top_assertion && child.Is(kAssertion, "Advice")) continue;
    if (IsAnyAssertion(child) && !top && child != decrypted) return SamlReject::kMisplacedAssertion;
    if (child.Is(xml::kDsigNs, "Signature") && !top && !top_assertion) {
      return SamlReject::kSignatureMisplaced;
    }
    if (child.Is(kProtocol, "Response")) return SamlReject::kMalformedResponse;
    if (const Verdict no = CheckBelow(child, response, decrypted)) return no;
  }
  return std::nullopt;
}

// Over the whole tree, decrypted parts included: no ID twice, nothing where it does not belong.
Verdict CheckTree(const xml::Document& document,
                  const std::optional<Element>& decrypted = std::nullopt) {
  if (const absl::Status ids = xml::CheckIds(document); !ids.ok()) {
    return RejectFromXml(ids, SamlReject::kXmlBadId);
  }
  return CheckBelow(document.root(), document.root(), decrypted);
}

Parts PartsOf(const Element& response) {
  return {response.ChildrenNamed(kAssertion, "Assertion"),
          response.ChildrenNamed(kAssertion, "EncryptedAssertion")};
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
  options.allow_legacy = expected.algorithms == Algorithms::kLegacyToo;
  options.ids_are_checked = true;
  absl::StatusOr<VerifiedElement> verified =
      xml::VerifyEnveloped(document, element, expected.keys, options);
  if (!verified.ok()) return RejectFromXml(verified.status(), SamlReject::kSignatureProcessing);
  out = *std::move(verified);
  return std::nullopt;
}

struct Wanted {
  bool response = false;
  bool assertion = false;
  bool encrypted = false;
};

Wanted Demands(SignatureWanted want) {
  switch (want) {
    case SignatureWanted::kResponse:
      return {.response = true};
    case SignatureWanted::kAssertion:
      return {.assertion = true};
    case SignatureWanted::kBoth:
      return {.response = true, .assertion = true};
    case SignatureWanted::kEncrypted:
      return {.encrypted = true};
  }
  return {.response = true, .assertion = true, .encrypted = true};
}

Verdict CheckWanted(bool response_signed, bool assertion_signed, const Wanted& wanted) {
  if (!response_signed && !assertion_signed) return SamlReject::kUnsigned;
  if (wanted.response && !response_signed) return SamlReject::kResponseNotSigned;
  if (wanted.assertion && !assertion_signed) return SamlReject::kAssertionNotSigned;
  return std::nullopt;
}

// One assertion, counted over both kinds (attacks S14, S15).
Verdict CheckCount(const Parts& parts) {
  const size_t count = parts.assertions.size() + parts.encrypted.size();
  if (count == 0) return SamlReject::kNoAssertion;
  if (count > 1) return SamlReject::kSeveralAssertions;
  return std::nullopt;
}

// ---- The Assertion ------------------------------------------------------------------------------

// The plain assertion, or the one that was encrypted, then in the place of its ciphertext. The
// envelope was judged before: an encrypted message that would be refused anyway costs no RSA
// operation, and CBC is opened only under the signature of the Response (decision P4).
Verdict FindCandidate(xml::Document& document, const Parts& parts, bool response_signed,
                      const ExpectedResponse& expected, std::optional<Element>& out) {
  if (!parts.assertions.empty()) {
    out = parts.assertions.front();
    return std::nullopt;
  }
  if (const Verdict no =
          DecryptAssertion(document, parts.encrypted.front(), response_signed, expected, out)) {
    return no;
  }
  return CheckTree(document, out);
}

// The assertion under a signature: its own when it has one, else that of the Response.
Verdict VerifyAssertion(const xml::Document& document, const Element& candidate,
                        const std::optional<VerifiedElement>& response,
                        const ExpectedResponse& expected, std::optional<VerifiedElement>& out) {
  const bool is_signed = xml::HasSignature(candidate);
  if (const Verdict no = CheckWanted(response.has_value(), is_signed, Demands(expected.want))) {
    return no;
  }
  if (const Verdict no = VerifyIfSigned(document, candidate, expected, out)) return no;
  if (out.has_value()) return std::nullopt;
  const std::optional<VerifiedElement> holder =
      candidate.Parent() == **response ? response
                                       : response->OnlyChild(kAssertion, "EncryptedAssertion");
  if (holder.has_value()) out = holder->OnlyChild(kAssertion, "Assertion");
  return out.has_value() ? std::nullopt : Verdict(SamlReject::kUnsigned);
}

// Whether what is wanted can still come true, before anything is decrypted for it.
Verdict CheckEarly(const Parts& parts, bool response_signed, const Wanted& wanted) {
  if (const Verdict no = CheckCount(parts)) return no;
  if (parts.encrypted.empty()) {
    return wanted.encrypted ? Verdict(SamlReject::kAssertionNotEncrypted) : std::nullopt;
  }
  if (wanted.response && !response_signed) return SamlReject::kResponseNotSigned;
  return std::nullopt;
}

Verdict Validate(xml::Document& document, const ExpectedResponse& expected,
                 VerifiedAssertion& out) {
  const Element root = document.root();
  if (!root.Is(kProtocol, "Response")) return SamlReject::kNotAResponse;
  if (const Verdict no = CheckTree(document)) return no;
  const Parts parts = PartsOf(root);

  std::optional<VerifiedElement> response;
  if (const Verdict no = VerifyIfSigned(document, root, expected, response)) return no;
  if (const Verdict no = CheckEnvelope(root, response.has_value(), expected)) return no;
  const bool is_signed = response.has_value();
  if (const Verdict no = CheckEarly(parts, is_signed, Demands(expected.want))) return no;

  std::optional<Element> candidate;
  if (const Verdict no = FindCandidate(document, parts, is_signed, expected, candidate)) return no;
  std::optional<VerifiedElement> assertion;
  if (const Verdict no = VerifyAssertion(document, *candidate, response, expected, assertion)) {
    return no;
  }
  if (const Verdict no = DecryptNameId(document, *assertion, expected)) return no;
  out.encrypted = !parts.encrypted.empty();
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
  absl::StatusOr<xml::Document> document = xml::Document::Parse(xml);
  if (!document.ok()) {
    return RejectStatus(RejectFromXml(document.status(), SamlReject::kXmlNotWellFormed));
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
