// For tests: a SAML response as a genuine IdP would sign it, every part of it replaceable. A row
// changes one part, so that only that part can be why it is refused.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/crypto/keys.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "lib/xml/test_signer.h"
#include "services/auth-gateway/saml/response_validator.h"

namespace va::gateway::testing {

using xml::testing::AttackerKey;
using xml::testing::EcP256Key;
using xml::testing::IdpKey;

inline constexpr char kIdp[] = "https://idp.example/entity";
inline constexpr char kSp[] = "https://sp.example/entity";
inline constexpr char kAcs[] = "https://sp.example/v1/sessions/callback";
inline constexpr char kRequest[] = "_request-1";
inline constexpr char kLoa3Context[] = "http://idmanagement.gov/ns/assurance/loa/3";
// 2026-03-04T12:00:00Z
inline absl::Time Now() { return absl::FromUnixSeconds(1772625600); }

struct ResponseParts {
  std::string response_attributes = absl::StrCat(
      " ID=\"_response\" Version=\"2.0\" IssueInstant=\"2026-03-04T12:00:00Z\" Destination=\"",
      kAcs, "\" InResponseTo=\"", kRequest, "\"");
  std::string response_issuer = absl::StrCat("<saml:Issuer>", kIdp, "</saml:Issuer>");
  std::string extensions;
  std::string status =
      "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>"
      "</samlp:Status>";
  std::string assertion_attributes =
      " ID=\"_assertion\" Version=\"2.0\" IssueInstant=\"2026-03-04T12:00:00Z\"";
  std::string issuer = absl::StrCat("<saml:Issuer>", kIdp, "</saml:Issuer>");
  std::string name_id =
      "<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">"
      "alice</saml:NameID>";
  std::string confirmation = absl::StrCat(
      "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">"
      "<saml:SubjectConfirmationData NotOnOrAfter=\"2026-03-04T12:05:00Z\" Recipient=\"",
      kAcs, "\" InResponseTo=\"", kRequest, "\"/></saml:SubjectConfirmation>");
  std::string conditions = absl::StrCat(
      "<saml:Conditions NotBefore=\"2026-03-04T11:59:00Z\" NotOnOrAfter=\"2026-03-04T12:05:00Z\">"
      "<saml:AudienceRestriction><saml:Audience>",
      kSp, "</saml:Audience></saml:AudienceRestriction></saml:Conditions>");
  std::string advice;
  std::string authn_statement = absl::StrCat(
      "<saml:AuthnStatement AuthnInstant=\"2026-03-04T11:59:30Z\" SessionIndex=\"session-1\">"
      "<saml:AuthnContext><saml:AuthnContextClassRef>",
      kLoa3Context, "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>");
  std::string attributes =
      "<saml:Attribute Name=\"va_eauth_csid\"><saml:AttributeValue>idme</saml:AttributeValue>"
      "</saml:Attribute><saml:Attribute Name=\"va_eauth_firstname\"><saml:AttributeValue>ALICE"
      "</saml:AttributeValue></saml:Attribute>";

  bool sign_assertion = true;
  bool sign_response = false;
  const crypto::PrivateKey* assertion_key = &IdpKey();
  const crypto::PrivateKey* response_key = &IdpKey();

  std::string Assertion() const {
    return absl::StrCat("<saml:Assertion", assertion_attributes, ">", issuer, "<saml:Subject>",
                        name_id, confirmation, "</saml:Subject>", conditions, advice,
                        authn_statement, "<saml:AttributeStatement>", attributes,
                        "</saml:AttributeStatement></saml:Assertion>");
  }
  // Assertion replaces the one made of the parts.
  std::string Unsigned(const std::string& assertion) const {
    return absl::StrCat(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "
        "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
        response_attributes, ">", response_issuer, extensions, status, assertion,
        "</samlp:Response>");
  }
};

// Signs an element in place, by its ID.
inline std::string SignById(const std::string& text, absl::string_view id,
                            const crypto::PrivateKey& key) {
  xml::Document document = xml::testing::OrDie(xml::Document::Parse(text));
  const absl::Status done =
      xml::SignEnveloped(document, xml::testing::ById(document.root(), id), "ID", key);
  if (!done.ok()) std::abort();
  return document.Serialize();
}

// The response as it would be posted, before base64.
inline std::string Render(const ResponseParts& parts) {
  std::string out = parts.Unsigned(parts.Assertion());
  if (parts.sign_assertion) out = SignById(out, "_assertion", *parts.assertion_key);
  if (parts.sign_response) out = SignById(out, "_response", *parts.response_key);
  return out;
}

inline const std::vector<crypto::PublicKey>& IdpKeys() {
  static const auto* const keys = new std::vector<crypto::PublicKey>{IdpKey().Public()};
  return *keys;
}

inline ExpectedResponse Expected() {
  ExpectedResponse expected;
  expected.idp_entity_id = kIdp;
  expected.keys = IdpKeys();
  expected.sp_entity_id = kSp;
  expected.acs_url = kAcs;
  expected.in_response_to = kRequest;
  expected.requested_contexts = {"http://idmanagement.gov/ns/assurance/loa/3",
                                 "https://eauth.va.gov/csp?Select=idme3"};
  expected.comparison = "minimum";
  expected.now = Now();
  return expected;
}

// "ACCEPTED", or the reason.
inline std::string Outcome(absl::string_view xml, const ExpectedResponse& expected = Expected()) {
  const absl::StatusOr<VerifiedAssertion> verified = ValidateResponseXml(xml, expected);
  if (verified.ok()) return "ACCEPTED";
  const std::optional<SamlReject> reject = RejectOf(verified.status());
  return reject.has_value() ? std::string(ToString(*reject)) : "UNTYPED";
}
inline std::string Outcome(const ResponseParts& parts,
                           const ExpectedResponse& expected = Expected()) {
  return Outcome(Render(parts), expected);
}

// The one place of `from` becomes `to`; aborts when there is none, so that no row tests nothing.
inline std::string Replaced(absl::string_view text, absl::string_view from, absl::string_view to) {
  std::string out = absl::StrReplaceAll(text, {{from, to}});
  if (out == text) {
    std::fprintf(stderr, "nothing to replace: %s\n", std::string(from).c_str());
    std::abort();
  }
  return out;
}

// Text from `open` to `close`, both included.
inline std::string Span(absl::string_view text, absl::string_view open, absl::string_view close) {
  const size_t begin = text.find(open);
  const size_t end = text.find(close, begin);
  if (begin == absl::string_view::npos || end == absl::string_view::npos) std::abort();
  return std::string(text.substr(begin, end + close.size() - begin));
}

// Whether the bare library is content with any signature in the message: what a careless service
// provider would ask.
inline bool AnySignatureVerifies(absl::string_view text) {
  const xml::Document document = xml::testing::OrDie(xml::Document::Parse(text));
  std::function<bool(const xml::Element&)> walk = [&](const xml::Element& at) {
    if (xml::HasSignature(at) &&
        xml::testing::BareLibraryAccepts(document, at, IdpKey().Public())) {
      return true;
    }
    for (const xml::Element child : at.Children()) {
      if (walk(child)) return true;
    }
    return false;
  };
  return walk(document.root());
}

}  // namespace va::gateway::testing
