#include "lib/testing/cookie_jar.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace va::testing {
namespace {

bool IsAddress(absl::string_view host) {
  return absl::StrContains(host, ':') || std::all_of(host.begin(), host.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.';
         });
}

bool DomainMatches(absl::string_view host, absl::string_view domain) {
  return host == domain || (!IsAddress(host) && absl::EndsWith(host, absl::StrCat(".", domain)));
}

bool PathMatches(absl::string_view path, absl::string_view cookie_path) {
  if (path.empty()) path = "/";
  if (!absl::StartsWith(path, cookie_path)) return false;
  return path.size() == cookie_path.size() || absl::EndsWith(cookie_path, "/") ||
         path[cookie_path.size()] == '/';
}

std::string DefaultPath(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos || slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

bool IsLive(const Cookie& cookie, absl::Time now) {
  return !cookie.expires || *cookie.expires > now;
}

bool BelongsTo(const Cookie& cookie, const base::Url& url) {
  const bool host =
      cookie.host_only ? url.host == cookie.domain : DomainMatches(url.host, cookie.domain);
  return host && PathMatches(url.path, cookie.path) && (!cookie.secure || url.scheme == "https");
}

bool TravelsWith(const Cookie& cookie, const Navigation& navigation) {
  if (!navigation.cross_site) return true;
  switch (cookie.same_site) {
    case CookieSameSite::kNone:
      return true;
    case CookieSameSite::kStrict:
      return false;
    case CookieSameSite::kLax:
      return navigation.method == "GET" || navigation.method == "HEAD";
  }
  return false;
}

// What the prefixes of a name promise; a cookie that breaks the promise is not stored.
bool KeepsPrefixPromise(const Cookie& cookie) {
  const std::string name = absl::AsciiStrToLower(cookie.name);
  if (absl::StartsWith(name, "__host-")) {
    return cookie.secure && cookie.host_only && cookie.path == "/";
  }
  return !absl::StartsWith(name, "__secure-") || cookie.secure;
}

struct ParsedCookie {
  Cookie cookie;
  bool max_age_given = false;
};

// False for an attribute that makes the whole cookie invalid.
bool Apply(absl::string_view attribute, const base::Url& url, absl::Time now,
           ParsedCookie* parsed) {
  const std::pair<absl::string_view, absl::string_view> pair =
      absl::StrSplit(attribute, absl::MaxSplits('=', 1));
  const std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(pair.first));
  const absl::string_view value = absl::StripAsciiWhitespace(pair.second);
  Cookie& cookie = parsed->cookie;
  if (name == "secure") cookie.secure = true;
  if (name == "httponly") cookie.http_only = true;
  if (name == "path" && absl::StartsWith(value, "/")) cookie.path = std::string(value);
  if (name == "samesite") {
    if (absl::EqualsIgnoreCase(value, "none")) cookie.same_site = CookieSameSite::kNone;
    if (absl::EqualsIgnoreCase(value, "strict")) cookie.same_site = CookieSameSite::kStrict;
  }
  int64_t seconds = 0;
  if (name == "max-age" && absl::SimpleAtoi(value, &seconds)) {
    cookie.expires = seconds <= 0 ? absl::InfinitePast() : now + absl::Seconds(seconds);
    parsed->max_age_given = true;
  }
  absl::Time expires;
  if (name == "expires" && !parsed->max_age_given &&
      absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(value), &expires, nullptr)) {
    cookie.expires = expires;
  }
  if (name == "domain" && !value.empty()) {
    cookie.domain = absl::AsciiStrToLower(value.front() == '.' ? value.substr(1) : value);
    cookie.host_only = false;
    return DomainMatches(url.host, cookie.domain) && absl::StrContains(cookie.domain, '.');
  }
  return true;
}

}  // namespace

std::string SiteOf(const base::Url& url) {
  if (IsAddress(url.host)) return absl::StrCat(url.scheme, "://", url.host);
  std::vector<absl::string_view> labels = absl::StrSplit(url.host, '.');
  if (labels.size() > 2) labels.erase(labels.begin(), labels.end() - 2);
  return absl::StrCat(url.scheme, "://", absl::StrJoin(labels, "."));
}

bool CookieJar::Store(const base::Url& url, absl::string_view set_cookie, absl::Time now) {
  const std::vector<absl::string_view> parts = absl::StrSplit(set_cookie, ';');
  const std::pair<absl::string_view, absl::string_view> pair =
      absl::StrSplit(parts.front(), absl::MaxSplits('=', 1));
  ParsedCookie parsed;
  Cookie& cookie = parsed.cookie;
  cookie.name = std::string(absl::StripAsciiWhitespace(pair.first));
  cookie.value = std::string(absl::StripAsciiWhitespace(pair.second));
  cookie.domain = url.host;
  cookie.path = DefaultPath(url.path);
  if (cookie.name.empty() || !absl::StrContains(parts.front(), '=')) return false;
  for (size_t i = 1; i < parts.size(); ++i) {
    if (!Apply(parts[i], url, now, &parsed)) return false;
  }
  if (cookie.secure && url.scheme != "https") return false;
  if (cookie.same_site == CookieSameSite::kNone && !cookie.secure) return false;
  if (!KeepsPrefixPromise(cookie)) return false;
  cookies_.erase(std::remove_if(cookies_.begin(), cookies_.end(),
                                [&](const Cookie& old) {
                                  return old.name == cookie.name && old.domain == cookie.domain &&
                                         old.path == cookie.path &&
                                         old.host_only == cookie.host_only;
                                }),
                 cookies_.end());
  if (IsLive(cookie, now)) cookies_.push_back(std::move(cookie));
  return true;
}

std::string CookieJar::HeaderFor(const base::Url& url, const Navigation& navigation,
                                 absl::Time now) const {
  std::vector<const Cookie*> going;
  for (const Cookie& cookie : cookies_) {
    if (IsLive(cookie, now) && BelongsTo(cookie, url) && TravelsWith(cookie, navigation)) {
      going.push_back(&cookie);
    }
  }
  std::stable_sort(going.begin(), going.end(), [](const Cookie* a, const Cookie* b) {
    return a->path.size() > b->path.size();
  });
  return absl::StrJoin(going, "; ", [](std::string* out, const Cookie* cookie) {
    absl::StrAppend(out, cookie->name, "=", cookie->value);
  });
}

std::optional<Cookie> CookieJar::Find(const base::Url& url, absl::string_view name,
                                      absl::Time now) const {
  for (const Cookie& cookie : cookies_) {
    if (cookie.name == name && IsLive(cookie, now) && BelongsTo(cookie, url)) return cookie;
  }
  return std::nullopt;
}

void CookieJar::Remove(absl::string_view name) {
  cookies_.erase(std::remove_if(cookies_.begin(), cookies_.end(),
                                [&](const Cookie& cookie) { return cookie.name == name; }),
                 cookies_.end());
}

}  // namespace va::testing
