// JSON that somebody else wrote: parsed within limits, looked into without exceptions. Every reader
// of this folder goes through here.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include <nlohmann/json.hpp>

namespace va::conformance {

using Json = nlohmann::json;

// INVALID_ARGUMENT when it is no JSON, or nested deeper than anything that is compared here.
absl::StatusOr<Json> ParseJson(absl::string_view text);

// The bytes of a file: NOT_FOUND when there is none, FAILED_PRECONDITION when it cannot be read,
// RESOURCE_EXHAUSTED when it has more than `most` bytes.
absl::StatusOr<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t most);

// The member of that name; null when there is none or when `object` is no object.
const Json& Member(const Json& object, const std::string& name);

// The member as text; empty when it is no string.
std::string TextMember(const Json& object, const std::string& name);

// One line that says what a value is, cut when it is long.
std::string Shown(const Json& value);

// A text fit for one line of a terminal.
std::string OneLine(absl::string_view text);

}  // namespace va::conformance
