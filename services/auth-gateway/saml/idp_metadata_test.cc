#include "services/auth-gateway/saml/idp_metadata.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/status.h"
#include "services/auth-gateway/saml/metadata_for_test.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of this folder's tests

absl::StatusOr<IdpMetadata> ReadSigned(const std::string& xml) {
  return ReadIdpMetadata(SignedMetadata(xml), SignerTrust(), MetadataNow());
}

std::string Group(const std::string& inside, const std::string& attributes = "") {
  return absl::StrCat(
      "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_group\"",
      attributes, ">", inside, "</md:EntitiesDescriptor>");
}

std::string InGroup(MetadataParts parts) {
  parts.root_attributes.clear();
  return parts.Entity();
}

}  // namespace

TEST_CASE("ReadIdpMetadata: reads keys, endpoints and validity of a signed entity",
          "[gateway][saml][metadata]") {
  const auto read = ReadSigned(MetadataParts().Entity());
  REQUIRE(read.ok());
  CHECK(read->entity_id == kMetadataIdp);
  REQUIRE(read->signing_certificates.size() == 1);
  CHECK(read->signing_certificates[0].der() == IdpPair().certificate.der());
  CHECK(read->sso.url == "https://idp.example/sso");
  CHECK(read->sso.binding == SamlBinding::kPost);
  REQUIRE(read->slo.has_value());
  CHECK(read->slo->url == "https://idp.example/slo");
  CHECK(read->slo_response_url == "https://idp.example/slo-answer");
  CHECK(read->valid_until == absl::FromUnixSeconds(1773489600));
  CHECK_FALSE(read->cache_duration.has_value());
  CHECK_FALSE(read->wants_signed_requests);
  CHECK(read->findings.empty());
}

TEST_CASE("ReadIdpMetadata: a hash of its bytes is a pin, too", "[gateway][saml][metadata]") {
  const std::string xml = MetadataParts().Entity();
  CHECK(ReadIdpMetadata(xml, PinTrust(xml), MetadataNow()).ok());
  const auto other = ReadIdpMetadata(xml + " ", PinTrust(xml), MetadataNow());
  CHECK(MetadataRejectOf(other.status()) == MetadataReject::kPinMismatch);
}

TEST_CASE("ReadIdpMetadata: Redirect is taken where POST is not offered",
          "[gateway][saml][metadata]") {
  MetadataParts parts;
  parts.sso = Endpoint("SingleSignOnService", "SOAP", "https://idp.example/soap") +
              Endpoint("SingleSignOnService", "HTTP-Redirect", "https://idp.example/sso-r");
  parts.slo.clear();
  parts.role_attributes += " WantAuthnRequestsSigned=\"true\" cacheDuration=\"PT6H\"";
  const auto read = ReadSigned(parts.Entity());
  REQUIRE(read.ok());
  CHECK(read->sso.url == "https://idp.example/sso-r");
  CHECK(read->sso.binding == SamlBinding::kRedirect);
  CHECK_FALSE(read->slo.has_value());
  CHECK(read->wants_signed_requests);
  CHECK(read->cache_duration == absl::Hours(6));
}

TEST_CASE("ReadIdpMetadata S55: old and new key are both listed, so both are trusted",
          "[gateway][saml][metadata][security]") {
  MetadataParts parts;
  parts.keys = KeyDescriptor(IdpPair()) + KeyDescriptor(NextPair()) + KeyDescriptor(IdpPair());
  const auto read = ReadSigned(parts.Entity());
  REQUIRE(read.ok());
  REQUIRE(read->signing_certificates.size() == 2);
  CHECK(read->signing_certificates[0].der() == IdpPair().certificate.der());
  CHECK(read->signing_certificates[1].der() == NextPair().certificate.der());
}

TEST_CASE("ReadIdpMetadata S56: a KeyDescriptor without use signs, one for encryption does not",
          "[gateway][saml][metadata][security]") {
  MetadataParts parts;
  parts.keys = KeyDescriptor(NextPair(), "encryption") + KeyDescriptor(IdpPair(), "");
  const auto read = ReadSigned(parts.Entity());
  REQUIRE(read.ok());
  REQUIRE(read->signing_certificates.size() == 1);
  CHECK(read->signing_certificates[0].der() == IdpPair().certificate.der());
  CHECK(read->findings.empty());

  parts.keys = KeyDescriptor(NextPair(), "encryption");
  CHECK(MetadataRejectOf(ReadSigned(parts.Entity()).status()) == MetadataReject::kKeyMissing);
}

