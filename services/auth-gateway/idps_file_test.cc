#include "services/auth-gateway/idps_file.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/testing/test_pki.h"

namespace va::gateway {
namespace {

// Two providers: one by hand, one by an address.
struct Scene {
  va::testing::TestPki pki;
  std::string certificate = pki.SelfSignedRsa("idp").certificate_file;

  std::string Pinned(absl::string_view more = "") const {
    return absl::StrCat(
        "  ssoe:\n    entity_id: https://idp.test\n    sso_url: https://idp.test/sso\n",
        "    certificate_files: [", certificate, "]\n", more);
  }
  std::string Source(absl::string_view more = "") const {
    return absl::StrCat("  other:\n    entity_id: https://other.test\n    metadata:\n",
                        "      url: https://other.test/metadata\n      ca_file: ", pki.ca_file(),
                        "\n      signing_certificate_files: [", certificate, "]\n", more);
  }
};

std::string ProblemOf(const std::string& rows) {
  const auto read = ParseIdps(absl::StrCat("idps:\n", rows), "idps.yaml");
  return read.ok() ? "" : std::string(read.status().message());
}

}  // namespace

TEST_CASE("IdpsFile: reads a provider that is pinned by hand and one that has a source",
          "[gateway][config]") {
  const Scene scene;
  const auto rows = ParseIdps(
      absl::StrCat("idps:\n",
                   scene.Pinned("    slo_url: https://idp.test/slo\n    slo_binding: redirect\n"
                                "    check_certificate_dates: true\n"),
                   scene.Source("      refresh: 30m\n      max_age: 48h\n")),
      "idps.yaml");
  REQUIRE(rows.ok());
  REQUIRE(rows->size() == 2);
  const IdpRow& pinned = (*rows)[0];
  CHECK(pinned.name == "ssoe");
  CHECK(pinned.entity_id == "https://idp.test");
  CHECK(pinned.sso.url == "https://idp.test/sso");
  CHECK(pinned.sso.binding == SamlBinding::kPost);
  REQUIRE(pinned.slo.has_value());
  CHECK(pinned.slo->binding == SamlBinding::kRedirect);
  CHECK(pinned.check_certificate_dates);
  CHECK(pinned.certificates.size() == 1);
  CHECK_FALSE(pinned.source.has_value());
  const IdpRow& other = (*rows)[1];
  REQUIRE(other.source.has_value());
  CHECK(other.source->url == "https://other.test/metadata");
  CHECK(other.source->trust.entity_id == "https://other.test");
  CHECK(other.source->trust.signers.size() == 1);
  CHECK(other.source->refresh == absl::Minutes(30));
  CHECK(other.source->max_age == absl::Hours(48));
  CHECK_FALSE(other.check_certificate_dates);
}

TEST_CASE("IdpsFile: idps.example.yaml is good once its files are there", "[gateway][config]") {
  const Scene scene;
  const auto text = crypto::ReadPublicFile("services/auth-gateway/idps.example.yaml");
  REQUIRE(text.ok());
  const auto rows = ParseIdps(
      absl::StrReplaceAll(*text, {{"/etc/va/saml/idp.crt", scene.certificate},
                                  {"/etc/va/saml/other-metadata.crt", scene.certificate}}),
      "idps.example.yaml");
  CAPTURE(rows.status().message());
  REQUIRE(rows.ok());
  CHECK(rows->size() == 3);
}

TEST_CASE("IdpsFile S57: a provider with neither key nor metadata source is refused",
          "[gateway][config][security]") {
  CHECK(
      ProblemOf("  ssoe:\n    entity_id: https://idp.test\n    sso_url: https://idp.test/sso\n") ==
      "idps.yaml:3: idps.ssoe needs certificate_files or metadata: a provider without a key "
      "cannot be verified");
  CHECK(absl::StrContains(
      ProblemOf("  ssoe:\n    entity_id: https://idp.test\n    sso_url: https://idp.test/sso\n"
                "    certificate_files: []\n"),
      "idps.ssoe needs certificate_files or metadata"));
  CHECK(absl::StrContains(
      ProblemOf("  ssoe:\n    entity_id: https://idp.test\n    metadata: {file: m.xml}\n"),
      "needs signing_certificate_files or sha256"));
}

TEST_CASE("IdpsFile: what is wrong is told with its line", "[gateway][config]") {
  const Scene scene;
  struct Row {
    const char* rule;
    std::string rows;
    const char* problem;
  };
  const std::vector<Row> rows = {
      {"an unknown key and what was meant", scene.Pinned("    slo_ulr: https://idp.test/slo\n"),
       "idps.yaml:6: idps.ssoe does not know the key 'slo_ulr'; did you mean 'slo_url'?"},
      {"a name that stands there twice", scene.Pinned() + scene.Pinned(),
       "idps.yaml:6: idps has the key 'ssoe' twice"},
      {"S107: an entity id that stands there twice",
       scene.Pinned() +
           "  b:\n    entity_id: https://idp.test\n    sso_url: https://b.test\n"
           "    certificate_files: [" +
           scene.certificate + "]\n",
       "idps.yaml:7: idps.b.entity_id stands in another row, too"},
      {"plain http",
       "  b:\n    entity_id: https://b.test\n    sso_url: http://b.test/sso\n"
       "    certificate_files: [" +
           scene.certificate + "]\n",
       "idps.yaml:4: idps.b.sso_url must be an absolute https URL"},
      {"javascript:", scene.Pinned("    slo_url: 'javascript:alert(1)'\n"),
       "idps.yaml:6: idps.ssoe.slo_url must be an absolute https URL"},
      {"a certificate that is none",
       "  b:\n    entity_id: https://b.test\n    sso_url: "
       "https://b.test/sso\n    certificate_files: [/none.crt]\n",
       "idps.yaml:5: idps.b.certificate_files /none.crt: "},
      {"both by hand and by metadata",
       scene.Source() + "    certificate_files: [" + scene.certificate + "]\n",
       "idps.other.certificate_files and metadata exclude each other"},
      {"an address without roots",
       "  b:\n    entity_id: https://b.test\n    metadata:\n      url: https://b.test/m\n"
       "      sha256: '" +
           std::string(64, 'a') + "'\n",
       "needs ca_file"},
      {"both a file and an address", scene.Source("      file: /m.xml\n"),
       "needs either file or url"},
      {"a pin that is no hash", scene.Source("      sha256: abc\n"),
       "sha256 must be 64 hexadecimal digits"},
      {"asked all the time", scene.Source("      refresh: 1s\n"), "refresh must be at least 1m"},
      {"too old before it is asked for again",
       scene.Source("      refresh: 2h\n      max_age: 1h\n"),
       "max_age must not be shorter than refresh"},
      {"a name that is no name", "  'a/../b':\n    entity_id: https://b.test\n",
       "must be named with"},
      {"nobody", "", "idps must hold at least one identity provider"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    const std::string problem = ProblemOf(row.rows);
    CAPTURE(problem);
    CHECK(absl::StrContains(problem, row.problem));
  }
}

TEST_CASE("IdpsFile: every csp of the policy leads to a row; a row nobody leads to is named",
          "[gateway][config]") {
  identity::Policy policy;
  identity::CspRow csp;
  csp.id = "idme";
  csp.idp = "ssoe";
  policy.csps = {csp};
  IdpRow ssoe;
  ssoe.name = "ssoe";
  IdpRow spare;
  spare.name = "spare";
  CHECK(MissingIdps(policy, {ssoe, spare}).empty());
  CHECK(MissingIdps(policy, {spare}) ==
        "the policy's csp idme leads to the identity provider ssoe, which has no row");
  CHECK(UnusedIdps(policy, {ssoe, spare}) == std::vector<std::string>{"spare"});
}

TEST_CASE("IdpsFile: the files its rows name are watched with it", "[gateway][config]") {
  const Scene scene;
  const std::string path =
      scene.pki.dir().Write("idps.yaml", absl::StrCat("idps:\n", scene.Pinned(), scene.Source()));
  CHECK(FilesNamedIn(path) ==
        std::vector<std::string>{scene.certificate, scene.pki.ca_file(), scene.certificate});
  CHECK(FilesNamedIn(scene.pki.dir().Write("bad.yaml", "idps: {a: [")).empty());
  CHECK(FilesNamedIn(scene.pki.dir().Write("odd.yaml", "idps: {a: 1, b: {metadata: 2}}")).empty());
}

}  // namespace va::gateway
