#include "services/auth-gateway/saml/sp_metadata.h"

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/builder.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/saml_names.h"

namespace va::gateway {
namespace {

using saml::kMetadata;

void WriteKey(xml::Builder& out, const crypto::Certificate& certificate) {
  out.Open(kMetadata, "KeyDescriptor").Attr("use", "signing");
  out.Open(xml::kDsigNs, "KeyInfo").Open(xml::kDsigNs, "X509Data");
  out.Leaf(xml::kDsigNs, "X509Certificate", base::Base64Encode(certificate.der()));
  out.Close().Close().Close();
}

}  // namespace

absl::StatusOr<std::string> BuildSpMetadata(const SpMetadataSpec& spec) {
  if (spec.signing_certificates.empty()) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "NO_SIGNING_CERTIFICATE",
                           "metadata without a signing certificate would be of no use");
  }
  xml::Builder out(kMetadata, "md", "EntityDescriptor");
  out.DeclareNs("ds", xml::kDsigNs).Attr("entityID", spec.entity_id);
  out.Open(kMetadata, "SPSSODescriptor")
      .Attr("AuthnRequestsSigned", "true")
      .Attr("WantAssertionsSigned", "true")
      .Attr("protocolSupportEnumeration", saml::kProtocol);
  for (const crypto::Certificate& certificate : spec.signing_certificates) {
    WriteKey(out, certificate);
  }
  out.Leaf(kMetadata, "NameIDFormat", saml::kUnspecifiedFormat);
  out.Open(kMetadata, "AssertionConsumerService")
      .Attr("Binding", saml::kHttpPost)
      .Attr("Location", spec.acs_url)
      .Attr("index", "0")
      .Attr("isDefault", "true")
      .Close();
  out.Close();
  const absl::StatusOr<xml::Document> document = out.Finish();
  if (!document.ok()) return document.status();
  return document->SerializeWithDeclaration();
}

}  // namespace va::gateway
