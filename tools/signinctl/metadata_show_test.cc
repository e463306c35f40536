#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/testing/test_pki.h"
#include "services/auth-gateway/saml/metadata_for_test.h"
#include "tools/signinctl/run_testing.h"

namespace va::signinctl {
namespace {

using namespace gateway::testing;  // NOLINT: the kit of the metadata tests

// A publisher whose certificate lies in a file, and a command line that fits its document.
class Publisher {
 public:
  Publisher()
      : certificate_file_(dir_.Write("publisher.crt", PublisherPair().certificate.pem())),
        der_file_(dir_.Write("publisher.der", PublisherPair().certificate.der())) {}

  Ran Show(const std::string& xml, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"metadata", "show", "--signing-cert", certificate_file_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.emplace_back("-");
    return RunWith(arguments, xml);
  }
  const std::string& der_file() const { return der_file_; }
  const va::testing::TempDir& dir() const { return dir_; }

 private:
  va::testing::TempDir dir_;
  std::string certificate_file_;
  std::string der_file_;
};

}  // namespace

TEST_CASE("metadata show: tells what the gateway would trust, as JSON, exit 0",
          "[signinctl][metadata]") {
  const Publisher publisher;
  MetadataParts parts;
  parts.extensions = PublicationInfo("2026-03-04T00:00:00Z");
  parts.role_attributes += " WantAuthnRequestsSigned=\"true\" cacheDuration=\"PT1H\"";
  parts.keys = KeyDescriptor(IdpPair()) + KeyDescriptor("no certificate") +
               KeyDescriptor(NextPair(), "") + KeyDescriptor(PublisherPair(), "encryption");
  const Ran ran = publisher.Show(SignedMetadata(parts.Entity()));
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.json["verdict"] == "accept");
  CHECK(ran.json["entity_id"] == kMetadataIdp);
  CHECK(ran.json["sso"] == Json({{"url", "https://idp.example/sso"}, {"binding", "post"}}));
  CHECK(ran.json["slo"]["url"] == "https://idp.example/slo");
  CHECK(ran.json["slo_response_url"] == "https://idp.example/slo-answer");
  REQUIRE(ran.json["signing_certificates"].size() == 2);
  CHECK(ran.json["signing_certificates"][0]["sha256"] == IdpPair().certificate.Fingerprint());
  CHECK(ran.json["signing_certificates"][0]["within_dates"] == true);
  CHECK(ran.json["signing_certificates"][1]["sha256"] == NextPair().certificate.Fingerprint());
  REQUIRE(ran.json["keys_left_out"].size() == 1);
  CHECK(ran.json["keys_left_out"][0]["key_descriptor"] == 2);
  CHECK(ran.json["wants_signed_requests"] == true);
  CHECK(absl::StartsWith(ran.json["valid_until"].get<std::string>(), "2026-03-14T12:00:00"));
  CHECK(ran.json["cache_seconds"] == 3600);
  CHECK(absl::StartsWith(ran.json["created"].get<std::string>(), "2026-03-04T00:00:00"));
}

TEST_CASE("metadata show S144: what is not believed is a reject with the gateway's reason, exit 1",
          "[signinctl][metadata][security]") {
  const Publisher publisher;
  const std::string good = SignedMetadata(MetadataParts().Entity());
  const auto reason = [&](const Ran& ran) {
    CHECK(ran.exit == 1);
    CHECK(ran.json["verdict"] == "reject");
    return ran.json["reason"].get<std::string>();
  };
  CHECK(reason(publisher.Show(MetadataParts().Entity())) == "METADATA_UNSIGNED");
  CHECK(reason(publisher.Show(SignedMetadata(MetadataParts().Entity(), NextPair()))) ==
        "METADATA_SIGNATURE");
  CHECK(reason(publisher.Show(good, {"--now", "2026-03-14T12:00:00Z"})) == "METADATA_EXPIRED");
  CHECK(reason(publisher.Show(good, {"--entity-id", "https://other.example"})) ==
        "METADATA_ENTITY_MISSING");
  CHECK(reason(publisher.Show(good, {"--sha256", std::string(64, 'a')})) ==
        "METADATA_PIN_MISMATCH");
  CHECK(reason(publisher.Show(good, {"--sha256", "abc"})) == "ARGUMENT_INVALID");
  CHECK(reason(publisher.Show(good, {"--now", "today"})) == "ARGUMENT_INVALID");
  CHECK(reason(RunWith({"metadata", "show", "-"}, good)) == "ARGUMENT_MISSING");
}

TEST_CASE("metadata show: a hash is a pin, a certificate may be DER; a file that is none is exit 2",
          "[signinctl][metadata]") {
  const Publisher publisher;
  const std::string bare = MetadataParts().Entity();
  CHECK(RunWith({"metadata", "show", "--sha256", PinTrust(bare).sha256, "-"}, bare).exit == 0);
  const std::string good = SignedMetadata(bare);
  CHECK(RunWith({"metadata", "show", "--signing-cert", publisher.der_file(), "-"}, good).exit == 0);
  CHECK(publisher.Show(good, {"--signing-cert", "/none.crt"}).exit == 2);
  CHECK(publisher.Show(good, {"--signing-cert", publisher.dir().Write("x", "junk")}).exit == 2);
  CHECK(RunWith({"metadata", "show", "--sha256", std::string(64, 'a'), "/none.xml"}).exit == 2);
}

TEST_CASE("metadata show: one of several entities is named, and nothing hostile trips it",
          "[signinctl][metadata]") {
  const Publisher publisher;
  MetadataParts second;
  second.entity_id = "https://second.example";
  second.root_attributes.clear();
  MetadataParts first;
  first.root_attributes.clear();
  const std::string group = SignedMetadata(
      absl::StrCat("<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" "
                   "ID=\"_group\">",
                   first.Entity(), second.Entity(), "</md:EntitiesDescriptor>"));
  CHECK(publisher.Show(group, {"--entity-id", "https://second.example"}).exit == 0);
  CHECK(publisher.Show(group).json["reason"] == "METADATA_ENTITY_MISSING");
  for (const std::string& input : HostileInputs(SignedMetadata(MetadataParts().Entity()))) {
    const Ran ran = publisher.Show(input);
    CHECK(ran.exit <= 1);
  }
}

TEST_CASE("metadata show: without FILE it is a reject, not misuse", "[signinctl][metadata]") {
  const Ran ran = RunWith({"metadata", "show", "--sha256", std::string(64, '0')}, "");
  CHECK(ran.exit == 1);
  CHECK(ran.json.at("reason") == "ARGUMENT_MISSING");
}

}  // namespace va::signinctl
