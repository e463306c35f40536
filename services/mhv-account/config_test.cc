#include "services/mhv-account/config.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/jose/jwks.h"
#include "lib/service/example_config.h"
#include "lib/testing/test_pki.h"
#include "services/mhv-account/load.h"
#include "services/mhv-account/wiring.h"

namespace va::mhv {
namespace {

constexpr char kStsRing[] = "ring signing RS256\nk1:mhv-sts.key:current\n";

// Every file the settings name, as an operator would have them.
class Files {
 public:
  Files() {
    const std::string ring = absl::StrCat("k1:", std::string(64, 'a'), "\n");
    const testing::PemFiles ec = pki_.Issue({"decision"});
    const auto ec_key = crypto::Certificate::FromPemFile(ec.certificate_file)->public_key();
    config.decision.jwks = dir_.Write("decision.jwks", SetOf(ec_key, "ES256"));
    config.decision.icn_keys = dir_.Write("decision-icn.keys", ring);
    config.sealed_box_file = dir_.Write("sealed-box.keys", ring);
    config.lookup_file = dir_.Write("lookup.keys", ring);
    config.http_ca_file = pki_.ca_file();
    config.api_key_file = dir_.Write("mhv-api.key", "5f0c\n");
    dir_.Write("mhv-sts.key", crypto::ReadPublicFile(Rsa().private_key_file).value());
    dir_.Write("ec.key", crypto::ReadPublicFile(ec.private_key_file).value());
    config.sts_signing_ring_file = dir_.Write("mhv-sts.ring", kStsRing);
  }
  // A published set of one key.
  static std::string SetOf(const crypto::PublicKey& key, const char* algorithm) {
    return jose::WriteJwks({{key, {"", algorithm, jose::KeyUse::kSignature}}}).value();
  }
  static crypto::PublicKey RsaKey() {
    return crypto::Certificate::FromPemFile(Rsa().certificate_file)->public_key();
  }

  std::string Write(const std::string& name, const std::string& text) const {
    return dir_.Write(name, text);
  }
  // The keys under which something is wrong.
  std::set<std::string> Problems() const {
    service::FileLoader files;
    const bool loaded = Load(config, files).has_value();
    std::set<std::string> keys;
    for (const config::Problem& problem : files.problems()) keys.insert(problem.key);
    if (loaded) CHECK(keys.empty());
    return keys;
  }

  Config config;

 private:
  // Making an RSA key takes its time: once for all.
  static testing::PemFiles Rsa() {
    static testing::TestPki pki;
    static const testing::PemFiles files = pki.SelfSignedRsa("sts");
    return files;
  }

