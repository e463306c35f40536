#include "lib/service/decision_keys.h"

#include <catch2/catch.hpp>

#include "lib/crypto/keys.h"
#include "lib/testing/test_pki.h"

namespace va::service {
namespace {

TEST_CASE("ReadDecisionVerifier: every key or none, each problem under its own setting",
          "[service][config][rule]") {
  testing::TestPki pki;
  const std::string key = pki.dir().Write(
      "decision.pub",
      crypto::PrivateKey::FromPemFile(pki.Issue({"decision"}).private_key_file)->Public().Pem());
  const std::string ring = pki.dir().Write("icn.keys", "k:" + std::string(64, '1') + "\n");
  const std::string nonsense = pki.dir().Write("nonsense", "nonsense\n");
  struct Row {
    const char* rule;
    DecisionKeyFiles files;
    std::vector<std::string> keys;
  };
  const std::vector<Row> rows = {
      {"good files", {{key}, ring}, {}},
      {"two keys while they are exchanged", {{key, key}, ring}, {}},
      {"one good and one bad", {{key, nonsense}, ring}, {"decision.public_key_files"}},
      {"no ring", {{key}, nonsense}, {"decision.icn_keys_file"}},
      {"nothing usable",
       {{nonsense}, nonsense},
       {"decision.public_key_files", "decision.icn_keys_file"}},
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
