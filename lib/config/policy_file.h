// Loads and validates the policy file (decision E5). Every problem is reported with its line, not
// only the first, and a file with any problem yields no policy at all: half a policy would grant
// what nobody wrote down.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/identity/policy.h"

namespace va::config {

// Reads the file at `path`. Errors: NOT_FOUND (reason POLICY_FILE) and INVALID_ARGUMENT (reason
// POLICY_INVALID) whose message has one line `path:line: problem` per problem.
absl::StatusOr<identity::Policy> LoadPolicyFile(const std::string& path);

// The same from text; `source` stands in the messages instead of a path.
absl::StatusOr<identity::Policy> ParsePolicy(const std::string& text, absl::string_view source);

}  // namespace va::config
