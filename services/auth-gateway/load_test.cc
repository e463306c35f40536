#include "services/auth-gateway/load.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "lib/crypto/certificate_issuer.h"
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
    UseSigning({"old:old.key:current"});
    config.base_url = "https://sp.test";
    config.sp_entity_id = kSp;
    config.acs_url = kAcs;
    UseRows(absl::StrCat("  ssoe:\n    entity_id: https://idp.test\n",
                         "    sso_url: https://idp.test/sso\n    certificate_files: [",
                         new_pair.certificate_file, "]\n"));
  }
  void UseRows(const std::string& rows) {
    config.idps_file = pki.dir().Write("idps.yaml", absl::StrCat("idps:\n", rows));
  }
  // Rings over the keys of the PKI's folder.
  void UseSigning(const std::vector<std::string>& lines,
                  const std::string& policy = "saml-signing RSA-2048 publish=24h overlap=24h") {
    config.signing_ring_file = Ring("sp.ring", policy, lines);
  }
  void UseDecryption(
      const std::vector<std::string>& lines,
      const std::string& policy = "saml-decryption RSA-2048 publish=24h overlap=24h") {
    config.decryption_ring_file = Ring("sp-encryption.ring", policy, lines);
  }
  std::string Ring(const std::string& name, const std::string& policy,
                   const std::vector<std::string>& lines) {
    return pki.dir().Write(name,
                           absl::StrCat("ring ", policy, "\n", absl::StrJoin(lines, "\n"), "\n"));
  }
  // A pair whose certificate is good for these hours from now.
  void Issue(const std::string& name, crypto::NewKey kind, int from_hours, int until_hours) {
    crypto::CertificateRequest request;
    request.common_name = name;
    request.not_before = now + absl::Hours(from_hours);
    request.not_after = now + absl::Hours(until_hours);
    const auto pair = crypto::IssueSelfSigned(request, kind).value();
    pki.dir().Write(name + ".key", pair.private_key_pem);
    pki.dir().Write(name + ".crt", pair.certificate_pem);
  }
  // A row with metadata, pinned by its publisher.
  std::string MetadataRow(const std::string& whence) {
    const std::string publisher =
        pki.dir().Write("publisher.crt", PublisherPair().certificate.pem());
    return absl::StrCat("  ssoe:\n    entity_id: ", kMetadataIdp, "\n    metadata:\n      ", whence,
                        "\n      signing_certificate_files: [", publisher, "]\n");
  }
  std::optional<LoadedSaml> Load() {
    service::FileLoader files(now);
    auto saml = LoadSaml(config, files);
    Keep(files);
    watched = files.certificates();
    return saml;
  }
  bool MayReplace(const LoadedSaml& next, const LoadedSaml& serving) {
    service::FileLoader files(now);
    const bool may = CheckReplaces(next.rings, serving.rings, files);
    Keep(files);
    return may;
  }
  void Keep(const service::FileLoader& files) {
    problems.clear();
    for (const config::Problem& problem : files.problems()) {
      absl::StrAppend(&problems, config::ToString(problem), "\n");
    }
  }

  const absl::Time now = base::SystemClock().Now();
  va::testing::TestPki pki;
  va::testing::PemFiles old_pair;
  va::testing::PemFiles new_pair;
  Config config;
  std::string problems;
  std::vector<service::OwnCertificate> watched;
};

