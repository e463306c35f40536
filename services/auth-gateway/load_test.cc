#include "services/auth-gateway/load.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/testing/test_pki.h"
#include "lib/xml/test_encrypter.h"
#include "services/auth-gateway/adapters/metadata_files.h"
#include "services/auth-gateway/saml/metadata_for_test.h"
#include "services/auth-gateway/saml/response_for_test.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of the SAML tests

// Good files for the SAML conversation; a test changes what it is about.
struct Scene {
  Scene() {
    old_pair = pki.SelfSignedRsa("old");
    new_pair = pki.SelfSignedRsa("new");
    config.base_url = "https://sp.test";
    config.sp_entity_id = kSp;
    config.acs_url = kAcs;
    config.signing_certificate_file = old_pair.certificate_file;
    config.signing_key_file = old_pair.private_key_file;
    UseRows(absl::StrCat("  ssoe:\n    entity_id: https://idp.test\n",
                         "    sso_url: https://idp.test/sso\n    certificate_files: [",
                         new_pair.certificate_file, "]\n"));
  }
  void UseRows(const std::string& rows) {
    config.idps_file = pki.dir().Write("idps.yaml", absl::StrCat("idps:\n", rows));
  }
  // A row with metadata, pinned by its publisher.
  std::string MetadataRow(const std::string& whence) {
    const std::string publisher =
        pki.dir().Write("publisher.crt", PublisherPair().certificate.pem());
    return absl::StrCat("  ssoe:\n    entity_id: ", kMetadataIdp, "\n    metadata:\n      ", whence,
                        "\n      signing_certificate_files: [", publisher, "]\n");
  }
  std::optional<LoadedSaml> Load(absl::Time now) {
    service::FileLoader files(now);
    auto saml = LoadSaml(config, files);
    problems.clear();
    for (const config::Problem& problem : files.problems()) {
      absl::StrAppend(&problems, config::ToString(problem), "\n");
    }
    return saml;
  }
  std::optional<LoadedSaml> Load() { return Load(base::SystemClock().Now()); }

  va::testing::TestPki pki;
  va::testing::PemFiles old_pair;
  va::testing::PemFiles new_pair;
  Config config;
  std::string problems;
};

