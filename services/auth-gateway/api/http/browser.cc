#include "services/auth-gateway/api/http/browser.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/http/cookies.h"

namespace va::gateway {
namespace {

http::SetCookie SessionCookie(absl::string_view token) {
  http::SetCookie cookie;
  cookie.name = std::string(kSessionCookie);
  cookie.value = std::string(token);
  cookie.same_site = http::SameSite::kLax;
  return cookie;
}

// The values are our own base64url tokens, so building cannot fail; a cookie that could not be
// built is left out, which ends in "not signed in" and never in a weaker cookie.
void AddCookie(http::Response& response, const absl::StatusOr<std::string>& header) {
  if (header.ok()) response.headers.Add("Set-Cookie", *header);
}

}  // namespace

absl::StatusOr<std::string> CookieValue(const http::Request& request, absl::string_view name) {
  auto cookie = http::CookieOf(request, name);
  if (!cookie.ok()) return cookie.status();
  return std::move(*cookie).value_or("");
}

void SetFlowCookie(http::Response& response, absl::string_view browser_id,
                   absl::Duration lifetime) {
  http::SetCookie cookie;
  cookie.name = std::string(kFlowCookie);
  cookie.value = std::string(browser_id);
  cookie.same_site = http::SameSite::kNone;
  cookie.max_age = lifetime;
  AddCookie(response, http::BuildSetCookie(cookie));
}

void SetSessionCookie(http::Response& response, absl::string_view token) {
  AddCookie(response, http::BuildSetCookie(SessionCookie(token)));
}

void ExpireSessionCookie(http::Response& response) {
  AddCookie(response, http::BuildExpiredCookie(SessionCookie("")));
}

bool IsFromElsewhere(const http::Request& request) {
  const absl::string_view site = request.headers.Get("Sec-Fetch-Site").value_or("none");
  return site != "none" && site != "same-origin";
}

bool HasForeignOrigin(const http::Request& request, absl::string_view base_url) {
  const auto origin = request.headers.Get("Origin");
  if (!origin.has_value()) return false;
  // The server answers to no host but our own.
  return *origin != base_url && *origin != absl::StrCat("https://", request.host);
}

bool IsEmbedded(const http::Request& request) {
  return request.headers.Get("Sec-Fetch-Mode").value_or("navigate") != "navigate" ||
         request.headers.Get("Sec-Fetch-Dest").value_or("document") != "document";
}

bool WantsHtml(const http::Request& request) {
  return absl::StrContains(request.headers.Get("Accept").value_or(""), "text/html");
}

}  // namespace va::gateway