  testing::TestPki pki_;
  testing::TempDir dir_;
};

std::string Yaml(const Files& files, const std::string& http_url, const std::string& sts_url) {
  return absl::StrCat("decision: {jwks_file: ", files.config.decision.jwks,
                      ", icn_keys_file: ", files.config.decision.icn_keys, "}\n",
                      "keys: {sealed_box_file: ", files.config.sealed_box_file,
                      ", lookup_file: ", files.config.lookup_file, "}\n", "mhv:\n  http: {url: '",
                      http_url, "', tls: {ca_file: ", files.config.http_ca_file, "}}\n",
                      "  api_key_file: ", files.config.api_key_file, "\n  sts: {url: '", sts_url,
                      "', client_id: c, service_account_id: s, signing_ring_file: ",
                      files.config.sts_signing_ring_file, "}\n",
                      "peers: {mpi_adapter: {target: 'm:1'}, user_attributes: {target: 'u:1'}}\n");
}

std::vector<config::Problem> LoadYaml(const std::string& yaml, Config& config) {
  config::Table table("VA_MHV_ACCOUNT__");
  Bind(table, config);
  return table.LoadText(yaml, {});
}

TEST_CASE("Config: docs/configuration.md has our rows as they are; else: ./dev docs",
          "[mhv][config]") {
  CHECK(service::StoredReference("mhv-account") == service::PrintedReference<Config>(Bind));
}

TEST_CASE("Config: config.example.yaml is what --print-example-config prints", "[mhv][config]") {
  CHECK(service::StoredExample("mhv-account") ==
        service::PrintedExample("mhv-account", "mhv", Methods(), Bind));
}

TEST_CASE("Config: everything that is required is listed by its key", "[mhv][config]") {
  Config config;
  std::vector<std::string> keys;
  for (const config::Problem& problem : LoadYaml("", config)) keys.push_back(problem.key);
  CHECK(keys == std::vector<std::string>{"decision.jwks_file", "decision.icn_keys_file",
                                         "keys.sealed_box_file", "keys.lookup_file", "mhv.http.url",
                                         "mhv.http.tls.ca_file", "mhv.api_key_file", "mhv.sts.url",
                                         "mhv.sts.client_id", "mhv.sts.signing_ring_file",
                                         "mhv.sts.service_account_id", "peers.mpi_adapter.target",
                                         "peers.user_attributes.target"});
  CHECK(config.mpi_adapter.server_name == "mpi-adapter.va.internal");
}

TEST_CASE("Config: three seconds a call, the enterprise terms, a day for an account",
          "[mhv][config]") {
  const Files files;
  Config config;
  CHECK(LoadYaml(Yaml(files, "https://mhv.test", "https://sts.test/base"), config).empty());
  CHECK(config.http_timeout == absl::Seconds(3));
  CHECK(config.terms_document == "va_terms_of_use");
  CHECK(config.account_lifetime == absl::Hours(24));
}

TEST_CASE("Config: a base that would send people's data elsewhere or in the clear is refused",
          "[mhv][config][rule]") {
  const std::string bad = GENERATE("http://mhv.test", "https://mhv.test/", "https://mhv.test?x=1",
                                   "https://mhv.test#a");
  CAPTURE(bad);
  const Files files;
  Config config;
  std::vector<std::string> keys;
  for (const config::Problem& problem : LoadYaml(Yaml(files, bad, bad), config)) {
    keys.push_back(problem.key);
  }
  CHECK(keys == std::vector<std::string>{"mhv.http.url", "mhv.sts.url"});
}

TEST_CASE("Load: good files load", "[mhv][config]") {
  const Files files;
  CHECK(files.Problems().empty());
}

TEST_CASE("Load: a file that cannot be used stops the start under its key", "[mhv][config][rule]") {
  struct Row {
    const char* rule;
    std::function<void(Files&)> spoil;
    const char* key;
  };
  const auto write = [](const char* text) {
    return [text](const Files& files) { return files.Write("spoiled", text); };
  };
  const std::vector<Row> rows = {
      {"decision keys that are none",
       [&](Files& files) { files.config.decision.jwks = write("keys\n")(files); },
       "decision.jwks_file"},
      {"a decision key of another kind",
       [](Files& files) {
         files.config.decision.jwks =
             files.Write("rsa.jwks", Files::SetOf(Files::RsaKey(), "RS256"));
       },
       "decision.jwks_file"},
      {"an empty ring of decisions",
       [&](Files& files) { files.config.decision.icn_keys = write("")(files); },
       "decision.icn_keys_file"},
      {"an empty key ring", [&](Files& files) { files.config.sealed_box_file = write("")(files); },
       "keys.sealed_box_file"},
      {"an empty ring of look-ups",
       [&](Files& files) { files.config.lookup_file = write("")(files); }, "keys.lookup_file"},
      {"roots that are none",
       [&](Files& files) { files.config.http_ca_file = write("roots\n")(files); },
       "mhv.http.tls.ca_file"},
      {"a ring of assertion keys that is none",
       [&](Files& files) { files.config.sts_signing_ring_file = write("key\n")(files); },
       "mhv.sts.signing_ring_file"},
      {"an assertion key that is none", [](Files& files) { files.Write("mhv-sts.key", "key\n"); },
       "mhv.sts.signing_ring_file"},
      {"an assertion key that cannot sign RS256",
       [](Files& files) { files.Write("mhv-sts.ring", "ring signing RS256\nk1:ec.key:current\n"); },
       "mhv.sts.signing_ring_file"},
      {"a next assertion key that could not sign RS256",
       [](Files& files) {
         files.Write("mhv-sts.ring", absl::StrCat(kStsRing, "k2:ec.key:next\n"));
       },
       "mhv.sts.signing_ring_file"},
      {"an assertion key for another algorithm",
       [](Files& files) {
         files.Write("mhv-sts.ring", "ring signing PS256\nk1:mhv-sts.key:current\n");
       },
       "mhv.sts.signing_ring_file"},
      {"a ring that would be rotated faster than assertions end",
       [](Files& files) {
         files.Write("mhv-sts.ring", "ring signing RS256 overlap=7m59s\nk1:mhv-sts.key:current\n");
       },
       "mhv.sts.signing_ring_file"},
      {"an empty API key", [&](Files& files) { files.config.api_key_file = write("\n")(files); },
       "mhv.api_key_file"},
      {"an API key of two lines",
       [&](Files& files) { files.config.api_key_file = write("a\nb\n")(files); },
       "mhv.api_key_file"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    Files files;
    row.spoil(files);
    CHECK(files.Problems() == std::set<std::string>{row.key});
  }
}

}  // namespace
}  // namespace va::mhv
