// What we send: the AuthnRequest and our metadata, read back with the strict parser.
#include <catch2/catch.hpp>
#include <string>

#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
#include "services/auth-gateway/saml/authn_request.h"
#include "services/auth-gateway/saml/response_for_test.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "services/auth-gateway/saml/sp_metadata.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of this folder's tests
using saml::kAssertion;
using saml::kMetadata;
using saml::kProtocol;

struct SpKey {
  crypto::PrivateKey key;
  crypto::Certificate certificate;
};

SpKey NewSpKey() {
  crypto::CertificateRequest request;
  request.common_name = "sp";
  request.not_before = absl::FromUnixSeconds(1700000000);
  request.not_after = absl::FromUnixSeconds(2000000000);
  const crypto::IssuedPair pair =
      xml::testing::OrDie(crypto::IssueSelfSigned(request, crypto::NewKey::kRsa2048));
  return {xml::testing::OrDie(crypto::PrivateKey::FromPem(pair.private_key_pem)),
          xml::testing::OrDie(crypto::Certificate::FromPem(pair.certificate_pem))};
}

const SpKey& Sp() {
  static const auto* const sp = new SpKey(NewSpKey());
  return *sp;
}

AuthnRequestSpec Spec() {
  AuthnRequestSpec spec;
  spec.id = "_0123456789abcdef";
  spec.issue_instant = Now();
  spec.destination = "https://idp.example/sso?a=1&b=2";
  spec.acs_url = kAcs;
  spec.issuer = kSp;
  spec.contexts = {"http://idmanagement.gov/ns/assurance/loa/1/vets",
                   "https://eauth.va.gov/csp?Select=idme3"};
  spec.comparison = "minimum";
  return spec;
}

xml::Document Request(const AuthnRequestSpec& spec) {
  return xml::testing::OrDie(xml::Document::Parse(
      xml::testing::OrDie(BuildAuthnRequest(spec, Sp().key, Sp().certificate))));
}

std::vector<std::string> Names(const xml::Element& element) {
  std::vector<std::string> names;
  for (const xml::Element child : element.Children()) names.emplace_back(child.local_name());
  return names;
}

}  // namespace

TEST_CASE("BuildAuthnRequest: says what the plan says, in schema order", "[gateway][saml]") {
  const xml::Document document = Request(Spec());
  const xml::Element root = document.root();
  CHECK(root.Is(kProtocol, "AuthnRequest"));
  CHECK(Names(root) ==
        std::vector<std::string>{"Issuer", "Signature", "NameIDPolicy", "RequestedAuthnContext"});
  const auto attr = [&](const char* name) { return root.Attr(name).value_or("absent"); };
  CHECK(attr("ID") == "_0123456789abcdef");
  CHECK(attr("Version") == "2.0");
  CHECK(attr("IssueInstant") == "2026-03-04T12:00:00Z");
  CHECK(attr("Destination") == "https://idp.example/sso?a=1&b=2");
  CHECK(attr("AssertionConsumerServiceURL") == kAcs);
  CHECK(attr("ProtocolBinding") == "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST");
  CHECK(attr("ForceAuthn") == "true");
  CHECK(root.Child(kAssertion, "Issuer")->Text() == kSp);
  const xml::Element policy = *root.Child(kProtocol, "NameIDPolicy");
  CHECK(policy.Attr("Format") ==
        std::optional<std::string>("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"));
  const xml::Element requested = *root.Child(kProtocol, "RequestedAuthnContext");
  CHECK(requested.Attr("Comparison") == std::optional<std::string>("minimum"));
  const std::vector<xml::Element> contexts =
      requested.ChildrenNamed(kAssertion, "AuthnContextClassRef");
  REQUIRE(contexts.size() == 2);
  CHECK(contexts[0].Text() == "http://idmanagement.gov/ns/assurance/loa/1/vets");
  CHECK(contexts[1].Text() == "https://eauth.va.gov/csp?Select=idme3");
}

