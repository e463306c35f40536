// The Content-Security-Policy and the other security headers that go with each page. One place, so
// that what a page may load or post to is decided next to the page and not in a handler.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace va::gateway {

enum class PageKind {
  kPlain,     // sign-in, error, result, signed-out: own styles, no script, forms only to us
  kPostForm,  // the page that posts to an IdP: plus our script, plus that IdP's origin
};

// `form_targets` matters to kPostForm only: the addresses its form may lead to; their origins are
// allowed. Chromium holds redirects after a post to the same list, so an IdP that hands on to
// another host needs that host here too. What is no http(s) URL adds nothing. Nobody may frame a
// page of ours but the origin of `framed_by`, when one is given.
std::string ContentSecurityPolicy(PageKind kind, const std::vector<std::string>& form_targets = {},
                                  const std::string& framed_by = "");

// The headers every answer of the gateway carries unless it sets its own: Cache-Control, CSP of
// kPlain, X-Content-Type-Options, Referrer-Policy, Strict-Transport-Security and the isolation set.
const std::vector<std::pair<std::string, std::string>>& DefaultSecurityHeaders();

}  // namespace va::gateway
