// For tests: metadata as a genuine identity provider publishes it, every part of it replaceable. A
// row changes one part, so that only that part can be why it is refused.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/crypto/hash.h"
#include "lib/crypto/keys.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "lib/xml/test_signer.h"
#include "services/auth-gateway/saml/idp_metadata.h"

namespace va::gateway::testing {

inline constexpr char kMetadataIdp[] = "https://idp.example/entity";
// 2026-03-04T12:00:00Z
inline absl::Time MetadataNow() { return absl::FromUnixSeconds(1772625600); }

struct TestPair {
  crypto::PrivateKey key;
  crypto::Certificate certificate;
};

inline TestPair NewPair(absl::Time not_before = MetadataNow() - absl::Hours(24),
                        absl::Time not_after = MetadataNow() + absl::Hours(24 * 365)) {
  crypto::CertificateRequest request;
  request.common_name = "idp";
  request.not_before = not_before;
  request.not_after = not_after;
  const crypto::IssuedPair pair =
      xml::testing::OrDie(crypto::IssueSelfSigned(request, crypto::NewKey::kRsa2048));
  return {xml::testing::OrDie(crypto::PrivateKey::FromPem(pair.private_key_pem)),
          xml::testing::OrDie(crypto::Certificate::FromPem(pair.certificate_pem))};
}

// What the provider signs messages with, what it signs metadata with, and what nobody pinned.
inline const TestPair& IdpPair() {
  static const auto* const pair = new TestPair(NewPair());
  return *pair;
}
inline const TestPair& NextPair() {
  static const auto* const pair = new TestPair(NewPair());
  return *pair;
}
inline const TestPair& PublisherPair() {
  static const auto* const pair = new TestPair(NewPair());
  return *pair;
}

inline std::string KeyDescriptor(absl::string_view der, absl::string_view use = "signing") {
  return absl::StrCat("<md:KeyDescriptor", use.empty() ? "" : absl::StrCat(" use=\"", use, "\""),
                      "><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n", base::Base64Encode(der),
                      "\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>");
}
inline std::string KeyDescriptor(const TestPair& pair, absl::string_view use = "signing") {
  return KeyDescriptor(pair.certificate.der(), use);
}

inline std::string Endpoint(absl::string_view name, absl::string_view binding,
                            absl::string_view location, absl::string_view more = "") {
  return absl::StrCat("<md:", name, " Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:", binding,
                      "\" Location=\"", location, "\"", more, "/>");
}

inline std::string PublicationInfo(absl::string_view created) {
  return absl::StrCat(
      "<md:Extensions><mdrpi:PublicationInfo xmlns:mdrpi=\"urn:oasis:names:tc:SAML:metadata:rpi\" "
      "publisher=\"https://publisher.example\" creationInstant=\"",
      created, "\"/></md:Extensions>");
}

struct MetadataParts {
  std::string entity_id = kMetadataIdp;
  std::string root_attributes = " ID=\"_metadata\" validUntil=\"2026-03-14T12:00:00Z\"";
  std::string role_attributes =
      " protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"";
  std::string keys = KeyDescriptor(IdpPair());
  std::string slo = Endpoint("SingleLogoutService", "HTTP-Redirect", "https://idp.example/slo-r") +
                    Endpoint("SingleLogoutService", "HTTP-POST", "https://idp.example/slo",
                             " ResponseLocation=\"https://idp.example/slo-answer\"");
  std::string sso = Endpoint("SingleSignOnService", "HTTP-Redirect", "https://idp.example/sso-r") +
                    Endpoint("SingleSignOnService", "HTTP-POST", "https://idp.example/sso");
  std::string roles;  // more of them
  std::string extensions;

  std::string Role() const {
    return absl::StrCat("<md:IDPSSODescriptor", role_attributes, ">", keys, slo, sso,
                        "</md:IDPSSODescriptor>");
  }
  std::string Entity() const {
    return absl::StrCat(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" "
        "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"",
        entity_id, "\"", root_attributes, ">", extensions, Role(), roles, "</md:EntityDescriptor>");
  }
};

// `xml` with a signature over its root, whose attribute ID names it.
inline std::string SignedMetadata(const std::string& xml,
                                  const TestPair& publisher = PublisherPair()) {
  // As large as metadata may be.
  const xml::ParseLimits limits = {
      .max_bytes = kMaxMetadataBytes, .max_elements = 200'000, .max_attributes = 200'000};
  auto document = xml::testing::OrDie(xml::Document::Parse(xml, limits));
  xml::SignOptions options;
  options.place = xml::SignaturePlace::kFirstChild;
  if (!xml::SignEnveloped(document, document.root(), "ID", publisher.key, options).ok()) {
    std::abort();
  }
  return document.Serialize();
}

inline MetadataTrust SignerTrust() {
  return {kMetadataIdp, {PublisherPair().certificate.public_key()}, ""};
}
inline MetadataTrust PinTrust(absl::string_view bytes) {
  return {kMetadataIdp, {}, base::HexEncode(crypto::Sha256(bytes))};
}

}  // namespace va::gateway::testing
