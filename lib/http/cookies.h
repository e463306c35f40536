// Reading the Cookie header and writing Set-Cookie. Reading is strict, because a cookie shadowed by
// a second one of the same name, planted by a sibling host, is how sessions get fixed. Pure
// functions.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/http/message.h"

namespace va::http {

using CookieMap = std::map<std::string, std::string, std::less<>>;

// The cookies of one header value. INVALID_ARGUMENT with reason COOKIE_DUPLICATE, COOKIE_MALFORMED
// or COOKIE_TOO_LARGE.
absl::StatusOr<CookieMap> ParseCookies(absl::string_view header);

// The cookies of a request: none without the header; two Cookie headers are read as one.
absl::StatusOr<CookieMap> CookiesOf(const Request& request);

enum class SameSite { kLax, kStrict, kNone };

struct SetCookie {
  std::string name{};
  std::string value{};
  std::string path = "/";
  std::string domain{};  // empty: host-only, which a __Host- name demands
  bool secure = true;
  bool http_only = true;
  SameSite same_site = SameSite::kLax;
  std::optional<absl::Duration> max_age{};  // absent: until the browser closes
};

// The header value, or INVALID_ARGUMENT where a browser would drop it or read something else:
// characters outside of RFC 6265, a __Host- or __Secure- name without what it promises,
// SameSite=None without Secure.
absl::StatusOr<std::string> BuildSetCookie(const SetCookie& cookie);

// Deletes the cookie: same attributes, empty value, Max-Age=0. Other attributes would leave it
// there.
absl::StatusOr<std::string> BuildExpiredCookie(SetCookie cookie);

}  // namespace va::http