TEST_CASE("ReadIdpMetadata: a key that cannot be trusted is left out and told; the others count",
          "[gateway][saml][metadata]") {
  MetadataParts parts;
  const std::string der = IdpPair().certificate.der();
  const std::string two = absl::StrReplaceAll(
      KeyDescriptor(NextPair()),
      {{"</ds:X509Data>", absl::StrCat("<ds:X509Certificate>", base::Base64Encode(der),
                                       "</ds:X509Certificate></ds:X509Data>")}});
  parts.keys = absl::StrCat(
      KeyDescriptor("no certificate"), two, KeyDescriptor(NextPair(), "Signing"),
      "<md:KeyDescriptor><ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>",
      KeyDescriptor(IdpPair()));
  const auto read = ReadSigned(parts.Entity());
  REQUIRE(read.ok());
  REQUIRE(read->signing_certificates.size() == 1);
  CHECK(read->signing_certificates[0].der() == der);
  REQUIRE(read->findings.size() == 4);
  CHECK_FALSE(read->findings[0].reason.empty());
  CHECK(read->findings[1].reason == "KEY_SEVERAL_CERTIFICATES");
  CHECK(read->findings[2].reason == "KEY_USE");
  CHECK(read->findings[3].reason == "KEY_WITHOUT_CERTIFICATE");
  CHECK(read->findings[3].key_descriptor == 4);
}

TEST_CASE("ReadIdpMetadata P4: a certificate with an Ed25519 key counts for nothing",
          "[gateway][saml][metadata][security]") {
  crypto::CertificateRequest request;
  request.common_name = "idp";
  request.not_before = MetadataNow() - absl::Hours(24);
  request.not_after = MetadataNow() + absl::Hours(24);
  const auto pair = crypto::IssueSelfSigned(request, crypto::NewKey::kEd25519);
  REQUIRE(pair.ok());
  const auto der = base::Base64DecodeLenientWhitespace(absl::StrReplaceAll(
      pair->certificate_pem,
      {{"-----BEGIN CERTIFICATE-----", ""}, {"-----END CERTIFICATE-----", ""}}));
  REQUIRE(der.ok());
  MetadataParts parts;
  parts.keys = KeyDescriptor(*der) + KeyDescriptor(IdpPair());
  const auto read = ReadSigned(parts.Entity());
  REQUIRE(read.ok());
  REQUIRE(read->signing_certificates.size() == 1);
  CHECK(read->signing_certificates[0].der() == IdpPair().certificate.der());
  REQUIRE(read->findings.size() == 1);
  CHECK(read->findings[0].reason == "KEY_TYPE");
  parts.keys = KeyDescriptor(*der);
  CHECK(MetadataRejectOf(ReadSigned(parts.Entity()).status()) == MetadataReject::kKeyMissing);
}

TEST_CASE("ReadIdpMetadata: the narrowest validity on the way to the role counts",
          "[gateway][saml][metadata]") {
  MetadataParts parts;
  parts.root_attributes = " validUntil=\"2026-03-10T00:00:00Z\" cacheDuration=\"PT2H\"";
  parts.role_attributes += " validUntil=\"2026-03-12T00:00:00Z\"";
  const std::string inner = absl::StrReplaceAll(
      Group(parts.Entity(), " validUntil=\"2026-03-08T00:00:00Z\""), {{" ID=\"_group\"", ""}});
  const auto read =
      ReadSigned(Group(inner, " cacheDuration=\"PT1H\" validUntil=\"2026-03-20T00:00:00Z\""));
  REQUIRE(read.ok());
  CHECK(read->valid_until == absl::FromUnixSeconds(1772928000));
  CHECK(read->cache_duration == absl::Hours(1));
}

