// Every fixed text of the pages, by id. English now; a further language is a second table with the
// same ids, and no template changes. Texts of sign-in codes are in lib/base/signin_code.h.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"

namespace va::gateway {

struct Message {
  absl::string_view id;    // "sign_in.heading"
  absl::string_view text;  // plain, not HTML; {name} is filled in by the page
};

// The table of a language, sorted as written.
const std::vector<Message>& EnglishMessages();

// The text of an id; empty for an unknown one.
absl::string_view Text(absl::string_view id);

}  // namespace va::gateway
