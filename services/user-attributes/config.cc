#include "services/user-attributes/config.h"

namespace va::attributes {

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
}

}  // namespace va::attributes