TEST_CASE("BuildAuthnRequest: is signed with RSA-SHA256 over itself", "[gateway][saml]") {
  const xml::Document document = Request(Spec());
  const std::vector<crypto::PublicKey> keys = {Sp().certificate.public_key()};
  CHECK(xml::VerifyEnveloped(document, document.root(), keys).ok());
  const xml::Element signature = *document.root().Child(xml::kDsigNs, "Signature");
  CHECK(signature.Child(xml::kDsigNs, "SignedInfo")
            ->Child(xml::kDsigNs, "SignatureMethod")
            ->Attr("Algorithm") ==
        std::optional<std::string>("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"));
  const std::string shown = signature.Child(xml::kDsigNs, "KeyInfo")
                                ->Child(xml::kDsigNs, "X509Data")
                                ->Child(xml::kDsigNs, "X509Certificate")
                                ->Text();
  CHECK(base::Base64DecodeStrict(shown).value() == Sp().certificate.der());
}

TEST_CASE("BuildAuthnRequest: S147 ForceAuthn, Subject and contexts only as the plan has them",
          "[gateway][saml]") {
  AuthnRequestSpec spec = Spec();
  spec.force_authn = false;
  spec.contexts.clear();
  spec.name_id = "some <one>";
  const xml::Document document = Request(spec);
  CHECK(document.root().Attr("ForceAuthn") == std::optional<std::string>("false"));
  CHECK(Names(document.root()) ==
        std::vector<std::string>{"Issuer", "Signature", "Subject", "NameIDPolicy"});
  CHECK(document.root().Child(kAssertion, "Subject")->Child(kAssertion, "NameID")->Text() ==
        "some <one>");
  const std::vector<crypto::PublicKey> keys = {Sp().certificate.public_key()};
  CHECK(xml::VerifyEnveloped(document, document.root(), keys).ok());
}

TEST_CASE("BuildAuthnRequest: refuses what would not be a valid message", "[gateway][saml]") {
  AuthnRequestSpec spec = Spec();
  spec.id = "0-starts-with-a-digit";
  CHECK_FALSE(BuildAuthnRequest(spec, Sp().key, Sp().certificate).ok());
  spec = Spec();
  spec.comparison = "better";
  CHECK_FALSE(BuildAuthnRequest(spec, Sp().key, Sp().certificate).ok());
  spec = Spec();
  spec.name_id = "\x01";
  CHECK_FALSE(BuildAuthnRequest(spec, Sp().key, Sp().certificate).ok());
}

TEST_CASE("EncodeFormValue: is read back by DecodeFormValue", "[gateway][saml]") {
  CHECK(DecodeFormValue(EncodeFormValue("<a/>")).value() == "<a/>");
}

namespace {

std::string CertificateIn(const xml::Element& key_descriptor) {
  return base::Base64DecodeStrict(key_descriptor.Child(xml::kDsigNs, "KeyInfo")
                                      ->Child(xml::kDsigNs, "X509Data")
                                      ->Child(xml::kDsigNs, "X509Certificate")
                                      ->Text())
      .value();
}

xml::Document Published(const SpMetadataSpec& spec, const SpKey& signer = Sp()) {
  return xml::testing::OrDie(
      xml::Document::Parse(xml::testing::OrDie(BuildSpMetadata(spec, signer.key, Now()))));
}

}  // namespace

TEST_CASE("BuildSpMetadata: names every certificate of a roll-over, the current one first",
          "[gateway][saml]") {
  const SpKey next = NewSpKey();
  const SpMetadataSpec spec{.entity_id = kSp,
                            .acs_url = kAcs,
                            .slo_url = "https://sp.example/v1/sessions/saml_logout",
                            .signing_certificates = {Sp().certificate, next.certificate},
                            .encryption_certificates = {Sp().certificate}};
  const xml::Document document = Published(spec);
  CHECK(document.root().Is(kMetadata, "EntityDescriptor"));
  CHECK(document.root().Attr("entityID") == std::optional<std::string>(kSp));
  CHECK(document.root().Attr("validUntil") == std::optional<std::string>("2026-04-03T12:00:00Z"));
  CHECK(document.root().Attr("cacheDuration") == std::optional<std::string>("PT86400S"));
  const xml::Element sp = *document.root().Child(kMetadata, "SPSSODescriptor");
  CHECK(Names(sp) == std::vector<std::string>{"KeyDescriptor", "KeyDescriptor", "KeyDescriptor",
                                              "SingleLogoutService", "SingleLogoutService",
                                              "NameIDFormat", "AssertionConsumerService"});
  CHECK(sp.Attr("AuthnRequestsSigned") == std::optional<std::string>("true"));
  CHECK(sp.Attr("WantAssertionsSigned") == std::optional<std::string>("true"));
  const std::vector<xml::Element> keys = sp.ChildrenNamed(kMetadata, "KeyDescriptor");
  CHECK(keys[0].Attr("use") == std::optional<std::string>("signing"));
  CHECK(CertificateIn(keys[0]) == Sp().certificate.der());
  CHECK(CertificateIn(keys[1]) == next.certificate.der());
  CHECK(keys[2].Attr("use") == std::optional<std::string>("encryption"));
  CHECK(CertificateIn(keys[2]) == Sp().certificate.der());
  const xml::Element acs = *sp.Child(kMetadata, "AssertionConsumerService");
  CHECK(acs.Attr("Location") == std::optional<std::string>(kAcs));
  CHECK(acs.Attr("Binding") ==
        std::optional<std::string>("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"));
  CHECK(acs.Attr("index") == std::optional<std::string>("0"));
}

