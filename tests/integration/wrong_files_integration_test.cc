// Files that are there and hold what cannot be used: for every program that reads some, in every
// mode, the end is 2 with the key named, before a port is opened or the database is asked. The
// database of these settings does not exist.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/crypto/keys.h"
#include "lib/testing/test_pki.h"
#include "tests/integration/child_process.h"

namespace va::integration {
namespace {

// Good files for every setting; a test spoils one of them.
class Files {
 public:
  std::string At(absl::string_view name) const {
    return absl::StrCat(pki_.dir().path(), "/", name);
  }
  void Write(absl::string_view name, absl::string_view content) { pki_.dir().Write(name, content); }
  void Copy(const std::string& from, absl::string_view to) {
    const auto bytes = crypto::ReadPublicFile(from);
    REQUIRE(bytes.ok());
    Write(to, *bytes);
  }

  Files() {
    for (const char* const name : {"grpc", "public", "mpi"}) {
      Install(pki_.IssueService(name), name);
    }
    Install(pki_.SelfSignedRsa("saml"), "saml");
    Install(pki_.SelfSignedRsa("idp"), "idp");
    Install(pki_.IssueService("other"), "other");
    Copy(pki_.ca_file(), "roots.pem");
    Copy("deploy/policy/policy.yaml", "policy.yaml");
    Copy(At("other.key"), "decision.key");
    Write("decision.pub",
          crypto::PrivateKey::FromPemFile(At("decision.key")).value().Public().Pem());
    Write("mhv-api.key", "5f0c\n");
    for (const char* const ring : {"sealed-box.keys", "lookup.keys", "decision-icn.keys"}) {
      Write(ring, absl::StrCat("k1:", std::string(64, 'a'), "\n"));
    }
  }

  std::unique_ptr<ChildProcess> Run(const std::string& program, const std::string& mode) {
    Write("config.yaml", absl::StrCat(Common(), Own(program)));
    std::vector<std::string> arguments = {"--config", At("config.yaml")};
    if (!mode.empty()) arguments.push_back(mode);
    return std::make_unique<ChildProcess>(absl::StrCat(VA_BIN_DIR, "/", program), arguments);
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
    return absl::StrCat(
        "ops: {listen: '127.0.0.1:0'}\n", "grpc: {listen: '127.0.0.1:0', tls: {", Pair("grpc"),
        ", ca_file: ", At("roots.pem"), "}}\n", "database: {host: ", At("no-such-database"),
        ", user: nobody, owner_user: nobody}\n", "audit: {file: ", At("audit.jsonl"), "}\n");
  }
  std::string MhvAccount() const {
    return absl::StrCat(
        "decision: {public_key_files: [", At("decision.pub"),
        "], icn_keys_file: ", At("decision-icn.keys"), "}\n",
        "keys: {sealed_box_file: ", At("sealed-box.keys"), ", lookup_file: ", At("lookup.keys"),
        "}\n", "mhv:\n  http: {url: 'https://mhv.example.test', tls: {ca_file: ", At("roots.pem"),
        "}}\n  api_key_file: ", At("mhv-api.key"), "\n",
        "  sts: {url: 'https://sts.example.test', client_id: c, service_account_id: s, "
        "private_key_file: ",
        At("saml.key"), "}\n");
  }
  std::string Own(absl::string_view program) const {
    const std::string peers =
        "peers: {mpi_adapter: {target: '127.0.0.1:1'}, user_attributes: {target: '127.0.0.1:1'}}\n";
    const std::string policy = absl::StrCat("policy: {file: ", At("policy.yaml"), "}\n");
    if (program == "mhv-account") return absl::StrCat(peers, MhvAccount());
    if (program == "mpi-adapter") {
      return absl::StrCat("mpi: {http: {url: 'https://mpi.example.test/', tls: {", Pair("mpi"),
                          ", ca_file: ", At("roots.pem"), "}}}\n");
    }
    if (program == "user-attributes") {
      return absl::StrCat(policy, "keys: {sealed_box_file: ", At("sealed-box.keys"),
                          ", lookup_file: ", At("lookup.keys"), "}\n",
                          "decision: {signing_key_file: ", At("decision.key"),
                          ", icn_keys_file: ", At("decision-icn.keys"), "}\n");
    }
    return absl::StrCat(
        "peers: {mpi_adapter: {target: '127.0.0.1:1'}, user_attributes: {target: "
        "'127.0.0.1:1'}, mhv_account: {target: '127.0.0.1:1'}, "
        "inherited_proofing: {target: '127.0.0.1:1'}}\n",
        policy, "keys: {sealed_box_file: ", At("sealed-box.keys"), "}\n",
        "public: {listen: '127.0.0.1:0', base_url: 'https://localhost:1', tls: {", Pair("public"),
        "}}\n",
        "saml: {sp_entity_id: 'https://sp.test', signing_certificate_file: ", At("saml.crt"),
        ", signing_key_file: ", At("saml.key"),
        ", idp: {entity_id: 'https://idp.test', sso_url: 'https://idp.test/sso', "
        "certificate_files: [",
        At("idp.crt"), "]}}\n");
  }

