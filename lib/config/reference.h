// Words about a table of settings, for the person who edits them: what --explain prints, and the
// tables of docs/configuration.md. Both are made from the same rows that load the settings, so they
// cannot say anything else than the program does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/config/fields.h"

namespace va::config {

// All that is known of one key, asked for by its dotted path or its environment variable; of every
// key below a section, asked for by its path. Nothing when `asked` names neither.
std::optional<std::string> Explain(const std::vector<FieldInfo>& fields, absl::string_view asked);

// The key or section nearest to `asked`; empty when none is near enough to be meant.
std::string NearestKey(const std::vector<FieldInfo>& fields, absl::string_view asked);

// Every key, a line each, with the first sentence of what it does.
std::string KeyOverview(const std::vector<FieldInfo>& fields);

// One Markdown table per top-level section.
std::string ReferenceMarkdown(const std::vector<FieldInfo>& fields);

}  // namespace va::config