TEST_CASE(
    "BuildSpMetadata P4: partners are told of no cipher but AES-GCM, no key transport but OAEP",
    "[gateway][saml]") {
  const xml::Document document = Published({.entity_id = kSp,
                                            .acs_url = kAcs,
                                            .slo_url = "",
                                            .signing_certificates = {Sp().certificate},
                                            .encryption_certificates = {Sp().certificate}});
  const xml::Element sp = *document.root().Child(kMetadata, "SPSSODescriptor");
  const xml::Element key = sp.ChildrenNamed(kMetadata, "KeyDescriptor").at(1);
  std::vector<std::string> methods;
  for (const xml::Element& method : key.ChildrenNamed(kMetadata, "EncryptionMethod")) {
    methods.push_back(method.Attr("Algorithm").value_or(""));
  }
  CHECK(methods == std::vector<std::string>{"http://www.w3.org/2009/xmlenc11#aes256-gcm",
                                            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
                                            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"});
  CHECK(sp.ChildrenNamed(kMetadata, "SingleLogoutService").empty());
}

TEST_CASE("BuildSpMetadata: S146 the Artifact binding is neither offered nor asked for",
          "[gateway][saml][attack]") {
  const xml::Document document = Published({.entity_id = kSp,
                                            .acs_url = kAcs,
                                            .slo_url = "https://sp.example/v1/sessions/saml_logout",
                                            .signing_certificates = {Sp().certificate},
                                            .encryption_certificates = {}});
  CHECK(document.Serialize().find("rtifact") == std::string::npos);
  const xml::Element sp = *document.root().Child(kMetadata, "SPSSODescriptor");
  CHECK(sp.ChildrenNamed(kMetadata, "ArtifactResolutionService").empty());
  CHECK(sp.ChildrenNamed(kMetadata, "AssertionConsumerService").size() == 1);
  const xml::Document request = Request(Spec());
  CHECK(request.root().Attr("ProtocolBinding") ==
        std::optional<std::string>("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"));
}

TEST_CASE("BuildSpMetadata: is signed with our key; after the swap with the one that was next",
          "[gateway][saml]") {
  const SpKey next = NewSpKey();
  SpMetadataSpec spec{.entity_id = kSp,
                      .acs_url = kAcs,
                      .slo_url = "",
                      .signing_certificates = {Sp().certificate, next.certificate},
                      .encryption_certificates = {}};
  const std::vector<crypto::PublicKey> old_keys = {Sp().certificate.public_key()};
  const std::vector<crypto::PublicKey> new_keys = {next.certificate.public_key()};
  const xml::Document before = Published(spec);
  CHECK(xml::VerifyEnveloped(before, before.root(), old_keys).ok());
  spec.signing_certificates = {next.certificate};
  const xml::Document after = Published(spec, next);
  CHECK(xml::VerifyEnveloped(after, after.root(), new_keys).ok());
  CHECK_FALSE(xml::VerifyEnveloped(after, after.root(), old_keys).ok());
}

TEST_CASE("BuildSpMetadata: refuses to publish without a certificate", "[gateway][saml]") {
  const SpMetadataSpec spec{.entity_id = kSp,
                            .acs_url = kAcs,
                            .slo_url = "",
                            .signing_certificates = {},
                            .encryption_certificates = {}};
  CHECK_FALSE(BuildSpMetadata(spec, Sp().key, Now()).ok());
}

}  // namespace va::gateway
