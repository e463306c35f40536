// Files and standard input as verbs read them: whole, bounded, any bytes.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/signinctl/verb.h"

namespace va::signinctl {

// More than any message that a service would look at.
inline constexpr size_t kMostInput = size_t{4} * 1024 * 1024;

// The bytes of `path`, "-" for standard input. Reason FILE_UNREADABLE or INPUT_TOO_LARGE.
absl::StatusOr<std::string> ReadInput(const std::string& path, const World& world);

// What to answer when ReadInput failed: too much is a reject, the rest is misuse.
Result CannotRead(const absl::Status& status);

// What to answer when FILE is missing on the command line.
Result MissingFile();

// A flag's moment: RFC 3339, or `otherwise` when the flag is absent; nothing when it is no moment.
std::optional<absl::Time> ReadTime(const Arguments& arguments, const std::string& flag,
                                   absl::Time otherwise);

}  // namespace va::signinctl
