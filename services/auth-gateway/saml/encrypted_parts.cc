#include "services/auth-gateway/saml/encrypted_parts.h"

#include "lib/xml/enc.h"
#include "services/auth-gateway/saml/saml_names.h"

namespace va::gateway {
namespace {

using saml::kAssertion;
using xml::Element;

// What `container` hides, which must be called `name`.
Verdict Decrypt(xml::Document& document, const Element& container, absl::string_view name,
                bool under_signature, const ExpectedResponse& expected,
                std::optional<Element>& out) {
  xml::DecryptOptions options;
  options.allow_cbc = under_signature;
  options.allow_legacy = expected.algorithms == Algorithms::kLegacyToo;
  const absl::StatusOr<Element> hidden =
      xml::DecryptInPlace(document, container, expected.decryption_keys, options);
  if (!hidden.ok()) return RejectFromXml(hidden.status(), SamlReject::kDecryptionFailed);
  if (!hidden->Is(kAssertion, name)) return SamlReject::kDecryptedContent;
  out = *hidden;
  return std::nullopt;
}

}  // namespace

Verdict DecryptAssertion(xml::Document& document, const Element& encrypted, bool under_signature,
                         const ExpectedResponse& expected, std::optional<Element>& out) {
  if (expected.decryption_keys.empty()) return SamlReject::kEncryptedAssertion;
  return Decrypt(document, encrypted, "Assertion", under_signature, expected, out);
}

Verdict DecryptNameId(xml::Document& document, const xml::VerifiedElement& assertion,
                      const ExpectedResponse& expected) {
  const std::optional<Element> subject = assertion->OnlyChild(kAssertion, "Subject");
  if (!subject.has_value()) return std::nullopt;
  const std::optional<Element> encrypted = subject->OnlyChild(kAssertion, "EncryptedID");
  if (!encrypted.has_value() || expected.decryption_keys.empty()) return std::nullopt;
  std::optional<Element> name_id;
  if (const Verdict no = Decrypt(document, *encrypted, "NameID", true, expected, name_id)) {
    return no;
  }
  const absl::Status ids = xml::CheckIds(document);
  return ids.ok() ? std::nullopt : Verdict(RejectFromXml(ids, SamlReject::kXmlBadId));
}

}  // namespace va::gateway
