#include "services/auth-gateway/api/http/gateway_testing.h"

#include "lib/identity/authn_context.h"
#include "services/auth-gateway/web/session_token.h"

namespace va::gateway::testing {
namespace {

std::string Instant(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace

std::string TestGateway::HashOf(const std::string& token) { return HashToken(token); }

std::string TestGateway::ResponseTo(const Attempt& attempt, const std::string& assertion_id,
                                    absl::Duration authenticated) {
  using saml::kAssertion;
  const std::string now = Instant(clock.Now());
  const std::string end = Instant(clock.Now() + absl::Minutes(5));
  xml::Builder builder(saml::kProtocol, "samlp", "Response");
  builder.DeclareNs("saml", kAssertion)
      .Attr("ID", "_r1")
      .Attr("Version", "2.0")
      .Attr("IssueInstant", now)
      .Attr("Destination", kAcs);
  if (!attempt.authn_request_id.empty()) builder.Attr("InResponseTo", attempt.authn_request_id);
  builder.Leaf(kAssertion, "Issuer", kIdp)
      .Open(saml::kProtocol, "Status")
      .Open(saml::kProtocol, "StatusCode")
      .Attr("Value", saml::kSuccess)
      .Close()
      .Close()
      .Open(kAssertion, "Assertion")
      .Attr("ID", assertion_id)
      .Attr("Version", "2.0")
      .Attr("IssueInstant", now)
      .Leaf(kAssertion, "Issuer", kIdp)
      .Open(kAssertion, "Subject")
      .Leaf(kAssertion, "NameID", "name-1")
      .Open(kAssertion, "SubjectConfirmation")
      .Attr("Method", saml::kBearer)
      .Open(kAssertion, "SubjectConfirmationData")
      .Attr("Recipient", kAcs);
  if (!attempt.authn_request_id.empty()) builder.Attr("InResponseTo", attempt.authn_request_id);
  builder.Attr("NotOnOrAfter", end)
      .Close()
      .Close()
      .Close()
      .Open(kAssertion, "Conditions")
      .Attr("NotBefore", now)
      .Attr("NotOnOrAfter", end)
      .Open(kAssertion, "AudienceRestriction")
      .Leaf(kAssertion, "Audience", kSp)
      .Close()
      .Close()
      .Open(kAssertion, "AuthnStatement")
      .Attr("AuthnInstant", Instant(clock.Now() - authenticated))
      .Attr("SessionIndex", "_s1")
      .Open(kAssertion, "AuthnContext")
      .Leaf(kAssertion, "AuthnContextClassRef", returned_context)
      .Close()
      .Close()
      .Open(kAssertion, "AttributeStatement")
      .Open(kAssertion, "Attribute")
      .Attr("Name", "va_eauth_csid")
      .Leaf(kAssertion, "AttributeValue", "idme")
      .Close()
      .Close()
      .Close();
  xml::Document document = OrDie(builder.Finish());
  const auto assertion = document.root().Child(kAssertion, "Assertion");
  if (!assertion.has_value() || !xml::SignEnveloped(document, *assertion, "ID", idp_key_).ok()) {
    std::abort();
  }
  return base::Base64Encode(document.Serialize());
}

}  // namespace va::gateway::testing
