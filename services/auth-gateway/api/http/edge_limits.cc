#include "services/auth-gateway/api/http/edge_limits.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/http/ip_address.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/cors.h"
#include "services/auth-gateway/web/assets.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kHandleField = "RelayState=";
constexpr size_t kLongestKey = 256;

std::unique_ptr<resilience::KeyedBuckets> BucketsOf(const resilience::Rate& rate, size_t max_keys,
                                                    const std::string& secret) {
  if (rate.tokens == 0) return nullptr;
  return std::make_unique<resilience::KeyedBuckets>(
      resilience::KeyedBucketsOptions{.rate = rate, .max_keys = max_keys}, secret);
}

// What is read by machines and caches, costs nothing and says the same to everybody.
bool IsFree(absl::string_view path) {
  return path == "/v1/sessions/metadata" || path == "/saml/metadata" || FindAsset(path) != nullptr;
}

bool IsJson(absl::string_view path) { return absl::StartsWith(path, "/v0/"); }

// The value of the form's handle without reading the whole form; empty when the name is not there
// as every browser writes it.
std::string HandleIn(absl::string_view body) {
  size_t at = body.find(kHandleField);
  while (at != absl::string_view::npos && at != 0 && body[at - 1] != '&') {
    at = body.find(kHandleField, at + 1);
  }
  if (at == absl::string_view::npos) return "";
  absl::string_view value = body.substr(at + kHandleField.size());
  value = value.substr(0, std::min(value.find('&'), kLongestKey));
  return base::PercentDecode(value).value_or(std::string(value));
}

// Whose post this is. One that names neither attempt nor session is counted by its address, and so
// is a handle in an odd spelling: nobody gets round the limit by writing it otherwise.
std::string FlowKeyOf(const http::Request& request) {
  if (request.path == "/v1/sessions/callback") {
    const std::string handle = HandleIn(request.body);
    if (!handle.empty()) return absl::StrCat("handle:", handle);
  } else {
    const std::string session = CookieValue(request, kSessionCookie).value_or("");
    if (!session.empty()) return absl::StrCat("session:", session.substr(0, kLongestKey));
  }
  return absl::StrCat("address:", http::LimitKeyOf(request.client_address));
}

// Whole seconds, rounded up: who waits so long is let in.
int64_t SecondsUntil(absl::Duration wait) {
  return std::max<int64_t>(1, absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1))));
}

http::Response TooMany(const http::Request& request, absl::Duration wait) {
  http::Response response =
      IsJson(request.path)
          ? http::Json(429, R"({"errors":[{"title":"Too many requests",)"
                            R"("detail":"Wait as long as Retry-After says, then try again.",)"
                            R"("code":"429","status":"429"}]})")
          : http::Html(429, RenderErrorPage(ErrorPageForStatus(429, request.request_id)));
  response.headers.Set("Retry-After", absl::StrCat(SecondsUntil(wait)));
  return response;
}

}  // namespace

EdgeLimits::EdgeLimits(const EdgeLimitOptions& options, EdgeLimitDeps deps,
                       const std::string& secret)
    : deps_(std::move(deps)),
      addresses_(BucketsOf(options.per_address, options.max_keys, secret)),
      flows_(BucketsOf(options.per_flow, options.max_keys, secret)),
      sampled_clients_({.rate = {1, absl::Minutes(1), 1}, .max_keys = options.max_keys}, secret),
      sampled_({.rate = {1, absl::Seconds(1), 60}, .max_keys = 1, .shards = 1}, secret),
      refused_clients_({.rate = {1, absl::Seconds(1), 60}, .max_keys = options.max_keys}, secret),
      refused_({.rate = {10, absl::Seconds(1), 600}, .max_keys = 1, .shards = 1}, secret) {}

std::optional<http::Response> EdgeLimits::Refuse(const http::Request& request) {
  if (IsFree(request.path)) return std::nullopt;
  auto refusal =
      RefuseBy("per_address", addresses_, http::LimitKeyOf(request.client_address), request);
  if (refusal || request.method != "POST") return refusal;
  return RefuseBy("per_flow", flows_, FlowKeyOf(request), request);
}

std::optional<http::Response> EdgeLimits::RefuseBy(
    absl::string_view limit, const std::unique_ptr<resilience::KeyedBuckets>& buckets,
    absl::string_view key, const http::Request& request) {
  if (buckets == nullptr) return std::nullopt;
  const resilience::Admission admission = buckets->Take(key, deps_.clock.Now());
  if (admission.allowed) return std::nullopt;
  if (deps_.on_refused) deps_.on_refused(limit);
  if (InSample(limit, request.client_address)) {
    const absl::Status written =
        deps_.audit.Write(telemetry::AuditEvent::kRequestRefused,
                          {.request_id = request.request_id, .code = "429", .tag = "RATE_LIMITED"});
    if (!written.ok()) {
      deps_.log.Error("audit.write_failed",
                      {{"req", request.request_id}, {"reason", base::ReasonOf(written)}});
    }
  }
  http::Response response = TooMany(request, admission.retry_after);
  if (IsJson(request.path)) LetRead(request, deps_.cors_origins, response);
  return response;
}

bool EdgeLimits::MayRecordRefusal(absl::string_view client_address) {
  const absl::Time now = deps_.clock.Now();
  return refused_clients_.Take(http::LimitKeyOf(client_address), now).allowed &&
         refused_.Take("all", now).allowed;
}

bool EdgeLimits::InSample(absl::string_view kind, absl::string_view client_address) {
  const absl::Time now = deps_.clock.Now();
  const std::string key = absl::StrCat(kind, ":", http::LimitKeyOf(client_address));
  return sampled_clients_.Take(key, now).allowed && sampled_.Take("all", now).allowed;
}

}  // namespace va::gateway
