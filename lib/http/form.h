// Form bodies and query strings as a map in which every name stands once. A form with two values
// for one name means two things to two readers, so it is refused (W16). Pure functions.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/http/message.h"

namespace va::http {

using FormMap = std::map<std::string, std::string, std::less<>>;

inline constexpr size_t kMaxFormFields = 64;

// The body of a form post. INVALID_ARGUMENT with reason FORM_CONTENT_TYPE (anything but
// application/x-www-form-urlencoded, in UTF-8 where it says), FORM_MALFORMED or FORM_DUPLICATE.
absl::StatusOr<FormMap> ReadForm(const Request& request, size_t max_fields = kMaxFormFields);

// The query string under the same rules.
absl::StatusOr<FormMap> ReadQuery(const Request& request, size_t max_fields = kMaxFormFields);

}  // namespace va::http
