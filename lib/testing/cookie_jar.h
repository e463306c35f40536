// The cookies of a headless browser, by the rules of RFC 6265bis that decide whether a sign-in
// works: Secure, Path, Domain, Max-Age, the __Host- and __Secure- prefixes, and SameSite for
// top-level navigations. A cookie without SameSite counts as Lax from the first second: the two
// minutes of grace that some browsers give would hide a mistake.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/url.h"

namespace va::testing {

enum class CookieSameSite { kNone, kLax, kStrict };

struct Cookie {
  std::string name;
  std::string value;
  std::string domain;  // host the cookie belongs to
  bool host_only = true;
  std::string path = "/";
  bool secure = false;
  bool http_only = false;
  CookieSameSite same_site = CookieSameSite::kLax;
  std::optional<absl::Time> expires;  // absent: until the browser closes
};

// A top-level navigation as far as cookies care.
struct Navigation {
  std::string method = "GET";
  bool cross_site = false;  // started by a page of another site
};

// Scheme and registrable domain. Addresses and single-label hosts are sites of their own, ports do
// not matter; for other hosts the last two labels stand in for the public suffix list.
std::string SiteOf(const base::Url& url);

class CookieJar {
 public:
  // Takes one Set-Cookie value, or drops it as a browser would; false when dropped.
  bool Store(const base::Url& url, absl::string_view set_cookie, absl::Time now);

  // The Cookie header for a navigation; empty when no cookie goes along.
  std::string HeaderFor(const base::Url& url, const Navigation& navigation, absl::Time now) const;

  // The live cookie of that name for `url`, whatever the navigation.
  std::optional<Cookie> Find(const base::Url& url, absl::string_view name, absl::Time now) const;

  const std::vector<Cookie>& cookies() const { return cookies_; }
  void Remove(absl::string_view name);
  void Clear() { cookies_.clear(); }

 private:
  std::vector<Cookie> cookies_;
};

}  // namespace va::testing
