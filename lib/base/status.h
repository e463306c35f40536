// Faults of the machine, with a reason a program can read. A refusal of a person is never a Status
// (design: two kinds of "no"). Reasons are UPPER_SNAKE tokens; messages help an operator and hold
// nothing personal.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace va::base {

// A failed status that carries `reason` and whether repeating the same call can help.
absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       bool retryable = false);

// The reason of a status made by MakeError; empty for any other.
std::string ReasonOf(const absl::Status& status);

// Whether the status says that the same call may succeed later.
bool IsRetryable(const absl::Status& status);

// Adds a fact that helps an operator and says nothing about a person: `name` is a word of ours,
// `value` a number or a word of a closed set. Facts cross gRPC. An OK status stays as it is.
absl::Status WithFact(absl::Status status, absl::string_view name, absl::string_view value);

// The fact of that name; empty when there is none.
std::string FactOf(const absl::Status& status, absl::string_view name);

// All of them, by name.
std::map<std::string, std::string> FactsOf(const absl::Status& status);

}  // namespace va::base
