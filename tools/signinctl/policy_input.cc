#include "tools/signinctl/policy_input.h"

#include "lib/config/policy_file.h"
#include "tools/signinctl/input.h"
#include "tools/signinctl/shipped_policy.h"

namespace va::signinctl {

absl::StatusOr<identity::Policy> ReadPolicy(const std::string& file, const World& world) {
  if (file.empty()) return config::ParsePolicy(kShippedPolicy, "the shipped policy");
  const auto text = ReadInput(file, world);
  if (!text.ok()) return text.status();
  return config::ParsePolicy(*text, file);
}

}  // namespace va::signinctl
