// The keys a service checks decision tokens with (decision E6), the same settings wherever they are
// checked: decision.jwks_file and decision.icn_keys_file.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/config/fields.h"
#include "lib/jose/decision_token.h"
#include "lib/service/file_loader.h"
#include "lib/service/reloads.h"

namespace va::service {

struct DecisionKeyFiles {
  std::string jwks;      // decision.jwks_file
  std::string icn_keys;  // decision.icn_keys_file
};

void BindDecisionKeys(config::Table& table, DecisionKeyFiles& files);

// `audience` is the service itself. Nothing when a file cannot be used; `loader` then holds why.
std::optional<jose::DecisionVerifier> ReadDecisionVerifier(const DecisionKeyFiles& files,
                                                           absl::string_view audience,
                                                           FileLoader& loader);

// Exchanges `verifier` for what the files hold. It outlives the reloads.
ReloadUnit DecisionKeysUnit(const DecisionKeyFiles& files, std::string audience,
                            jose::DecisionVerifier& verifier);

}  // namespace va::service
