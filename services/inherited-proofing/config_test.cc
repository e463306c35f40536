#include "services/inherited-proofing/config.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/crypto/keys.h"
#include "lib/jose/jwks.h"
#include "lib/service/example_config.h"
#include "lib/testing/test_pki.h"
#include "services/inherited-proofing/load.h"
#include "services/inherited-proofing/wiring.h"

namespace va::proofing {
namespace {

// Files that settings may name, all good.
struct Files {
  testing::TestPki pki;
  testing::PemFiles signer = pki.Issue({"decision"});
  std::string jwks = pki.dir().Write(
      "decision.jwks",
      jose::WriteJwks({{crypto::Certificate::FromPemFile(signer.certificate_file)->public_key(),
                        {"", "ES256", jose::KeyUse::kSignature}}})
          .value());
  std::string icn_keys = pki.dir().Write("decision-icn.keys", "k:" + std::string(64, '1') + "\n");
  std::string token = pki.dir().Write("mhv-app.token", "0123456789abcdef\n");

  std::string Yaml() const {
    return absl::StrCat(
        "peers: {mpi_adapter: {target: 'mpi-adapter:8444'}}\n", "decision: {jwks_file: ", jwks,
        ", icn_keys_file: ", icn_keys, "}\n",
        "mhv:\n  http:\n    url: https://mhv.example.test/ip\n    tls: {ca_file: ", pki.ca_file(),
        "}\n  app_token_file: ", token, "\nconsent: {text_version: '7'}\n");
  }
};

std::vector<config::Problem> Read(const std::string& yaml, Config& config,
                                  const config::Environment& environment = {}) {
  config::Table table("VA_INHERITED_PROOFING__");
  Bind(table, config);
  return table.LoadText(yaml, environment);
}

TEST_CASE("Config: docs/configuration.md has our rows as they are; else: ./dev docs",
          "[proofing][config]") {
  CHECK(service::StoredReference("inherited-proofing") == service::PrintedReference<Config>(Bind));
}

TEST_CASE("Config: config.example.yaml is what --print-example-config prints",
          "[proofing][config]") {
  CHECK(service::StoredExample("inherited-proofing") ==
        service::PrintedExample("inherited-proofing", "proofing", Methods(), Bind));
}

TEST_CASE("Config: everything that is required is listed by its key", "[proofing][config]") {
  Config config;
  std::vector<std::string> keys;
  for (const config::Problem& problem : Read("", config)) keys.push_back(problem.key);
  CHECK_THAT(keys, Catch::UnorderedEquals(std::vector<std::string>{
                       "peers.mpi_adapter.target", "decision.jwks_file", "decision.icn_keys_file",
                       "mhv.http.url", "mhv.http.tls.ca_file", "mhv.app_token_file",
                       "consent.text_version"}));
  CHECK(config.mpi_adapter.server_name == "mpi-adapter.va.internal");
}

TEST_CASE("Config: defaults are those of section 4: what blocks, what is noted",
          "[proofing][config][rule]") {
  const Files files;
  Config config;
  for (const config::Problem& problem : Read(files.Yaml(), config)) {
    FAIL_CHECK(config::ToString(problem));
  }
  const Rules rules = RulesOf(config);
  CHECK(rules.effects == Rules().effects);
  CHECK(rules.in_person_methods == std::vector<std::string>{"IPA"});
  CHECK(config.mhv_timeout == absl::Seconds(3));
  CHECK(config.consent_lifetime == absl::Minutes(10));
  CHECK(config.code_lifetime == absl::Seconds(5400));
  CHECK(config.consent_text_version == "7");
}

TEST_CASE("Config: every rule is a setting under its own name", "[proofing][config][rule]") {
  const Files files;
  for (const Rule rule : kAllRules) {
    CAPTURE(NameOf(rule));
    Config config;
    REQUIRE(
        Read(absl::StrCat(files.Yaml(), "rules: {", NameOf(rule), ": ignore}\n"), config).empty());
    Rules expected;
    expected.Set(rule, Effect::kIgnore);
    CHECK(RulesOf(config).effects == expected.effects);
  }
  Config config;
  REQUIRE(
      Read(files.Yaml() + "rules: {document_expired: block, wrong_csp: note}\n", config).empty());
  CHECK(RulesOf(config).of(Rule::kDocumentExpired) == Effect::kBlock);
  CHECK(RulesOf(config).of(Rule::kWrongCsp) == Effect::kNote);
}

TEST_CASE("Config: what would weaken the handoff is refused", "[proofing][config][rule]") {
  struct Row {
    const char* variable;
    const char* value;
    const char* key;
  };
  const Row row = GENERATE(values<Row>({
      {"VA_INHERITED_PROOFING__MHV__HTTP__URL", "http://mhv.example.test/ip", "mhv.http.url"},
      {"VA_INHERITED_PROOFING__MHV__HTTP__TIMEOUT", "5m", "mhv.http.timeout"},
      {"VA_INHERITED_PROOFING__RULES__DECEASED", "maybe", "rules.deceased"},
      {"VA_INHERITED_PROOFING__RULES__IN_PERSON_METHODS", "", "rules.in_person_methods"},
      {"VA_INHERITED_PROOFING__CODE__LIFETIME", "91m", "code.lifetime"},
      {"VA_INHERITED_PROOFING__CONSENT__LIFETIME", "2h", "consent.lifetime"},
  }));
  const Files files;
  Config config;
  const auto problems = Read(files.Yaml(), config, {{row.variable, row.value}});
  for (const config::Problem& problem : problems) UNSCOPED_INFO(config::ToString(problem));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].key == row.key);
}

