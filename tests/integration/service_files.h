// Good files for every setting of each of our programs, in a folder of their own; a test spoils one
// of them, before the start or while the program serves.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "lib/crypto/keys.h"
#include "lib/jose/jwks.h"
#include "lib/testing/temp_postgres.h"
#include "lib/testing/test_pki.h"
#include "tests/integration/child_process.h"

namespace va::integration {

// Good files for every setting; a test spoils one of them.
class ServiceFiles {
 public:
  std::string At(absl::string_view name) const {
    return absl::StrCat(pki_.dir().path(), "/", name);
  }
  // By rename, as operators are told to: a program that serves must not see half of it.
  void Write(absl::string_view name, absl::string_view content) {
    const std::string fresh = pki_.dir().Write(absl::StrCat(name, ".fresh"), content);
    REQUIRE(std::rename(fresh.c_str(), At(name).c_str()) == 0);
  }
  void Copy(const std::string& from, absl::string_view to) {
    const auto bytes = crypto::ReadPublicFile(from);
    REQUIRE(bytes.ok());
    Write(to, *bytes);
  }

  ServiceFiles() {
    for (const char* const name : {"grpc", "public", "mpi"}) {
      Install(pki_.IssueService(name), name);
    }
    Install(pki_.SelfSignedRsa("saml"), "saml");
    Write("saml.ring", "ring saml-signing RSA-2048 publish=24h overlap=24h\nk1:saml.key:current\n");
    Install(pki_.SelfSignedRsa("idp"), "idp");
    Install(pki_.IssueService("other"), "other");
    Copy(pki_.ca_file(), "roots.pem");
    Copy("deploy/policy/policy.yaml", "policy.yaml");
    Copy(At("other.key"), "decision.key");
    Write("idps.yaml", absl::StrCat("idps:\n  ssoe:\n    entity_id: https://idp.test\n",
                                    "    sso_url: https://idp.test/sso\n    certificate_files: [",
                                    At("idp.crt"), "]\n"));
    Write("decision.ring", "ring signing ES256\nk1:decision.key:current\n");
    WriteDecisionKey(crypto::PrivateKey::FromPemFile(At("decision.key")).value().Public(), "ES256");
    Copy(At("saml.key"), "mhv-sts.key");
    Write("mhv-sts.ring", "ring signing RS256\nk1:mhv-sts.key:current\n");
    Write("mhv-api.key", "5f0c\n");
    for (const char* const ring :
         {"sealed-box.keys", "lookup.keys", "decision-icn.keys", "audit.keys"}) {
      Write(ring, absl::StrCat("k1:", std::string(64, 'a'), "\n"));
    }
  }

  // The published set of decision keys holds this one.
  void WriteDecisionKey(const crypto::PublicKey& key, const std::string& algorithm) {
    const auto set = jose::WriteJwks({{key, {"", algorithm, jose::KeyUse::kSignature}}});
    REQUIRE(set.ok());
    Write("decision.jwks", *set);
  }

  // Until then the settings name a database that does not exist.
  void UseDatabase(const testing::TempDatabase& database) {
    const store::PoolOptions app = database.App();
    database_ = absl::StrCat("{host: ", app.host, ", port: ", app.port, ", name: ", app.name,
                             ", user: ", app.user, ", owner_user: ", database.Owner().user, "}");
  }
  // More lines for the end of the settings.
  void UseAlso(absl::string_view yaml) { also_ = std::string(yaml); }
  // As Run writes them.
  void WriteConfig(const std::string& program) {
    Write("config.yaml", absl::StrCat(Common(), Own(program), also_));
  }

  // `environment` as of ChildProcess.
  std::unique_ptr<ChildProcess> Run(const std::string& program, const std::string& mode,
                                    const std::vector<std::string>& environment = {}) {
    WriteConfig(program);
    std::vector<std::string> arguments = {"--config", At("config.yaml")};
    if (!mode.empty()) arguments.push_back(mode);
    return std::make_unique<ChildProcess>(absl::StrCat(VA_BIN_DIR, "/", program), arguments,
                                          environment);
  }

