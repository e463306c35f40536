#include "lib/http/cookies.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status.h"

namespace va::http {
namespace {

// Browsers stop at 4 KiB a cookie; a header far beyond what we set is somebody filling it up.
constexpr size_t kMaxCookieHeader = 16 * 1024;
constexpr size_t kMaxCookie = 4096;

// RFC 6265 4.1.1: a token, as in RFC 9110.
bool IsTokenChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
}

// RFC 6265 4.1.1 cookie-octet.
bool IsCookieOctet(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u > 0x20 && u < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

// Wider than the grammar, as proxies rewrite values, but no control characters and nothing outside
// of ASCII.
bool IsReadableValueChar(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x20 && u < 0x7f;
}

bool IsPathChar(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x20 && u < 0x7f && c != ';';
}

bool All(absl::string_view text, bool (*accept)(char)) {
  return std::all_of(text.begin(), text.end(), accept);
}

absl::Status Invalid(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::string_view SameSiteName(SameSite same_site) {
  switch (same_site) {
    case SameSite::kLax:
      return "Lax";
    case SameSite::kStrict:
      return "Strict";
    case SameSite::kNone:
      return "None";
  }
  return "Strict";
}

absl::Status CheckPrefixPromises(const SetCookie& cookie) {
  const bool is_host = absl::StartsWithIgnoreCase(cookie.name, "__Host-");
  const bool is_secure = absl::StartsWithIgnoreCase(cookie.name, "__Secure-");
  if ((is_host || is_secure) && !cookie.secure) {
    return Invalid("COOKIE_PREFIX", "a prefixed cookie name needs Secure");
  }
  if (is_host && (cookie.path != "/" || !cookie.domain.empty())) {
    return Invalid("COOKIE_PREFIX", "a __Host- cookie needs Path=/ and no Domain");
  }
  if (cookie.same_site == SameSite::kNone && !cookie.secure) {
    return Invalid("COOKIE_ATTRIBUTES", "SameSite=None needs Secure");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindCookie(absl::string_view header,
                                                      absl::string_view name) {
  if (header.size() > kMaxCookieHeader)
    return Invalid("COOKIE_TOO_LARGE", "cookie header too large");
  std::optional<absl::string_view> found;
  for (const absl::string_view pair : absl::StrSplit(header, ';')) {
    const size_t equals = pair.find('=');
    if (equals == absl::string_view::npos) continue;
    if (absl::StripAsciiWhitespace(pair.substr(0, equals)) != name) continue;
    if (found.has_value()) return Invalid("COOKIE_DUPLICATE", "two cookies of one name");
    found = absl::StripAsciiWhitespace(pair.substr(equals + 1));
  }
  if (!found.has_value()) return std::optional<std::string>();
  absl::string_view value = *found;
  if (!All(value, IsReadableValueChar)) {
    return Invalid("COOKIE_MALFORMED", "a cookie with characters outside of RFC 6265");
  }
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return std::optional<std::string>(value);
}

absl::StatusOr<std::optional<std::string>> CookieOf(const Request& request,
                                                    absl::string_view name) {
  const std::vector<absl::string_view> headers = request.headers.GetAll("Cookie");
  if (headers.size() == 1) return FindCookie(headers.front(), name);
  return FindCookie(absl::StrJoin(headers, "; "), name);
}

absl::StatusOr<std::string> BuildSetCookie(const SetCookie& cookie) {
  if (cookie.name.empty() || !All(cookie.name, IsTokenChar)) {
    return Invalid("COOKIE_NAME", "cookie name is not a token");
  }
  if (!All(cookie.value, IsCookieOctet)) {
    return Invalid("COOKIE_VALUE", "cookie value has characters outside of RFC 6265");
  }
  if (cookie.name.size() + cookie.value.size() > kMaxCookie) {
    return Invalid("COOKIE_TOO_LARGE", "browsers drop a cookie of this size");
  }
  if (cookie.path.empty() || cookie.path.front() != '/' || !All(cookie.path, IsPathChar) ||
      !All(cookie.domain, IsCookieOctet)) {
    return Invalid("COOKIE_ATTRIBUTES", "cookie path or domain is not usable");
  }
  if (absl::Status promises = CheckPrefixPromises(cookie); !promises.ok()) return promises;

  std::string text = absl::StrCat(cookie.name, "=", cookie.value, "; Path=", cookie.path);
  if (!cookie.domain.empty()) absl::StrAppend(&text, "; Domain=", cookie.domain);
  if (cookie.max_age.has_value()) {
    absl::StrAppend(&text,
                    "; Max-Age=", std::max<int64_t>(0, absl::ToInt64Seconds(*cookie.max_age)));
  }
  if (cookie.secure) absl::StrAppend(&text, "; Secure");
  if (cookie.http_only) absl::StrAppend(&text, "; HttpOnly");
  absl::StrAppend(&text, "; SameSite=", SameSiteName(cookie.same_site));
  return text;
}

absl::StatusOr<std::string> BuildExpiredCookie(SetCookie cookie) {
  cookie.value.clear();
  cookie.max_age = absl::ZeroDuration();
  return BuildSetCookie(cookie);
}

}  // namespace va::http
