#include "services/user-attributes/config.h"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/service/example_config.h"
#include "lib/testing/test_pki.h"
#include "services/user-attributes/load.h"
#include "services/user-attributes/wiring.h"

namespace va::attributes {
namespace {

std::vector<std::string> WrongKeys(const std::string& yaml) {
  Config config;
  config::Table table("VA_USER_ATTRIBUTES__");
  Bind(table, config);
  std::vector<std::string> keys;
  for (const config::Problem& problem : table.LoadText(yaml, {})) keys.push_back(problem.key);
  return keys;
}

TEST_CASE("Config: docs/configuration.md has our rows as they are; else: ./dev docs",
          "[attributes][config]") {
  CHECK(service::StoredReference("user-attributes") == service::PrintedReference<Config>(Bind));
}

TEST_CASE("Config: config.example.yaml is what --print-example-config prints",
          "[attributes][config]") {
  CHECK(service::StoredExample("user-attributes") ==
        service::PrintedExample("user-attributes", "attributes", Methods(), Bind));
}

TEST_CASE("Config: policy, key rings and signing ring must be named", "[attributes][config]") {
  CHECK(WrongKeys("") == std::vector<std::string>{"policy.file", "keys.sealed_box_file",
                                                  "keys.lookup_file", "decision.signing_ring_file",
                                                  "decision.icn_keys_file"});
}

// Settings whose files are all there, and readable by their owner alone.
class Files {
 public:
  Files() : any_(dir_.Write("any", "x")) {}
  std::string Yaml() const {
    return absl::StrCat("policy: {file: ", any_, "}\nkeys: {sealed_box_file: ", any_,
                        ", lookup_file: ", any_, "}\ndecision: {signing_ring_file: ", any_,
                        ", icn_keys_file: ", any_, "}\n");
  }

 private:
  const testing::TempDir dir_;
  const std::string any_;
};

TEST_CASE("Config: the terms in force are those of mpi_mhv 2.11 unless told otherwise",
          "[attributes][config]") {
  const Files files;
  Config config;
  config::Table table("VA_USER_ATTRIBUTES__");
  Bind(table, config);
  REQUIRE(table.LoadText(files.Yaml(), {}).empty());
  CHECK(config.terms == TermsDocument{"va_terms_of_use", "3", "1.0", "VA Enterprise Terms of Use"});
  CHECK(WrongKeys(files.Yaml() + "terms: {revision: '4', title: Other}\n").empty());
}

TEST_CASE("Config: no part of the terms may say nothing, or a page", "[attributes][config]") {
  const std::string part = GENERATE("document", "revision", "legal_version", "title");
  CAPTURE(part);
  const Files files;
  CHECK(WrongKeys(files.Yaml() + "terms: {" + part + ": ''}\n") ==
        std::vector<std::string>{"terms"});
  CHECK(WrongKeys(files.Yaml() + "terms: {" + part + ": " + std::string(129, 'x') + "}\n") ==
        std::vector<std::string>{"terms"});
}

TEST_CASE("Load: a file that is no policy, no key ring and no key stops the start",
          "[attributes][config]") {
  // Any readable file will do that is neither: this program's own source.
  const std::string other = "services/user-attributes/config.h";
  service::FileLoader files;
  CHECK_FALSE(Load({other, other, other, other, other, {}}, files).has_value());
  std::set<std::string> keys;
  for (const config::Problem& problem : files.problems()) keys.insert(problem.key);
  CHECK(keys == std::set<std::string>{"policy.file", "keys.sealed_box_file", "keys.lookup_file",
                                      "decision.signing_ring_file", "decision.icn_keys_file"});
}

TEST_CASE("Load: E6 decisions are signed with EC P-256 alone", "[attributes][config]") {
  struct Row {
    const char* rule;
    const char* ring;
    crypto::NewKey kind;
    bool fits;
  };
  const auto row = GENERATE(values<Row>({
      {"P-256", "signing ES256", crypto::NewKey::kEcP256, true},
      {"P-384", "signing ES256", crypto::NewKey::kEcP384, false},
      {"RSA", "signing ES256", crypto::NewKey::kRsa2048, false},
      {"a ring for another algorithm", "signing RS256", crypto::NewKey::kRsa2048, false},
      {"rotated no faster than tokens end", "signing ES256 publish=3m overlap=8m",
       crypto::NewKey::kEcP256, true},
      {"rotated faster than tokens end", "signing ES256 publish=3m overlap=7m59s",
       crypto::NewKey::kEcP256, false},
      {"rotated faster than the set is read", "signing ES256 publish=2m59s overlap=1h",
       crypto::NewKey::kEcP256, false},
      {"a ring of SAML keys", "saml-signing RSA-2048", crypto::NewKey::kRsa2048, false},
  }));
  INFO(row.rule);
  const testing::TempDir dir;
  const std::string ring = dir.Write("ring.keys", "k1:" + std::string(64, 'a'));
  dir.Write("decision.key", crypto::GenerateKeyPem(row.kind).value());
  const std::string signing =
      dir.Write("decision.ring", absl::StrCat("ring ", row.ring, "\nk1:decision.key:current\n"));
  service::FileLoader files;
  CHECK(Load({"deploy/policy/policy.yaml", ring, ring, signing, ring, {}}, files).has_value() ==
        row.fits);
  const bool told =
      files.problems().size() == 1 && files.problems()[0].key == "decision.signing_ring_file";
  CHECK(told == !row.fits);
}

}  // namespace
}  // namespace va::attributes