namespace {

struct Row {
  const char* rule;
  MetadataReject reject;
  std::function<std::string()> bytes;  // as they arrive
};

std::string With(const std::function<void(MetadataParts&)>& change) {
  MetadataParts parts;
  change(parts);
  return SignedMetadata(parts.Entity());
}

std::string Expired() {
  return With([](MetadataParts& p) {
    p.root_attributes = " ID=\"_metadata\" validUntil=\"2026-03-04T12:00:00Z\"";
  });
}

std::string AcsLocation(absl::string_view location) {
  return With([&](MetadataParts& p) {
    p.roles = absl::StrCat(
        "<md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">",
        Endpoint("AssertionConsumerService", "HTTP-POST", location), "</md:SPSSODescriptor>");
  });
}

const std::vector<Row>& Rows() {
  static const auto* const rows = new std::vector<Row>{
      {"unsigned", MetadataReject::kUnsigned, [] { return MetadataParts().Entity(); }},
      {"signed with a key nobody pinned", MetadataReject::kSignature,
       [] { return SignedMetadata(MetadataParts().Entity(), NextPair()); }},
      {"signed, then changed", MetadataReject::kSignature,
       [] {
         return absl::StrReplaceAll(SignedMetadata(MetadataParts().Entity()),
                                    {{"idp.example/sso\"", "evil.example/sso\""}});
       }},
      {"a signed entity inside of an unsigned group", MetadataReject::kUnsigned,
       [] {
         return absl::StrReplaceAll(Group("HERE"),
                                    {{"HERE", SignedMetadata(MetadataParts().Entity())}});
       }},
      {"expired validUntil", MetadataReject::kExpired, Expired},
      {"expired validUntil of the group around it", MetadataReject::kExpired,
       [] { return SignedMetadata(Group(InGroup({}), " validUntil=\"2026-03-01T00:00:00Z\"")); }},
      {"a validUntil that is no time", MetadataReject::kValidityMalformed,
       [] {
         return With([](MetadataParts& p) {
           p.root_attributes = " ID=\"_metadata\" validUntil=\"never\"";
         });
       }},
      {"a cacheDuration that is no duration", MetadataReject::kValidityMalformed,
       [] {
         return With([](MetadataParts& p) { p.root_attributes += " cacheDuration=\"-P1D\""; });
       }},
      {"a creationInstant that cannot be read", MetadataReject::kValidityMalformed,
       [] { return With([](MetadataParts& p) { p.extensions = PublicationInfo("yesterday"); }); }},
      {"another entityID", MetadataReject::kEntityMissing,
       [] { return With([](MetadataParts& p) { p.entity_id = "https://other.example"; }); }},
      {"an entityID that differs by its last letter", MetadataReject::kEntityMissing,
       [] {
         return With([](MetadataParts& p) { p.entity_id = absl::StrCat(kMetadataIdp, "/"); });
       }},
      {"two entities with one entityID", MetadataReject::kSeveralEntities,
       [] { return SignedMetadata(Group(InGroup({}) + InGroup({}))); }},
      {"two entities with one entityID, one in a group of its own",
       MetadataReject::kSeveralEntities,
       [] {
         return SignedMetadata(Group(
             InGroup({}) + absl::StrReplaceAll(Group(InGroup({})), {{" ID=\"_group\"", ""}})));
       }},
      {"a javascript: SSO location", MetadataReject::kLocation,
       [] {
         return With([](MetadataParts& p) {
           p.sso = Endpoint("SingleSignOnService", "HTTP-POST", "javascript:alert(1)");
         });
       }},
      {"a javascript: SLO location", MetadataReject::kLocation,
       [] {
         return With([](MetadataParts& p) {
           p.slo = Endpoint("SingleLogoutService", "HTTP-Redirect", "javascript:alert(1)");
         });
       }},
      {"a javascript: SLO ResponseLocation", MetadataReject::kLocation,
       [] {
         return With([](MetadataParts& p) {
           p.slo = Endpoint("SingleLogoutService", "HTTP-POST", "https://idp.example/slo",
                            " ResponseLocation=\"javascript:alert(1)\"");
         });
       }},
      {"a javascript: ACS location in another role", MetadataReject::kLocation,
       [] { return AcsLocation("javascript:alert(1)"); }},
      {"a data: location", MetadataReject::kLocation,
       [] { return AcsLocation("data:text/html,x"); }},
      {"an http location", MetadataReject::kLocation,
       [] {
         return With([](MetadataParts& p) {
           p.sso = Endpoint("SingleSignOnService", "HTTP-POST", "http://idp.example/sso");
         });
       }},
      {"no endpoint for sign-in", MetadataReject::kSsoMissing,
       [] { return With([](MetadataParts& p) { p.sso.clear(); }); }},
      {"no key", MetadataReject::kKeyMissing,
       [] { return With([](MetadataParts& p) { p.keys.clear(); }); }},
      {"no IDPSSODescriptor for SAML 2.0", MetadataReject::kRoleMissing,
       [] {
         return With([](MetadataParts& p) {
           p.role_attributes =
               " protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol\"";
         });
       }},
      {"two IDPSSODescriptors for SAML 2.0", MetadataReject::kSeveralRoles,
       [] { return With([](MetadataParts& p) { p.roles = p.Role(); }); }},
      {"no metadata at all", MetadataReject::kNotMetadata,
       [] { return SignedMetadata("<a ID=\"_a\"><b/></a>"); }},
      {"a document type", MetadataReject::kXml,
       [] { return absl::StrCat("<!DOCTYPE a>", SignedMetadata(MetadataParts().Entity())); }},
      {"not well-formed", MetadataReject::kXml, [] { return std::string("<md:Entity"); }},
      {"larger than metadata may be", MetadataReject::kXml,
       [] {
         return absl::StrCat(SignedMetadata(MetadataParts().Entity()),
                             std::string(kMaxMetadataBytes, ' '));
       }},
  };
  return *rows;
}

}  // namespace

