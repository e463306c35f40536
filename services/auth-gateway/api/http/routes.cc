#include "services/auth-gateway/api/http/routes.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "services/auth-gateway/api/http/callback_handler.h"
#include "services/auth-gateway/api/http/consent_handlers.h"
#include "services/auth-gateway/api/http/cors.h"
#include "services/auth-gateway/api/http/global_logout_handlers.h"
#include "services/auth-gateway/api/http/logout_handlers.h"
#include "services/auth-gateway/api/http/page_handlers.h"
#include "services/auth-gateway/api/http/start_handler.h"
#include "services/auth-gateway/api/http/terms_handlers.h"
#include "services/auth-gateway/api/http/user_handler.h"
#include "services/auth-gateway/web/assets.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

using nlohmann::json;

using BoundHandler = http::Response (*)(const GatewayDeps&, http::Request&);

http::Handler Bind(const GatewayDeps& deps, BoundHandler handler) {
  return [&deps, handler](http::Request& request) { return handler(deps, request); };
}

// 404 and 405 with a page; one audit event, because somebody asked for what is not there.
http::Response RouteError(const GatewayDeps& deps, const http::Request& request, int status) {
  const std::string code = std::to_string(status);
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id,
          .code = code,
          .tag = status == 405 ? "method_not_allowed" : "unknown_path"});
  return http::Html(status, RenderErrorPage(ErrorPageForStatus(status, request.request_id)));
}

const char* StageWord(FlowStage stage) {
  switch (stage) {
    case FlowStage::kStarted:
      return "started";
    case FlowStage::kClaimed:
      return "claimed";
    case FlowStage::kDone:
      return "done";
  }
  return "";
}

json TextOrNull(const std::string& text) { return text.empty() ? json() : json(text); }

// Every finding with what it did. An attempt of before the release that keeps effects has none.
json JudgedJson(const Outcome& outcome) {
  json list = json::array();
  const size_t count = std::min(outcome.findings.size(), outcome.effects.size());
  for (size_t i = 0; i < count; ++i) {
    const FindingEffect& effect = outcome.effects[i];
    list.push_back({{"tag", outcome.findings[i]},
                    {"effect", effect.effect},
                    {"code", TextOrNull(effect.code)},
                    {"waived_by", TextOrNull(effect.waived_by)},
                    {"subject", TextOrNull(effect.subject)}});
  }
  return list;
}

json AttemptJson(const FlowRecord& flow) {
  json stations = json::array();
  json out = {
      {"request_id", flow.id},
      {"application", flow.plan.application},
      {"type", flow.plan.type},
      {"started_at", absl::FormatTime(absl::RFC3339_sec, flow.created_at, absl::UTCTimeZone())},
      {"stage", StageWord(flow.stage)},
      {"policy", flow.plan.policy_version},
      {"requested_contexts", flow.plan.contexts},
      {"stay_at_level", flow.plan.stay_at_level},
      {"csp", std::string(identity::ToString(flow.plan.csp))},
      {"outcome", nullptr},
      {"code", nullptr},
      {"tag", nullptr},
      {"loa", nullptr},
      {"mhv_account", nullptr},
      {"proofing", nullptr}};
  // Of a second leg: where the person came from, so that its id leads to the other.
  if (!flow.parent.empty()) {
    out["first_leg"] = flow.parent;
    out["step_up_for"] = flow.lap_for;
  }
  const Provisioning& provisioning = flow.provisioning;
  if (provisioning.mhv_account.has_value()) {
    out["mhv_account"] = std::string(ToString(*provisioning.mhv_account));
  }
  if (provisioning.proofing.has_value()) {
    out["proofing"] = std::string(ToString(*provisioning.proofing));
  }
  if (flow.outcome.has_value()) {
    const Outcome& outcome = *flow.outcome;
    out["outcome"] = std::string(ToString(outcome.kind));
    if (!outcome.code.empty()) out["code"] = outcome.code;
    if (!outcome.tag.empty()) out["tag"] = outcome.tag;
    if (outcome.loa != 0) out["loa"] = outcome.loa;
    out["findings"] = outcome.findings;
    out["waived"] = outcome.waived;
    out["judged"] = JudgedJson(outcome);
    out["rules"] = outcome.rules;
    if (!outcome.decided_under.empty()) out["policy"] = outcome.decided_under;
    for (const Station& station : outcome.stations) {
      stations.push_back({{"name", station.name}, {"ms", station.milliseconds}});
    }
  }
  out["stations"] = std::move(stations);
  return out;
}

}  // namespace

