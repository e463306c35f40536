#include "services/auth-gateway/saml/authn_request.h"

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/builder.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "services/auth-gateway/saml/saml_time.h"

namespace va::gateway {
namespace {

using saml::kAssertion;
using saml::kProtocol;

void WriteSubject(xml::Builder& out, const std::string& name_id) {
  out.Open(kAssertion, "Subject").Open(kAssertion, "NameID");
  out.Attr("Format", saml::kUnspecifiedFormat).Text(name_id);
  out.Close().Close();
}

void WriteContexts(xml::Builder& out, const AuthnRequestSpec& spec) {
  out.Open(kProtocol, "RequestedAuthnContext").Attr("Comparison", spec.comparison);
  for (const std::string& context : spec.contexts) {
    out.Leaf(kAssertion, "AuthnContextClassRef", context);
  }
  out.Close();
}

// Elements in the order of the schema (SAML core 3.2.1, 3.4.1); the Signature comes after Issuer.
absl::StatusOr<xml::Document> Write(const AuthnRequestSpec& spec) {
  if (!xml::IsNcName(spec.id) || (spec.comparison != "exact" && spec.comparison != "minimum")) {
    return base::MakeError(absl::StatusCode::kInternal, "BAD_AUTHN_REQUEST",
                           "the id or the comparison of an AuthnRequest is not valid");
  }
  xml::Builder out(kProtocol, "samlp", "AuthnRequest");
  out.DeclareNs("saml", kAssertion)
      .Attr("ID", spec.id)
      .Attr("Version", "2.0")
      .Attr("IssueInstant", FormatSamlTime(spec.issue_instant))
      .Attr("Destination", spec.destination)
      .Attr("ForceAuthn", spec.force_authn ? "true" : "false")
      .Attr("ProtocolBinding", saml::kHttpPost)
      .Attr("AssertionConsumerServiceURL", spec.acs_url)
      .Leaf(kAssertion, "Issuer", spec.issuer);
  if (spec.name_id.has_value()) WriteSubject(out, *spec.name_id);
  out.Open(kProtocol, "NameIDPolicy")
      .Attr("Format", saml::kUnspecifiedFormat)
      .Attr("AllowCreate", "true")
      .Close();
  if (!spec.contexts.empty()) WriteContexts(out, spec);
  return out.Finish();
}

}  // namespace

absl::StatusOr<std::string> BuildAuthnRequest(const AuthnRequestSpec& spec,
                                              const crypto::PrivateKey& key,
                                              const crypto::Certificate& certificate) {
  absl::StatusOr<xml::Document> document = Write(spec);
  if (!document.ok()) return document.status();
  xml::SignOptions options;
  options.certificate_der = certificate.der();
  const absl::Status is_signed =
      xml::SignEnveloped(*document, document->root(), "ID", key, options);
  if (!is_signed.ok()) return is_signed;
  return document->Serialize();
}

absl::StatusOr<std::string> BuildBareAuthnRequest(const AuthnRequestSpec& spec) {
  absl::StatusOr<xml::Document> document = Write(spec);
  if (!document.ok()) return document.status();
  return document->Serialize();
}

std::string EncodeFormValue(absl::string_view xml) { return base::Base64Encode(xml); }

}  // namespace va::gateway
