#include "services/auth-gateway/api/http/session_handlers.h"

#include <nlohmann/json.hpp>

#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/web/session_token.h"

namespace va::gateway {
namespace {

using nlohmann::json;

http::Response ErrorJson(int status, absl::string_view code, absl::string_view title) {
  const json body = {{"errors",
                      {{{"title", std::string(title)},
                        {"detail", std::string(title)},
                        {"code", std::string(code)},
                        {"status", std::to_string(status)}}}}};
  return http::Json(status, body.dump());
}

}  // namespace

http::Response UnavailableJson() {
  http::Response response = ErrorJson(503, "503", "Service unavailable");
  response.headers.Set("Retry-After", "5");
  return response;
}

absl::StatusOr<std::optional<SessionRecord>> SessionOf(const GatewayDeps& deps,
                                                       const http::Request& request) {
  const std::string token = CookieValue(request, kSessionCookie).value_or("");
  if (token.empty()) return std::optional<SessionRecord>();
  return deps.sessions.Use(HashToken(token), deps.lifetimes.Now(),
                           deps.clock.Now() + deps.limits.request_deadline);
}

http::Response NotAuthorizedJson() { return ErrorJson(401, "401", "Not authorized"); }

}  // namespace va::gateway
