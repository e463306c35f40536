// What Login.gov is asked to tell about a person (sign_in_service.md 7.2).
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace va::gateway {

// The value of the `scope` parameter. Of `optional_scopes` only those that Login.gov knows and we
// have a use for are asked for: all_emails.
std::string LogingovScope(absl::Span<const absl::string_view> optional_scopes);

}  // namespace va::gateway