int Count(const std::string& text, const std::string& what) {
  int count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// What the validator says of a response whose assertion is encrypted to the key of that file.
std::string OutcomeEncryptedTo(const std::string& key_file, const LoadedSaml& saml) {
  const auto key = crypto::PrivateKey::FromPemFile(key_file);
  REQUIRE(key.ok());
  xml::testing::Encrypter encrypter;
  encrypter.recipient = &*key;
  const ResponseParts parts;
  const std::string assertion =
      Span(SignById(parts.Unsigned(parts.Assertion()), "_assertion", IdpKey()), "<saml:Assertion",
           "</saml:Assertion>");
  const std::string plain =
      Replaced(assertion, "<saml:Assertion",
               "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"");
  const std::string hidden =
      absl::StrCat("<saml:EncryptedAssertion>", xml::testing::Encrypted(plain, encrypter),
                   "</saml:EncryptedAssertion>");
  ExpectedResponse expected = Expected();
  expected.decryption_keys = saml.settings.decryption_keys;
  return testing::Outcome(parts.Unsigned(hidden), expected);
}

}  // namespace

TEST_CASE("LoadSaml: by default the signing key decrypts, and is published for it",
          "[gateway][config]") {
  Scene scene;
  const auto saml = scene.Load();
  REQUIRE(saml.has_value());
  CHECK(saml->settings.decryption_keys.size() == 1);
  CHECK(Count(saml->settings.metadata, "use=\"signing\"") == 1);
  CHECK(Count(saml->settings.metadata, "use=\"encryption\"") == 1);
  CHECK(OutcomeEncryptedTo(scene.old_pair.private_key_file, *saml) == "ACCEPTED");
  CHECK(OutcomeEncryptedTo(scene.new_pair.private_key_file, *saml) != "ACCEPTED");
}

TEST_CASE(
    "LoadSaml P4: our roll-over overlaps: the next key opens before the swap, the old one "
    "after it",
    "[gateway][config]") {
  Scene scene;
  const std::vector<std::string> keys = {scene.old_pair.private_key_file,
                                         scene.new_pair.private_key_file};
  // Before: the next certificate is published beside the current one.
  scene.config.next_certificate_file = scene.new_pair.certificate_file;
  scene.config.decryption_key_files = keys;
  const auto before = scene.Load();
  REQUIRE(before.has_value());
  CHECK(Count(before->settings.metadata, "use=\"signing\"") == 2);
  CHECK(Count(before->settings.metadata, "use=\"encryption\"") == 2);
  const auto old_certificate =
      crypto::Certificate::FromPemFile(scene.old_pair.certificate_file).value();
  CHECK(before->settings.signing_certificate.der() == old_certificate.der());
  for (const std::string& key : keys) CHECK(OutcomeEncryptedTo(key, *before) == "ACCEPTED");
  // After: it signs, and what was encrypted to the old one still opens.
  scene.config.next_certificate_file.clear();
  scene.config.signing_certificate_file = scene.new_pair.certificate_file;
  scene.config.signing_key_file = scene.new_pair.private_key_file;
  const auto after = scene.Load();
  REQUIRE(after.has_value());
  CHECK(after->settings.signing_certificate.der() != old_certificate.der());
  CHECK(Count(after->settings.metadata, "use=\"signing\"") == 1);
  for (const std::string& key : keys) CHECK(OutcomeEncryptedTo(key, *after) == "ACCEPTED");
}

TEST_CASE("LoadSaml: keys that decrypt are RSA keys, and the published one is among them",
          "[gateway][config]") {
  Scene scene;
  scene.config.decryption_key_files = {scene.new_pair.private_key_file};
  CHECK_FALSE(scene.Load().has_value());
  CHECK(absl::StartsWith(scene.problems,
                         "saml.decryption_key_files: must hold the key of saml.signing_key_file"));
  scene.config.decryption_key_files = {scene.old_pair.private_key_file,
                                       scene.pki.IssueService("ec").private_key_file};
  CHECK_FALSE(scene.Load().has_value());
  CHECK(absl::StrContains(scene.problems, "is no RSA key"));
}

TEST_CASE("LoadSaml: a next certificate that has expired is no next one", "[gateway][config]") {
  Scene scene;
  const auto gone = scene.pki.IssueValid({"gone"}, base::SystemClock().Now() - absl::Hours(48),
                                         base::SystemClock().Now() - absl::Hours(24));
  scene.config.next_certificate_file = gone.certificate_file;
  CHECK_FALSE(scene.Load().has_value());
  CHECK(absl::StartsWith(scene.problems, "saml.next_certificate_file: "));
}

TEST_CASE("LoadSaml S57: a row without a key stops the start", "[gateway][config][security]") {
  Scene scene;
  scene.UseRows("  ssoe:\n    entity_id: https://idp.test\n    sso_url: https://idp.test/sso\n");
  CHECK_FALSE(scene.Load().has_value());
  CHECK(absl::StartsWith(scene.problems, "saml.idps_file: "));
}

TEST_CASE(
    "LoadSaml S144: a metadata file must be believable; one that ran out only switches its "
    "provider "
    "off",
    "[gateway][config][security]") {
  Scene scene;
  const std::string path = scene.pki.dir().path() + "/idp.xml";
  scene.UseRows(scene.MetadataRow(absl::StrCat("file: ", path)));
  scene.pki.dir().Write("idp.xml", MetadataParts().Entity());
  // Our own certificates are of today, so the files are judged today; the metadata is not.
  CHECK_FALSE(scene.Load().has_value());
  CHECK(absl::StrContains(scene.problems, "METADATA_UNSIGNED"));

  MetadataParts parts;
  parts.root_attributes = " ID=\"_m\"";
  scene.pki.dir().Write("idp.xml", SignedMetadata(parts.Entity()));
  const auto good = scene.Load();
  REQUIRE(good.has_value());
  CHECK(good->settings.FindByName("ssoe")->IsOpen());

  parts.root_attributes = " ID=\"_m\" validUntil=\"2020-01-01T00:00:00Z\"";
  scene.pki.dir().Write("idp.xml", SignedMetadata(parts.Entity()));
  const auto expired = scene.Load();
  REQUIRE(expired.has_value());
  CHECK_FALSE(expired->settings.FindByName("ssoe")->IsOpen());
}

TEST_CASE("LoadSaml: a metadata file that is not there yet switches its provider off alone",
          "[gateway][config]") {
  Scene scene;
  scene.UseRows(absl::StrCat(scene.MetadataRow("file: /nowhere/idp.xml"),
                             "  other:\n    entity_id: https://other.test\n",
                             "    sso_url: https://other.test/sso\n    certificate_files: [",
                             scene.new_pair.certificate_file, "]\n"));
  const auto without = scene.Load();
  REQUIRE(without.has_value());
  CHECK(without->settings.FindByName("ssoe")->switched_off == kMetadataMissing);
  CHECK(without->settings.FindByName("other")->IsOpen());

  scene.config.metadata_folder = scene.pki.dir().path();
  MetadataParts parts;
  parts.root_attributes = " ID=\"_m\"";
  REQUIRE(
      KeepMetadataCopy(scene.config.metadata_folder, "ssoe", SignedMetadata(parts.Entity())).ok());
  CHECK(scene.Load()->settings.FindByName("ssoe")->IsOpen());
}

TEST_CASE("LoadSaml: an address starts with its copy, verified again, or switched off",
          "[gateway][config]") {
  Scene scene;
  const std::string row = scene.MetadataRow(
      absl::StrCat("url: https://idp.test/metadata\n      ca_file: ", scene.pki.ca_file()));
  scene.UseRows(row);
  CHECK_FALSE(scene.Load().has_value());
  CHECK(absl::StartsWith(scene.problems, "saml.metadata_folder: is needed"));

  scene.config.metadata_folder = scene.pki.dir().path();
  const auto without = scene.Load();
  REQUIRE(without.has_value());
  CHECK(without->settings.FindByName("ssoe")->switched_off == kMetadataMissing);

  MetadataParts parts;
  parts.root_attributes = " ID=\"_m\"";
  REQUIRE(
      KeepMetadataCopy(scene.config.metadata_folder, "ssoe", SignedMetadata(parts.Entity())).ok());
  CHECK(scene.Load()->settings.FindByName("ssoe")->IsOpen());
  REQUIRE(KeepMetadataCopy(scene.config.metadata_folder, "ssoe",
                           SignedMetadata(parts.Entity(), NextPair()))
              .ok());
  CHECK(scene.Load()->settings.FindByName("ssoe")->switched_off == kMetadataMissing);
}

}  // namespace va::gateway
