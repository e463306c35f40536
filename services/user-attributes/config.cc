#include "services/user-attributes/config.h"

#include "lib/config/policy_file.h"
#include "lib/crypto/sealed_box.h"

namespace va::attributes {
namespace {

std::string WhatIsWrong(const absl::Status& status) {
  return status.ok() ? "" : std::string(status.message());
}

}  // namespace

void Bind(config::Table& table, Config& config) {
  table
      .FilePath("policy.file", &config.policy_file,
                "The sign-in policy, the same file the gateway reads (decision E5)")
      .Required()
      .Example("/etc/va/policy/policy.yaml");
  table
      .SecretFile("keys.sealed_box_file", &config.sealed_box_file,
                  "Key ring that seals personal columns")
      .Required()
      .Example("/etc/va/keys/sealed-box.keys");
  table
      .SecretFile("keys.lookup_file", &config.lookup_file,
                  "Key ring of the keyed hashes that credentials and ICNs are looked up by")
      .Required()
      .Example("/etc/va/keys/lookup.keys");
  // A broken policy or key ring is wrong configuration, found before any port is opened.
  table.Rule("policy.file", [&config] {
    return WhatIsWrong(config::LoadPolicyFile(config.policy_file).status());
  });
  table.Rule("keys.sealed_box_file", [&config] {
    return WhatIsWrong(crypto::KeyRing::FromFile(config.sealed_box_file).status());
  });
  table.Rule("keys.lookup_file", [&config] {
    return WhatIsWrong(crypto::KeyRing::FromFile(config.lookup_file).status());
  });
}

}  // namespace va::attributes
