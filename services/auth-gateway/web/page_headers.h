// The Content-Security-Policy and the other security headers that go with each page. One place, so that
// what a page may load or post to is decided next to the page and not in a handler.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace va::gateway {

enum class PageKind {
  kPlain,     // sign-in, error, result, signed-out: own styles, no script, forms only to us
  kPostForm,  // the page that posts to an IdP: plus our script, plus that IdP's origin
};

// `form_action_url` matters to kPostForm only: the address the form posts to; its origin is allowed.
// An address that is no http(s) URL adds nothing, so the page's form then goes nowhere.
std::string ContentSecurityPolicy(PageKind kind, absl::string_view form_action_url = "");

// The headers every answer of the gateway carries unless it sets its own: Cache-Control, CSP of
// kPlain, X-Content-Type-Options, Referrer-Policy, Strict-Transport-Security and the isolation set.
const std::vector<std::pair<std::string, std::string>>& DefaultSecurityHeaders();

}  // namespace va::gateway
