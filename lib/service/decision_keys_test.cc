#include "lib/service/decision_keys.h"

#include <catch2/catch.hpp>

#include "lib/crypto/keys.h"
#include "lib/jose/jwks.h"
#include "lib/testing/test_pki.h"

namespace va::service {
namespace {

using jose::KeyUse;

crypto::PublicKey NewKey(crypto::NewKey kind) {
  return crypto::PrivateKey::FromPem(crypto::GenerateKeyPem(kind).value()).value().Public();
}

std::string SetOf(const std::vector<jose::PublishedKey>& keys) {
  return jose::WriteJwks(keys).value();
}

TEST_CASE("ReadDecisionVerifier: every key or none, each problem under its own setting",
          "[service][config][rule]") {
  const testing::TempDir dir;
  const crypto::PublicKey key = NewKey(crypto::NewKey::kEcP256);
  const jose::PublishedKey ours = {key, {"", "ES256", KeyUse::kSignature}};
  const jose::PublishedKey next = {NewKey(crypto::NewKey::kEcP256),
                                   {"", "ES256", KeyUse::kSignature}};
  const jose::PublishedKey rsa = {NewKey(crypto::NewKey::kRsa2048),
                                  {"", "RS256", KeyUse::kSignature}};
  const jose::PublishedKey encrypts = {key, {"", "ECDH-ES", KeyUse::kEncryption}};
  const std::string with_unknown =
      SetOf({ours}).substr(0, SetOf({ours}).rfind(']')) + R"(,{"kty":"oct","k":"AAAA"}]})";
  const std::string ring = dir.Write("icn.keys", "k:" + std::string(64, '1') + "\n");
  const std::string nonsense = dir.Write("nonsense", "nonsense\n");
  struct Row {
    const char* rule;
    DecisionKeyFiles files;
    std::vector<std::string> keys;
  };
  auto set = [&dir, n = 0](const std::string& text) mutable {
    return dir.Write("set-" + std::to_string(++n), text);
  };
  const std::vector<Row> rows = {
      {"good files", {set(SetOf({ours})), ring}, {}},
      {"current and next", {set(SetOf({ours, next})), ring}, {}},
      {"no set", {nonsense, ring}, {"decision.jwks_file"}},
      {"a set without a key", {set(R"({"keys":[]})"), ring}, {"decision.jwks_file"}},
      {"J2: a key for another algorithm beside it",
       {set(SetOf({ours, rsa})), ring},
       {"decision.jwks_file"}},
      {"a key that is for encryption", {set(SetOf({encrypts})), ring}, {"decision.jwks_file"}},
      {"a key that cannot be read beside it", {set(with_unknown), ring}, {"decision.jwks_file"}},
      {"no ring", {set(SetOf({ours})), nonsense}, {"decision.icn_keys_file"}},
      {"nothing usable", {nonsense, nonsense}, {"decision.jwks_file", "decision.icn_keys_file"}},
  };
  for (const Row& row : rows) {
    INFO(row.rule);
    FileLoader loader;
    CHECK(ReadDecisionVerifier(row.files, jose::kProofingAudience, loader).has_value() ==
          row.keys.empty());
    std::vector<std::string> keys;
    for (const config::Problem& problem : loader.problems()) keys.push_back(problem.key);
    CHECK(keys == row.keys);
  }
}

}  // namespace
}  // namespace va::service
