// The form of the ids that base::IdGenerator::Uuid makes, for whoever gets one back from outside.
#pragma once

#include "absl/strings/string_view.h"

namespace va::base {

// 36 characters, lower-case hex with hyphens at their places (RFC 4122 section 3). One spelling
// only: ids are compared, and bound into what is sealed, as text.
bool IsUuid(absl::string_view text);

}  // namespace va::base