TEST_CASE("Config: half a client certificate is refused", "[proofing][config]") {
  const Files files;
  Config config;
  const auto problems = Read(
      files.Yaml(), config,
      {{"VA_INHERITED_PROOFING__MHV__HTTP__TLS__CERTIFICATE_FILE", files.signer.certificate_file}});
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].key == "mhv.http.tls.certificate_file");
}

Config Good(const Files& files) {
  Config config;
  REQUIRE(Read(files.Yaml(), config).empty());
  return config;
}

TEST_CASE("Load: good files give a verifier and the token without its line end",
          "[proofing][config]") {
  const Files files;
  service::FileLoader loader;
  const auto loaded = Load(Good(files), loader);
  for (const config::Problem& problem : loader.problems()) {
    FAIL_CHECK(config::ToString(problem));
  }
  REQUIRE(loaded.has_value());
  CHECK(loaded->mhv_app_token.Reveal() == "0123456789abcdef");
}

TEST_CASE("Load: files that hold something else stop the start, each under its own key",
          "[proofing][config]") {
  const Files files;
  const std::string other = "services/inherited-proofing/config.h";
  Config config = Good(files);
  config.decision.jwks = other;
  config.decision.icn_keys = other;
  config.mhv_ca_file = other;
  config.mhv_app_token_file = other;  // more than one line
  service::FileLoader loader;
  CHECK_FALSE(Load(config, loader).has_value());
  std::set<std::string> keys;
  for (const config::Problem& problem : loader.problems()) keys.insert(problem.key);
  CHECK(keys == std::set<std::string>{"decision.jwks_file", "decision.icn_keys_file",
                                      "mhv.http.tls.ca_file", "mhv.app_token_file"});
}

TEST_CASE("Load: a client certificate must fit its key", "[proofing][config]") {
  Files files;
  const testing::PemFiles other = files.pki.Issue({"other"});
  Config config = Good(files);
  config.mhv_certificate_file = files.signer.certificate_file;
  config.mhv_private_key_file = other.private_key_file;
  service::FileLoader loader;
  CHECK_FALSE(Load(config, loader).has_value());
  REQUIRE(loader.problems().size() == 1);
  CHECK(loader.problems()[0].key == "mhv.http.tls.certificate_file");
}

}  // namespace
}  // namespace va::proofing
