// Policies as verbs take them: a file, or the one that was shipped with the program.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/identity/policy.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

// The policy in `file`, "-" for standard input; of an empty name the shipped one. INVALID_ARGUMENT
// (POLICY_INVALID) with one line a problem, else the reasons of ReadInput.
absl::StatusOr<identity::Policy> ReadPolicy(const std::string& file, const World& world);

}  // namespace va::signinctl