  testing::TestPki pki_;
};

struct Row {
  const char* rule;
  const char* program;
  std::function<void(Files&)> spoil;
  const char* key;
};

const std::vector<Row>& Rows() {
  static const auto* const kRows = new std::vector<Row>{
      {"a policy with a problem", "auth-gateway",
       [](Files& files) { files.Write("policy.yaml", "version: broken\n"); }, "policy.file"},
      {"P1: a grant that is not implemented", "auth-gateway",
       [](Files& files) {
         auto policy = crypto::ReadPublicFile(files.At("policy.yaml"));
         REQUIRE(policy.ok());
         const size_t at = policy->find("allow_unsolicited: false");
         REQUIRE(at != std::string::npos);
         files.Write("policy.yaml", policy->replace(at, 24, "allow_unsolicited: true"));
       },
       "policy.file"},
      {"a SAML certificate of another key", "auth-gateway",
       [](Files& files) { files.Copy(files.At("idp.crt"), "saml.crt"); },
       "saml.signing_certificate_file"},
      {"a SAML key that is none", "auth-gateway",
       [](Files& files) { files.Write("saml.key", "key\n"); }, "saml.signing_key_file"},
      {"S57: an identity provider's certificate that is none", "auth-gateway",
       [](Files& files) { files.Write("idp.crt", ""); }, "saml.idp.certificate_files"},
      {"an empty key ring", "auth-gateway",
       [](Files& files) { files.Write("sealed-box.keys", ""); }, "keys.sealed_box_file"},
      {"a public TLS key of another certificate", "auth-gateway",
       [](Files& files) { files.Copy(files.At("other.key"), "public.key"); },
       "public.tls.certificate_file"},
      {"a policy with a problem", "user-attributes",
       [](Files& files) { files.Write("policy.yaml", "version: broken\n"); }, "policy.file"},
      {"an empty key ring", "user-attributes",
       [](Files& files) { files.Write("sealed-box.keys", ""); }, "keys.sealed_box_file"},
      {"an empty key ring of look-ups", "user-attributes",
       [](Files& files) { files.Write("lookup.keys", "# none yet\n"); }, "keys.lookup_file"},
      {"E6: a key that signs decisions and is none", "user-attributes",
       [](Files& files) { files.Write("decision.key", "key\n"); }, "decision.signing_key_file"},
      {"E6: a key that signs decisions and is not EC P-256", "user-attributes",
       [](Files& files) { files.Copy(files.At("saml.key"), "decision.key"); },
       "decision.signing_key_file"},
      {"E6: an empty key ring of ICNs in decisions", "user-attributes",
       [](Files& files) { files.Write("decision-icn.keys", ""); }, "decision.icn_keys_file"},
      {"a client key of another certificate", "mpi-adapter",
       [](Files& files) { files.Copy(files.At("other.key"), "mpi.key"); },
       "mpi.http.tls.certificate_file"},
      {"E6: a decision key of another kind", "mhv-account",
       [](Files& files) {
         const auto rsa = crypto::PrivateKey::FromPemFile(files.At("saml.key"));
         REQUIRE(rsa.ok());
         files.Write("decision.pub", rsa->Public().Pem());
       },
       "decision.public_key_files"},
      {"an empty API key", "mhv-account", [](Files& files) { files.Write("mhv-api.key", "\n"); },
       "mhv.api_key_file"},
      {"a TLS key of another certificate", "mhv-account",
       [](Files& files) { files.Copy(files.At("other.key"), "grpc.key"); },
       "grpc.tls.certificate_file"},
      {"roots that are none", "mhv-account",
       [](Files& files) { files.Write("roots.pem", "roots\n"); }, "grpc.tls.ca_file"},
  };
  return *kRows;
}

}  // namespace

TEST_CASE("Frame: a file that cannot be used ends every mode with 2 before a port is open",
          "[service][config][rule]") {
  const Row& row = GENERATE(from_range(Rows().begin(), Rows().end()));
  Files files;
  row.spoil(files);
  for (const char* const mode : {"", "--check-config", "--migrate"}) {
    CAPTURE(row.rule, row.program, mode);
    const auto program = files.Run(row.program, mode);
    CHECK(program->Wait() == 2);
    CHECK(program->out().empty());
    CAPTURE(program->err());
    CHECK(absl::StrContains(program->err(), absl::StrCat("\n  ", row.key, ": ")));
  }
}

TEST_CASE("Frame: everything wrong with the files is told at once", "[service][config]") {
  Files files;
  files.Write("policy.yaml", "version: broken\n");
  files.Write("saml.key", "key\n");
  files.Write("grpc.crt", "certificate\n");
  files.Write("sealed-box.keys", "");
  const auto program = files.Run("auth-gateway", "--check-config");
  CHECK(program->Wait() == 2);
  for (const char* const key : {"policy.file", "saml.signing_key_file", "grpc.tls.certificate_file",
                                "keys.sealed_box_file"}) {
    CHECK(absl::StrContains(program->err(), absl::StrCat("\n  ", key, ": ")));
  }
}

TEST_CASE("Frame: good files pass --check-config without a database", "[service][config]") {
  Files files;
  for (const char* const name : {"auth-gateway", "user-attributes", "mpi-adapter", "mhv-account"}) {
    CAPTURE(name);
    const auto program = files.Run(name, "--check-config");
    CHECK(program->Wait() == 0);
    CAPTURE(program->err());
    CHECK(absl::StrContains(program->out(), "is good"));
  }
}

}  // namespace va::integration