 private:
  void Install(const testing::PemFiles& files, absl::string_view name) {
    Copy(files.certificate_file, absl::StrCat(name, ".crt"));
    Copy(files.private_key_file, absl::StrCat(name, ".key"));
  }
  std::string Pair(absl::string_view name) const {
    return absl::StrCat("certificate_file: ", At(absl::StrCat(name, ".crt")),
                        ", private_key_file: ", At(absl::StrCat(name, ".key")));
  }
  std::string Common() const {
    return absl::StrCat("ops: {listen: '127.0.0.1:0'}\n", "grpc: {listen: '127.0.0.1:0', tls: {",
                        Pair("grpc"), ", ca_file: ", At("roots.pem"), "}}\n",
                        "database: ", database_, "\n", "audit: {file: ", At("audit.jsonl"),
                        ", pseudonym_keys_file: ", At("audit.keys"), "}\n");
  }
  std::string MhvAccount() const {
    return absl::StrCat(
        "decision: {jwks_file: ", At("decision.jwks"), ", icn_keys_file: ", At("decision-icn.keys"),
        "}\n", "keys: {sealed_box_file: ", At("sealed-box.keys"),
        ", lookup_file: ", At("lookup.keys"), "}\n",
        "mhv:\n  http: {url: 'https://mhv.example.test', tls: {ca_file: ", At("roots.pem"),
        "}}\n  api_key_file: ", At("mhv-api.key"), "\n",
        "  sts: {url: 'https://sts.example.test', client_id: c, service_account_id: s, "
        "signing_ring_file: ",
        At("mhv-sts.ring"), "}\n");
  }
  std::string Own(absl::string_view program) const {
    const std::string peers =
        "peers: {mpi_adapter: {target: '127.0.0.1:1'}, user_attributes: {target: '127.0.0.1:1'}}\n";
    const std::string policy = absl::StrCat("policy: {file: ", At("policy.yaml"), "}\n");
    if (program == "inherited-proofing") {
      return absl::StrCat(
          "peers: {mpi_adapter: {target: '127.0.0.1:1'}}\n",
          "decision: {jwks_file: ", At("decision.jwks"),
          ", icn_keys_file: ", At("decision-icn.keys"), "}\n",
          "mhv:\n  http: {url: 'https://mhv.example.test', tls: {ca_file: ", At("roots.pem"),
          "}}\n  app_token_file: ", At("mhv-api.key"), "\n", "consent: {text_version: '1'}\n");
    }
    if (program == "mhv-account") return absl::StrCat(peers, MhvAccount());
    if (program == "mpi-adapter") {
      return absl::StrCat("keys: {sealed_box_file: ", At("sealed-box.keys"),
                          ", lookup_file: ", At("lookup.keys"), "}\n",
                          "mpi: {http: {url: 'https://mpi.example.test/', tls: {", Pair("mpi"),
                          ", ca_file: ", At("roots.pem"), "}}}\n");
    }
    if (program == "user-attributes") {
      return absl::StrCat(policy, "keys: {sealed_box_file: ", At("sealed-box.keys"),
                          ", lookup_file: ", At("lookup.keys"), "}\n",
                          "decision: {signing_ring_file: ", At("decision.ring"),
                          ", icn_keys_file: ", At("decision-icn.keys"), "}\n");
    }
    return absl::StrCat(
        "peers: {mpi_adapter: {target: '127.0.0.1:1'}, user_attributes: {target: "
        "'127.0.0.1:1'}, mhv_account: {target: '127.0.0.1:1'}, "
        "inherited_proofing: {target: '127.0.0.1:1'}}\n",
        policy, "keys: {sealed_box_file: ", At("sealed-box.keys"), "}\n",
        "public: {listen: '127.0.0.1:0', base_url: 'https://localhost:1', tls: {", Pair("public"),
        "}}\n", "saml: {sp_entity_id: 'https://sp.test', signing_ring_file: ", At("saml.ring"),
        ", idps_file: ", At("idps.yaml"), "}\n");
  }

  testing::TestPki pki_;
  std::string database_ =
      absl::StrCat("{host: ", At("no-such-database"), ", user: nobody, owner_user: nobody_owner}");
  std::string also_;
};

}  // namespace va::integration
