#include "services/auth-gateway/saml/sp_metadata.h"

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/crypto/hash.h"
#include "lib/xml/builder.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "services/auth-gateway/saml/saml_time.h"

namespace va::gateway {
namespace {

using saml::kMetadata;

// What we open without further conditions (decision P4), the strongest first.
constexpr absl::string_view kEncryptionMethods[] = {
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
};

void WriteKeyInfo(xml::Builder& out, const crypto::Certificate& certificate) {
  out.Open(xml::kDsigNs, "KeyInfo").Open(xml::kDsigNs, "X509Data");
  out.Leaf(xml::kDsigNs, "X509Certificate", base::Base64Encode(certificate.der()));
  out.Close().Close();
}

void WriteKeys(xml::Builder& out, const SpMetadataSpec& spec) {
  for (const crypto::Certificate& certificate : spec.signing_certificates) {
    out.Open(kMetadata, "KeyDescriptor").Attr("use", "signing");
    WriteKeyInfo(out, certificate);
    out.Close();
  }
  for (const crypto::Certificate& certificate : spec.encryption_certificates) {
    out.Open(kMetadata, "KeyDescriptor").Attr("use", "encryption");
    WriteKeyInfo(out, certificate);
    for (const absl::string_view method : kEncryptionMethods) {
      out.Open(kMetadata, "EncryptionMethod").Attr("Algorithm", method).Close();
    }
    out.Close();
  }
}

void WriteLogout(xml::Builder& out, const std::string& slo_url) {
  if (slo_url.empty()) return;
  for (const absl::string_view binding : {saml::kHttpRedirect, saml::kHttpPost}) {
    out.Open(kMetadata, "SingleLogoutService")
        .Attr("Binding", binding)
        .Attr("Location", slo_url)
        .Close();
  }
}

// The same document has the same id.
std::string IdFor(const SpMetadataSpec& spec, absl::Time now) {
  const std::string seed = absl::StrCat(spec.entity_id, "\n", absl::ToUnixSeconds(now));
  return absl::StrCat("_", base::HexEncode(crypto::Sha256(seed)));
}

}  // namespace

absl::StatusOr<std::string> BuildSpMetadata(const SpMetadataSpec& spec,
                                            const crypto::PrivateKey& key, absl::Time now) {
  if (spec.signing_certificates.empty()) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "NO_SIGNING_CERTIFICATE",
                           "metadata without a signing certificate would be of no use");
  }
  xml::Builder out(kMetadata, "md", "EntityDescriptor");
  out.DeclareNs("ds", xml::kDsigNs)
      .Attr("entityID", spec.entity_id)
      .Attr("ID", IdFor(spec, now))
      .Attr("validUntil", FormatSamlTime(now + spec.validity))
      .Attr("cacheDuration", absl::StrCat("PT", absl::ToInt64Seconds(kSpMetadataCache), "S"));
  out.Open(kMetadata, "SPSSODescriptor")
      .Attr("AuthnRequestsSigned", "true")
      .Attr("WantAssertionsSigned", "true")
      .Attr("protocolSupportEnumeration", saml::kProtocol);
  WriteKeys(out, spec);
  WriteLogout(out, spec.slo_url);
  out.Leaf(kMetadata, "NameIDFormat", saml::kUnspecifiedFormat);
  // POST alone: responses come in no other way.
  out.Open(kMetadata, "AssertionConsumerService")
      .Attr("Binding", saml::kHttpPost)
      .Attr("Location", spec.acs_url)
      .Attr("index", "0")
      .Attr("isDefault", "true")
      .Close();
  out.Close();
  absl::StatusOr<xml::Document> document = out.Finish();
  if (!document.ok()) return document.status();
  xml::SignOptions options;
  options.place = xml::SignaturePlace::kFirstChild;
  options.certificate_der = spec.signing_certificates.front().der();
  const absl::Status signed_now =
      xml::SignEnveloped(*document, document->root(), "ID", key, options);
  if (!signed_now.ok()) return signed_now;
  return document->SerializeWithDeclaration();
}

}  // namespace va::gateway