http::Router PublicRoutes(const GatewayDeps& deps) {
  http::Router router([&deps](const http::Request& request, int status) {
    return RouteError(deps, request, status);
  });
  // A GET that starts something is added alone: HEAD, which previews and checkers send, is refused.
  router.Add("GET", "/v1/sessions/{type}/new", Bind(deps, HandleStart));
  router.Add("GET", "/sessions/{type}/new", Bind(deps, HandleStart));
  for (const char* const path : {"/v1/sessions/slo/new", "/sessions/slo/new"}) {
    router.Add("GET", path, Bind(deps, HandleGlobalLogout));
    router.Add("POST", path, Bind(deps, HandleGlobalLogoutConfirmed));
  }
  router.AddSafe("/v1/sessions/ssoe_logout", Bind(deps, HandleGlobalLogoutReturn));
  router.AddSafe(kTermsDeclinedPath, Bind(deps, HandleTermsDeclinedPage));
  router.Add("POST", "/v1/sessions/callback", Bind(deps, HandleCallback));
  router.Add("GET", kSamlLogoutPath, Bind(deps, HandleSamlLogoutQuery));
  router.Add("POST", kSamlLogoutPath, Bind(deps, HandleSamlLogoutForm));
  router.AddSafe("/v1/sessions/metadata", Bind(deps, HandleMetadata));
  router.AddSafe("/saml/metadata", Bind(deps, HandleMetadata));
  router.AddSafe("/v0/user", WithCors(deps.cors_origins, Bind(deps, HandleUser)));
  router.Add("POST", "/v0/logout", WithCors(deps.cors_origins, Bind(deps, HandleLogout)));
  if (!deps.cors_origins.empty()) {
    router.Add("OPTIONS", "/v0/user", Preflight(deps.cors_origins, "GET, HEAD"));
    router.Add("OPTIONS", "/v0/logout", Preflight(deps.cors_origins, "POST"));
  }
  router.AddSafe("/sign-in/", Bind(deps, HandleSignInPage));
  router.AddSafe("/sign-in", Bind(deps, HandleSignInPage));
  router.AddSafe(kResultPath, Bind(deps, HandleResultPage));
  router.AddSafe("/logout/", Bind(deps, HandleSignedOutPage));
  router.AddSafe("/", [](http::Request&) { return http::Redirect(302, "/sign-in/"); });
  router.AddSafe(kTermsPath, Bind(deps, HandleTermsPage));
  router.AddSafe("/terms-of-use", Bind(deps, HandleTermsPage));
  router.Add("POST", kTermsPath, Bind(deps, HandleTermsAnswer));
  router.AddSafe(kConsentPath, Bind(deps, HandleConsentPage));
  router.Add("POST", kConsentPath, Bind(deps, HandleConsentAnswer));
  for (const Asset& asset : Assets()) {
    router.AddSafe(asset.path,
                   [&asset](http::Request& request) { return HandleAsset(asset, request); });
  }
  return router;
}

http::Response HandleAttempt(const GatewayDeps& deps, http::Request& request) {
  const absl::Time deadline = deps.clock.Now() + deps.limits.request_deadline;
  const auto flow = deps.flows.FindById(request.Param("request_id"), deadline);
  if (!flow.ok()) return http::Json(503, R"({"error":"the attempt store is unavailable"})");
  if (!flow->has_value()) return http::Json(404, R"({"error":"no such attempt"})");
  return http::Json(200, AttemptJson(**flow).dump());
}

}  // namespace va::gateway