int Count(const std::string& text, const std::string& what) {
  int count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

std::string FileOf(const Scene& scene, const std::string& name) {
  return absl::StrCat(scene.pki.dir().path(), "/", name);
}
// How our metadata lists a certificate for a use.
std::string Descriptor(const crypto::Certificate& certificate, const std::string& use) {
  return absl::StrCat("use=\"", use, "\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>",
                      base::Base64Encode(certificate.der()));
}
int Listed(const Scene& scene, const LoadedSaml& saml, const std::string& name,
           const std::string& use) {
  const auto certificate = crypto::Certificate::FromPemFile(FileOf(scene, name + ".crt")).value();
  return Count(saml.settings.metadata, Descriptor(certificate, use));
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

TEST_CASE("LoadSaml: without a ring of its own for it the signing ring decrypts, and is published",
          "[gateway][config]") {
  Scene scene;
  const auto saml = scene.Load();
  CHECK(scene.problems.empty());
  REQUIRE(saml.has_value());
  CHECK(saml->settings.decryption_keys.size() == 1);
  CHECK(Listed(scene, *saml, "old", "signing") == 1);
  CHECK(Listed(scene, *saml, "old", "encryption") == 1);
  CHECK(Count(saml->settings.metadata, "<md:KeyDescriptor") == 2);
  CHECK(OutcomeEncryptedTo(scene.old_pair.private_key_file, *saml) == "ACCEPTED");
  CHECK(OutcomeEncryptedTo(scene.new_pair.private_key_file, *saml) != "ACCEPTED");
}

TEST_CASE(
    "LoadSaml P4: in a rotation the next key opens before it signs, and the retired one as long as "
    "it is in the ring; published are the current and the next",
    "[gateway][config]") {
  struct Step {
    const char* rule;
    std::vector<std::string> ring;
    const char* signs;
    int old_listed, new_listed;
    bool old_opens, new_opens;
  };
  const Step step = GENERATE(values<Step>({
      {"published", {"a:old.key:current", "b:new.key:next"}, "old", 1, 1, true, true},
      {"rotated", {"a:old.key:retired", "b:new.key:current"}, "new", 0, 1, true, true},
      {"out of the ring", {"b:new.key:current"}, "new", 0, 1, false, true},
  }));
  CAPTURE(step.rule);
  Scene scene;
  // In a ring for both uses, and in two: it is the same walk.
  const bool apart = GENERATE(false, true);
  scene.UseSigning(step.ring);
  if (apart) scene.UseDecryption(step.ring);
  const auto saml = scene.Load();
  CHECK(scene.problems.empty());
  REQUIRE(saml.has_value());
  for (const char* const use : {"signing", "encryption"}) {
    CHECK(Listed(scene, *saml, "old", use) == step.old_listed);
    CHECK(Listed(scene, *saml, "new", use) == step.new_listed);
  }
  const auto signs =
      crypto::Certificate::FromPemFile(FileOf(scene, std::string(step.signs) + ".crt")).value();
  CHECK(saml->settings.signing_certificate.der() == signs.der());
  CHECK(signs.Matches(saml->settings.signing_key));
  // The one that signs stands first: some partners read no further.
  for (const char* const use : {"signing", "encryption"}) {
    CHECK(saml->settings.metadata.find(absl::StrCat("use=\"", use, "\"")) ==
          saml->settings.metadata.find(Descriptor(signs, use)));
  }
  CHECK((OutcomeEncryptedTo(scene.old_pair.private_key_file, *saml) == "ACCEPTED") ==
        step.old_opens);
  CHECK((OutcomeEncryptedTo(scene.new_pair.private_key_file, *saml) == "ACCEPTED") ==
        step.new_opens);
}

TEST_CASE("LoadSaml P4: an EC key signs and nobody can encrypt to it; a ring of RSA keys opens",
          "[gateway][config]") {
  Scene scene;
  scene.Issue("ec", crypto::NewKey::kEcP256, -1, 24);
  scene.UseSigning({"e:ec.key:current"}, "saml-signing ES256 publish=24h overlap=24h");
  const auto alone = scene.Load();
  CHECK(scene.problems.empty());
  REQUIRE(alone.has_value());
  CHECK(alone->settings.decryption_keys.empty());
  CHECK(Count(alone->settings.metadata, "use=\"encryption\"") == 0);
  scene.UseDecryption({"a:old.key:current"});
  const auto both = scene.Load();
  REQUIRE(both.has_value());
  CHECK(Listed(scene, *both, "ec", "signing") == 1);
  CHECK(Count(both->settings.metadata, "use=\"signing\"") == 1);
  CHECK(Listed(scene, *both, "old", "encryption") == 1);
  CHECK(OutcomeEncryptedTo(scene.old_pair.private_key_file, *both) == "ACCEPTED");
}

TEST_CASE("LoadSaml P4: a ring of the wrong kind is no ring of ours, an Ed25519 key no key of SAML",
          "[gateway][config][security]") {
  struct Row {
    const char* rule;
    const char* signing;  // the `ring` line
    const char* signing_key;
    const char* decryption;
    const char* decryption_key;
    const char* setting;
  };
  static constexpr char kSigning[] = "saml-signing RSA-2048 publish=24h overlap=24h";
  const Row row = GENERATE_COPY(values<Row>({
      {"Ed25519 as its algorithm", "saml-signing EdDSA publish=24h overlap=24h", "ed.key", "", "",
       "saml.signing_ring_file"},
      {"Ed25519 in a ring of RSA keys", kSigning, "ed.key", "", "", "saml.signing_ring_file"},
      {"Ed25519 in a ring of EC keys", "saml-signing ES256 publish=24h overlap=24h", "ed.key", "",
       "", "saml.signing_ring_file"},
      {"EC in a ring of RSA keys", kSigning, "ec.key", "", "", "saml.signing_ring_file"},
      {"a ring that signs tokens", "signing RS256 publish=24h overlap=24h", "old.key", "", "",
       "saml.signing_ring_file"},
      {"a ring that opens is none that signs", "saml-decryption RSA-2048 publish=24h overlap=24h",
       "old.key", "", "", "saml.signing_ring_file"},
      {"a ring that signs is none that opens", kSigning, "old.key", kSigning, "new.key",
       "saml.decryption_ring_file"},
      {"an EC ring cannot open", kSigning, "old.key",
       "saml-decryption ES256 publish=24h overlap=24h", "ec.key", "saml.decryption_ring_file"},
      {"EC in a ring that opens", kSigning, "old.key",
       "saml-decryption RSA-2048 publish=24h overlap=24h", "ec.key", "saml.decryption_ring_file"},
      {"Ed25519 in a ring that opens", kSigning, "old.key",
       "saml-decryption RSA-2048 publish=24h overlap=24h", "ed.key", "saml.decryption_ring_file"},
  }));
  CAPTURE(row.rule);
  Scene scene;
  scene.Issue("ec", crypto::NewKey::kEcP256, -1, 24);
  scene.Issue("ed", crypto::NewKey::kEd25519, -1, 24);
  scene.UseSigning({absl::StrCat("k:", row.signing_key, ":current")}, row.signing);
  if (*row.decryption != '\0') {
    scene.UseDecryption({absl::StrCat("k:", row.decryption_key, ":current")}, row.decryption);
  }
  CHECK_FALSE(scene.Load().has_value());
  CAPTURE(scene.problems);
  CHECK(absl::StartsWith(scene.problems, absl::StrCat(row.setting, ": ")));
}

TEST_CASE("LoadSaml P4: an Ed25519 certificate is no identity provider's",
          "[gateway][config][security]") {
  Scene scene;
  scene.Issue("ed", crypto::NewKey::kEd25519, -1, 24);
  scene.UseRows(absl::StrCat("  ssoe:\n    entity_id: https://idp.test\n",
                             "    sso_url: https://idp.test/sso\n    certificate_files: [",
                             FileOf(scene, "ed.crt"), "]\n"));
  CHECK_FALSE(scene.Load().has_value());
  CHECK(absl::StartsWith(scene.problems, "saml.idps_file: "));
}

TEST_CASE("LoadSaml K2: every key of a ring has its own certificate beside it",
          "[gateway][config][security]") {
  Scene scene;
  scene.UseSigning({"a:old.key:current", "b:new.key:next"});
  const std::string another = crypto::ReadPublicFile(scene.old_pair.certificate_file).value();
  scene.pki.dir().Write("new.crt", another);
  CHECK_FALSE(scene.Load().has_value());
  CHECK(absl::StartsWith(scene.problems, "saml.signing_ring_file: "));
  CHECK(absl::StrContains(scene.problems, "new.crt"));
}

TEST_CASE(
    "LoadSaml K2: what is published is in time: an expired current or next certificate is wrong "
    "configuration, a retired one matters to nobody",
    "[gateway][config][security]") {
  struct Row {
    const char* ring;  // signing, or signing and decryption
    const char* key;
    bool good;
  };
  const Row row = GENERATE(values<Row>({{"current", "gone", false},
                                        {"next", "gone", false},
                                        {"retired", "gone", true},
                                        {"current", "early", false},
                                        {"next", "early", false}}));
  const bool decryption = GENERATE(false, true);
  CAPTURE(row.ring, row.key, decryption);
  Scene scene;
  scene.Issue("gone", crypto::NewKey::kRsa2048, -48, -24);
  scene.Issue("early", crypto::NewKey::kRsa2048, 24, 48);
  std::vector<std::string> ring = {absl::StrCat("g:", row.key, ".key:", row.ring)};
  if (std::string(row.ring) != "current") ring.push_back("a:old.key:current");
  if (decryption) {
    scene.UseDecryption(ring);
  } else {
    scene.UseSigning(ring);
  }
  CHECK(scene.Load().has_value() == row.good);
  CAPTURE(scene.problems);
  if (row.good) return;
  CHECK(absl::StartsWith(scene.problems,
                         decryption ? "saml.decryption_ring_file: " : "saml.signing_ring_file: "));
  CHECK(absl::StrContains(scene.problems,
                          absl::StrCat("the certificate of the ", row.ring, " key g ")));
  CHECK(absl::StrContains(scene.problems,
                          row.key == std::string("gone") ? "expired at" : "is not valid before"));
}

TEST_CASE("LoadSaml: the end of every published certificate is watched, of both rings",
          "[gateway][config]") {
  Scene scene;
  scene.Issue("soon", crypto::NewKey::kRsa2048, -1, 24);
  scene.Issue("later", crypto::NewKey::kRsa2048, -1, 48);
  scene.Issue("gone", crypto::NewKey::kRsa2048, -48, -24);
  scene.UseSigning({"a:old.key:current", "b:soon.key:next", "c:gone.key:retired"});
  scene.UseDecryption({"a:new.key:current", "b:later.key:next"});
  REQUIRE(scene.Load().has_value());
  std::vector<std::string> ends;
  for (const service::OwnCertificate& certificate : scene.watched) {
    const auto hours = absl::ToInt64Hours(certificate.not_after - scene.now + absl::Minutes(1));
    ends.push_back(absl::StrCat(certificate.key, " ", hours < 100 ? absl::StrCat(hours) : "long"));
  }
  CHECK(ends == std::vector<std::string>{"saml.signing_ring_file long", "saml.signing_ring_file 24",
                                         "saml.decryption_ring_file long",
                                         "saml.decryption_ring_file 48"});
}

TEST_CASE("LoadSaml: a ring that would rotate faster than partners ask for our metadata is refused",
          "[gateway][config]") {
  struct Row {
    const char* publish;
    const char* overlap;
    const char* problem;  // empty: good
  };
  const Row row = GENERATE(values<Row>({{"24h", "24h", ""},
                                        {"720h", "720h", ""},
                                        {"23h", "24h", "publish must be 24h or more"},
                                        {"24h", "1h", "overlap must be 24h or more"}}));
  const bool decryption = GENERATE(false, true);
  CAPTURE(row.publish, row.overlap, decryption);
  Scene scene;
  const std::string durations = absl::StrCat(" publish=", row.publish, " overlap=", row.overlap);
  if (decryption) {
    scene.UseDecryption({"a:new.key:current"}, absl::StrCat("saml-decryption RSA-2048", durations));
  } else {
    scene.UseSigning({"a:new.key:current"}, absl::StrCat("saml-signing RSA-2048", durations));
  }
  const bool good = *row.problem == '\0';
  CHECK(scene.Load().has_value() == good);
  CAPTURE(scene.problems);
  CHECK(absl::StrContains(scene.problems, row.problem));
}

TEST_CASE(
    "CheckReplaces K2: a ring without the key that signs, or that partners encrypt to, is not "
    "taken while serving",
    "[gateway][config][security]") {
  Scene scene;
  scene.UseDecryption({"b:new.key:current"});
  const auto serving = scene.Load();
  REQUIRE(serving.has_value());
  CHECK(scene.MayReplace(*serving, *serving));

  scene.UseSigning({"a:old.key:retired", "c:new.key:current"});
  CHECK(scene.MayReplace(scene.Load().value(), *serving));
  // By its key, not by its name.
  scene.UseSigning({"a:new.key:current"});
  CHECK_FALSE(scene.MayReplace(scene.Load().value(), *serving));
  CHECK(absl::StartsWith(scene.problems, "saml.signing_ring_file: "));

  scene.UseSigning({"a:old.key:current"});
  scene.UseDecryption({"b:old.key:current"});
  CHECK_FALSE(scene.MayReplace(scene.Load().value(), *serving));
  CHECK(absl::StartsWith(scene.problems, "saml.decryption_ring_file: "));
  scene.UseDecryption({"b:old.key:current", "a:new.key:next"});
  CHECK(scene.MayReplace(scene.Load().value(), *serving));
}

TEST_CASE("FilesNamedBySaml: what the rings name is watched with them, also while one is broken",
          "[gateway][config]") {
  Scene scene;
  scene.UseDecryption({"b:new.key:current"});
  const auto paths = [&scene] {
    std::vector<std::string> named;
    for (const service::FileSetting& file : FilesNamedBySaml(scene.config)) {
      named.push_back(absl::StrCat(file.key, " ", file.path));
    }
    std::sort(named.begin(), named.end());
    return named;
  };
  const std::string dir = scene.pki.dir().path();
  const std::vector<std::string> opening = {
      absl::StrCat("saml.decryption_ring_file ", dir, "/new.crt"),
      absl::StrCat("saml.decryption_ring_file ", dir, "/new.key")};
  const std::vector<std::string> signing = {
      absl::StrCat("saml.signing_ring_file ", dir, "/old.crt"),
      absl::StrCat("saml.signing_ring_file ", dir, "/old.key")};
  const std::string provider = absl::StrCat("saml.idps_file ", dir, "/new.crt");
  CHECK(paths() ==
        std::vector<std::string>{opening[0], opening[1], provider, signing[0], signing[1]});
  scene.pki.dir().Write("sp.ring", "ring nonsense\n");
  CHECK(paths() == std::vector<std::string>{opening[0], opening[1], provider});
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
