// Reading the Cookie header and writing Set-Cookie. One cookie is read by name: what other software
// of the domain set, however odd, must not keep a person out, while a second cookie of the name
// asked for, planted by a sibling host, is how sessions get fixed and is refused. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/http/message.h"

namespace va::http {

// The value of the one cookie called `name`; nothing without it. Other names are skipped, whatever
// they are worth. INVALID_ARGUMENT with reason COOKIE_DUPLICATE (two of this name),
// COOKIE_MALFORMED (its value has characters that we never set) or COOKIE_TOO_LARGE (the header).
absl::StatusOr<std::optional<std::string>> FindCookie(absl::string_view header,
                                                      absl::string_view name);

// The same for a request: nothing without the header; two Cookie headers are read as one.
absl::StatusOr<std::optional<std::string>> CookieOf(const Request& request, absl::string_view name);

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
