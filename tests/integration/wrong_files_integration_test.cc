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
#include "tests/integration/service_files.h"

namespace va::integration {
namespace {

struct Row {
  const char* rule;
  const char* program;
  std::function<void(ServiceFiles&)> spoil;
  const char* key;
};

const std::vector<Row>& Rows() {
  static const auto* const kRows = new std::vector<Row>{
      {"a policy with a problem", "auth-gateway",
       [](ServiceFiles& files) { files.Write("policy.yaml", "version: broken\n"); }, "policy.file"},
      {"P1: a grant that is neither given nor not", "auth-gateway",
       [](ServiceFiles& files) {
         auto policy = crypto::ReadPublicFile(files.At("policy.yaml"));
         REQUIRE(policy.ok());
         const size_t at = policy->find("allow_unsolicited: false");
         REQUIRE(at != std::string::npos);
         files.Write("policy.yaml", policy->replace(at, 24, "allow_unsolicited: some"));
       },
       "policy.file"},
      {"a SAML certificate of another key", "auth-gateway",
       [](ServiceFiles& files) { files.Copy(files.At("idp.crt"), "saml.crt"); },
       "saml.signing_ring_file"},
      {"a SAML key that is none", "auth-gateway",
       [](ServiceFiles& files) { files.Write("saml.key", "key\n"); }, "saml.signing_ring_file"},
      {"a SAML ring without a current key", "auth-gateway",
       [](ServiceFiles& files) {
         files.Write("saml.ring",
                     "ring saml-signing RSA-2048 publish=24h overlap=24h\nk1:saml.key:next\n");
       },
       "saml.signing_ring_file"},
      {"a SAML ring that rotates faster than partners hear of it", "auth-gateway",
       [](ServiceFiles& files) {
         files.Write("saml.ring",
                     "ring saml-signing RSA-2048 publish=1h overlap=24h\nk1:saml.key:current\n");
       },
       "saml.signing_ring_file"},
      {"S57: an identity provider's certificate that is none", "auth-gateway",
       [](ServiceFiles& files) { files.Write("idp.crt", ""); }, "saml.idps_file"},
      {"an empty key ring", "auth-gateway",
       [](ServiceFiles& files) { files.Write("sealed-box.keys", ""); }, "keys.sealed_box_file"},
      {"a public TLS key of another certificate", "auth-gateway",
       [](ServiceFiles& files) { files.Copy(files.At("other.key"), "public.key"); },
       "public.tls.certificate_file"},
      {"a policy with a problem", "user-attributes",
       [](ServiceFiles& files) { files.Write("policy.yaml", "version: broken\n"); }, "policy.file"},
      {"an empty key ring", "user-attributes",
       [](ServiceFiles& files) { files.Write("sealed-box.keys", ""); }, "keys.sealed_box_file"},
      {"an empty key ring of look-ups", "user-attributes",
       [](ServiceFiles& files) { files.Write("lookup.keys", "# none yet\n"); }, "keys.lookup_file"},
      {"E6: a ring that signs decisions and is none", "user-attributes",
       [](ServiceFiles& files) { files.Write("decision.ring", "key\n"); },
       "decision.signing_ring_file"},
      {"E6: a key that signs decisions and is none", "user-attributes",
       [](ServiceFiles& files) { files.Write("decision.key", "key\n"); },
       "decision.signing_ring_file"},
      {"E6: a key that signs decisions and is not EC P-256", "user-attributes",
       [](ServiceFiles& files) { files.Copy(files.At("saml.key"), "decision.key"); },
       "decision.signing_ring_file"},
      {"E6: an empty key ring of ICNs in decisions", "user-attributes",
       [](ServiceFiles& files) { files.Write("decision-icn.keys", ""); }, "decision.icn_keys_file"},
      {"a client key of another certificate", "mpi-adapter",
       [](ServiceFiles& files) { files.Copy(files.At("other.key"), "mpi.key"); },
       "mpi.http.tls.certificate_file"},
      {"an empty key ring", "mpi-adapter",
       [](ServiceFiles& files) { files.Write("sealed-box.keys", ""); }, "keys.sealed_box_file"},
      {"an empty key ring of look-ups", "mpi-adapter",
       [](ServiceFiles& files) { files.Write("lookup.keys", "# none yet\n"); }, "keys.lookup_file"},
      {"E6: a decision key of another kind", "mhv-account",
       [](ServiceFiles& files) {
         const auto rsa = crypto::PrivateKey::FromPemFile(files.At("saml.key"));
         REQUIRE(rsa.ok());
         files.WriteDecisionKey(rsa->Public(), "RS256");
       },
       "decision.jwks_file"},
      {"an assertion key that is none", "mhv-account",
       [](ServiceFiles& files) { files.Write("mhv-sts.key", "key\n"); },
       "mhv.sts.signing_ring_file"},
      {"an empty API key", "mhv-account",
       [](ServiceFiles& files) { files.Write("mhv-api.key", "\n"); }, "mhv.api_key_file"},
      {"a TLS key of another certificate", "mhv-account",
       [](ServiceFiles& files) { files.Copy(files.At("other.key"), "grpc.key"); },
       "grpc.tls.certificate_file"},
      {"roots that are none", "mhv-account",
       [](ServiceFiles& files) { files.Write("roots.pem", "roots\n"); }, "grpc.tls.ca_file"},
  };
  return *kRows;
}

}  // namespace

TEST_CASE("Frame: a file that cannot be used ends every mode with 2 before a port is open",
          "[service][config][rule]") {
  const Row& row = GENERATE(from_range(Rows().begin(), Rows().end()));
  ServiceFiles files;
  row.spoil(files);
  for (const char* const mode : {"", "--check-config", "--migrate"}) {
    CAPTURE(row.rule, row.program, mode);
    const auto program = files.Run(row.program, mode);
    CHECK(program->Wait() == 2);
    CHECK(program->out().empty());
    CAPTURE(program->err());
    // An empty file is found with the settings, and told with its line.
    CHECK((absl::StrContains(program->err(), absl::StrCat("\n  ", row.key, ": ")) ||
           absl::StrContains(program->err(), absl::StrCat("\n  ", row.key, " (line "))));
  }
}

TEST_CASE("Frame: everything wrong with the files is told at once", "[service][config]") {
  ServiceFiles files;
  files.Write("policy.yaml", "version: broken\n");
  files.Write("saml.key", "key\n");
  files.Write("grpc.crt", "certificate\n");
  files.Write("sealed-box.keys", "# none yet\n");
  const auto program = files.Run("auth-gateway", "--check-config");
  CHECK(program->Wait() == 2);
  for (const char* const key : {"policy.file", "saml.signing_ring_file",
                                "grpc.tls.certificate_file", "keys.sealed_box_file"}) {
    CHECK(absl::StrContains(program->err(), absl::StrCat("\n  ", key, ": ")));
  }
}

TEST_CASE("Frame: good files pass --check-config without a database", "[service][config]") {
  ServiceFiles files;
  for (const char* const name : {"auth-gateway", "user-attributes", "mpi-adapter", "mhv-account"}) {
    CAPTURE(name);
    const auto program = files.Run(name, "--check-config");
    CHECK(program->Wait() == 0);
    CAPTURE(program->err());
    CHECK(absl::StrContains(program->out(), "is good"));
  }
}

}  // namespace va::integration
