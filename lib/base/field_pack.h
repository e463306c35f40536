// A flat, length-prefixed list of named values as bytes: what a store seals when it keeps a small
// record in one column. Not a wire format; both ends are the same program.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace va::base {

using Fields = std::vector<std::pair<std::string, std::string>>;

// Packs in order. A name may stand more than once.
std::string PackFields(const Fields& fields);

// INVALID_ARGUMENT unless `bytes` is exactly what PackFields makes.
absl::StatusOr<Fields> UnpackFields(absl::string_view bytes);

}  // namespace va::base
