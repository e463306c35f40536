#include "tests/simulators/idp/partner_metadata.h"

#include <string>
#include <utility>

#include "lib/base/encoding.h"
#include "lib/xml/document.h"
#include "tests/simulators/idp/saml_words.h"

namespace va::simulators {
namespace {

using xml::Element;

absl::StatusOr<crypto::PublicKey> KeyOf(const Element& descriptor) {
  const auto info = descriptor.OnlyChild(kDs, "KeyInfo");
  const auto data = info ? info->OnlyChild(kDs, "X509Data") : std::nullopt;
  const auto certificate = data ? data->OnlyChild(kDs, "X509Certificate") : std::nullopt;
  if (!certificate) return absl::InvalidArgumentError("a KeyDescriptor without a certificate");
  const auto der = base::Base64DecodeLenientWhitespace(certificate->Text());
  if (!der.ok()) return der.status();
  return crypto::PublicKey::FromCertificateDer(*der);
}

}  // namespace

absl::StatusOr<PartnerKeys> ReadPartnerMetadata(absl::string_view metadata) {
  const auto document = xml::Document::Parse(metadata);
  if (!document.ok()) return document.status();
  const auto role = document->root().OnlyChild(kMd, "SPSSODescriptor");
  if (!role) return absl::InvalidArgumentError("no metadata of a service provider");
  PartnerKeys keys;
  for (const Element& descriptor : role->ChildrenNamed(kMd, "KeyDescriptor")) {
    auto key = KeyOf(descriptor);
    if (!key.ok()) return key.status();
    // saml-metadata 2.4.1.1: without `use` it is for both.
    const std::string use = descriptor.Attr("use").value_or("");
    if (use != "encryption") keys.signing.push_back(*key);
    if (use != "signing") keys.encryption.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace va::simulators
