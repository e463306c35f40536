#include "services/auth-gateway/api/http/cors.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace va::gateway {
namespace {

// Request headers a listed page may add to what browsers send anyway.
constexpr absl::string_view kHeaders[] = {"accept", "content-type"};
constexpr char kVary[] = "Origin, Cookie";

void Allow(const http::Request& request, http::Response& response) {
  response.headers.Set("Access-Control-Allow-Origin", *request.headers.Get("Origin"));
  response.headers.Set("Access-Control-Allow-Credentials", "true");
}

bool MethodIsAllowed(absl::string_view wanted, absl::string_view methods) {
  for (const absl::string_view method : absl::StrSplit(methods, ", ")) {
    if (method == wanted) return true;
  }
  return false;
}

bool HeadersAreAllowed(absl::string_view wanted) {
  for (absl::string_view name : absl::StrSplit(wanted, ',', absl::SkipWhitespace())) {
    name = absl::StripAsciiWhitespace(name);
    if (std::none_of(std::begin(kHeaders), std::end(kHeaders), [name](absl::string_view allowed) {
          return absl::EqualsIgnoreCase(name, allowed);
        })) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool HasListedOrigin(const http::Request& request, const std::vector<std::string>& origins) {
  const auto origin = request.headers.Get("Origin");
  if (!origin.has_value() || request.headers.Count("Origin") != 1) return false;
  return std::find(origins.begin(), origins.end(), *origin) != origins.end();
}

void LetRead(const http::Request& request, const std::vector<std::string>& origins,
             http::Response& response) {
  response.headers.Set("Vary", kVary);
  if (!HasListedOrigin(request, origins)) return;
  Allow(request, response);
  response.headers.Set("Access-Control-Expose-Headers", "Retry-After, X-Session-Expiration");
}

http::Handler WithCors(const std::vector<std::string>& origins, http::Handler handler) {
  return [&origins, handler = std::move(handler)](http::Request& request) {
    http::Response response = handler(request);
    LetRead(request, origins, response);
    return response;
  };
}

http::Handler Preflight(const std::vector<std::string>& origins, std::string methods) {
  return [&origins, methods = std::move(methods)](http::Request& request) {
    http::Response response;
    response.status = 403;
    response.headers.Set("Vary", kVary);
    const auto method = request.headers.Get("Access-Control-Request-Method");
    const auto headers = request.headers.Get("Access-Control-Request-Headers").value_or("");
    if (!HasListedOrigin(request, origins) || !method.has_value() ||
        !MethodIsAllowed(*method, methods) || !HeadersAreAllowed(headers)) {
      return response;
    }
    response.status = 204;
    Allow(request, response);
    response.headers.Set("Access-Control-Allow-Methods", methods);
    response.headers.Set("Access-Control-Allow-Headers", "Accept, Content-Type");
    response.headers.Set("Access-Control-Max-Age", "600");
    return response;
  };
}

}  // namespace va::gateway
