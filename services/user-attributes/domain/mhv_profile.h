// The account type in `mhv_profile`, the one attribute of 2018 whose value is a JSON document
// (ssoe_saml.md 19, seed 004).
#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace va::attributes {

// The text of the member `accountType` of the outermost object, a view into `json`. Nothing when
// the document is no object, is nested more than eight deep, does not have exactly one such member,
// or when its value is anything but a plain ASCII word: an account type decides about assurance, so
// what cannot be read with certainty is not read at all.
std::optional<absl::string_view> MhvAccountType(absl::string_view json);

}  // namespace va::attributes
