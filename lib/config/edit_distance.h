// "Did you mean": finds the known word nearest to a mistyped one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::config {

// Insertions, deletions, substitutions and swaps of neighbours between two words.
size_t EditDistance(absl::string_view a, absl::string_view b);

// The word of `known` nearest to `word`; empty when none is near enough to be meant.
std::string Nearest(absl::string_view word, const std::vector<std::string>& known);

}  // namespace va::config
