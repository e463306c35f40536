// The questions about settings that a program answers without serving: an example file, what a key
// means, its part of the reference page. Nothing is opened and no setting is read for them.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/config/fields.h"
#include "lib/service/flags.h"

namespace va::service {

// The exit code when `flags` ask such a question; nothing when the program shall go on. The first
// `common_rows` rows of the table are those that every service has.
std::optional<int> Inspect(const Flags& flags, absl::string_view service_name,
                           const config::Table& table, size_t common_rows, std::ostream& out,
                           std::ostream& err);

// The rows that every service has, for docs/configuration.md: the same whoever prints them.
std::string CommonReference();
// The rows of `table` behind the common ones.
std::string OwnReference(const config::Table& table, size_t common_rows);

}  // namespace va::service