TEST_CASE("ReadIdpMetadata S144: what cannot be believed is refused whole, each for its reason",
          "[gateway][saml][metadata][security]") {
  for (const Row& row : Rows()) {
    CAPTURE(row.rule);
    const auto read = ReadIdpMetadata(row.bytes(), SignerTrust(), MetadataNow());
    REQUIRE_FALSE(read.ok());
    CHECK(base::ReasonOf(read.status()) == ToString(row.reject));
    CHECK(MetadataRejectOf(read.status()) == row.reject);
  }
}

TEST_CASE("ReadIdpMetadata S144: without a pin nothing is believed",
          "[gateway][saml][metadata][security]") {
  const auto read = ReadIdpMetadata(SignedMetadata(MetadataParts().Entity()),
                                    {kMetadataIdp, {}, ""}, MetadataNow());
  CHECK(MetadataRejectOf(read.status()) == MetadataReject::kNoTrust);
}

TEST_CASE("ReadIdpMetadata S144: what was made before the document that is held is refused",
          "[gateway][saml][metadata][security]") {
  MetadataParts parts;
  parts.extensions = PublicationInfo("2026-03-02T00:00:00Z");
  const std::string bytes = SignedMetadata(parts.Entity());
  MetadataTrust trust = SignerTrust();
  const auto read = ReadIdpMetadata(bytes, trust, MetadataNow());
  REQUIRE(read.ok());
  REQUIRE(read->created.has_value());
  trust.not_older_than = *read->created;
  CHECK(ReadIdpMetadata(bytes, trust, MetadataNow()).ok());
  trust.not_older_than = *read->created + absl::Seconds(1);
  CHECK(MetadataRejectOf(ReadIdpMetadata(bytes, trust, MetadataNow()).status()) ==
        MetadataReject::kOlder);
}

TEST_CASE("ReadIdpMetadata: finds one of a federation's three hundred",
          "[gateway][saml][metadata]") {
  std::string members;
  for (int i = 0; i < 300; ++i) {
    MetadataParts parts;
    parts.entity_id = absl::StrCat("https://idp-", i, ".example");
    parts.keys = KeyDescriptor(NextPair()) + KeyDescriptor(NextPair(), "encryption");
    if (i == 200) parts = MetadataParts();
    parts.root_attributes = "";
    absl::StrAppend(&members, parts.Entity());
  }
  const std::string bytes = SignedMetadata(Group(members));
  CAPTURE(bytes.size());
  CHECK(bytes.size() > size_t{512} * 1024);
  const auto read = ReadIdpMetadata(bytes, SignerTrust(), MetadataNow());
  CAPTURE(read.status().message());
  REQUIRE(read.ok());
  REQUIRE(read->signing_certificates.size() == 1);
  CHECK(read->signing_certificates[0].der() == IdpPair().certificate.der());
}

TEST_CASE("ReadIdpMetadata: every way to refuse has its name, and a row of the test above",
          "[gateway][saml][metadata]") {
  std::set<MetadataReject> seen = {MetadataReject::kNoTrust, MetadataReject::kPinMismatch,
                                   MetadataReject::kOlder};
  for (const Row& row : Rows()) seen.insert(row.reject);
  for (const MetadataReject reject : AllMetadataRejects()) {
    CAPTURE(ToString(reject));
    CHECK(absl::StartsWith(ToString(reject), "METADATA_"));
    CHECK(seen.contains(reject));
  }
}

TEST_CASE("ParseXmlDuration: reads xs:duration and nothing that looks like it",
          "[gateway][saml][metadata]") {
  CHECK(ParseXmlDuration("PT6H") == absl::Hours(6));
  CHECK(ParseXmlDuration("P1DT2H3M4S") == absl::Hours(26) + absl::Seconds(184));
  CHECK(ParseXmlDuration("P1Y2M") == absl::Hours(24 * (365 + 60)));
  CHECK(ParseXmlDuration("PT604800S") == absl::Hours(24 * 7));
  for (const char* const wrong : {"", "P", "PT", "6H", "PT6", "P6H", "PT6D", "-PT6H", "PT0S",
                                  "PT1.5S", "P1DT", "PT1M1H", "PT1H1H", " PT1H", "PT9999999999S"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ParseXmlDuration(wrong).has_value());
  }
}

}  // namespace va::gateway
