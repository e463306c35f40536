// Why the gateway itself ends an attempt: every tag with the code that it comes under and its cause
// in one sentence. Tags of the rules about a person are not among them (user-attributes,
// rule_catalogue.h). `signinctl codes` and docs/errors.md read it.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "lib/base/signin_code.h"

namespace va::gateway {

struct TagRow {
  absl::string_view tag;
  base::SignInCode code;
  absl::string_view cause;  // one sentence, for operators
};

// A tag that comes under two codes (002 and 005) has two rows.
const std::vector<TagRow>& TagCatalogue();

// The first row of this tag; nullptr when the gateway has no such tag.
const TagRow* FindTag(absl::string_view tag);

}  // namespace va::gateway
