#include "services/auth-gateway/api/http/start_handler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/base/url.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/domain/signin_plan.h"
#include "services/auth-gateway/web/page_headers.h"
#include "services/auth-gateway/web/pages.h"
#include "services/auth-gateway/web/session_token.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kSignInPath = "/sign-in/";

int StatusFor(PlanRefusal::Kind kind) {
  switch (kind) {
    case PlanRefusal::Kind::kNotFound:
      return 404;
    case PlanRefusal::Kind::kBadRequest:
      return 400;
    case PlanRefusal::Kind::kCspClosed:
      return 403;
  }
  return 400;
}

http::Response RefuseStart(const GatewayDeps& deps, const http::Request& request, int status,
                           const base::Refusal& refusal) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id,
          .code = base::Describe(refusal.code).code,
          .tag = refusal.tag});
  return RefusalPage(status, refusal, request.request_id, kSignInPath);
}

// Whether a live session stood at the start: the callback cannot see its cookie (decision P7). An
// unreachable store only costs the friendlier of two messages.
bool HadSession(const GatewayDeps& deps, const http::Request& request, absl::Time now,
                absl::Time deadline) {
  const std::string token = CookieValue(request, kSessionCookie).value_or("");
  if (token.empty()) return false;
  const auto session = deps.sessions.Use(HashToken(token), now, deadline);
  return session.ok() && session->has_value();
}

std::string CspName(const identity::Policy& policy, identity::Csp csp) {
  const identity::CspRow* const row = policy.FindCsp(csp);
  return row == nullptr ? "" : row->name;
}

AuthnRequestSpec RequestFor(const GatewayDeps& deps, const SamlIdp& idp, const FlowRecord& flow) {
  AuthnRequestSpec spec;
  spec.id = flow.authn_request_id;
  spec.issue_instant = flow.created_at;
  spec.destination = idp.sso.url;
  spec.acs_url = deps.saml.acs_url;
  spec.issuer = deps.saml.sp_entity_id;
  spec.force_authn = flow.plan.force_authn;
  spec.contexts = flow.plan.contexts;
  spec.comparison = flow.plan.comparison;
  return spec;
}

}  // namespace

http::Response HandleStart(const GatewayDeps& deps, http::Request& request) {
  telemetry::Span span(deps.tracer, deps.clock, "sign_in.start");
  const absl::Time now = deps.lifetimes.Now();
  const absl::Time deadline = deps.clock.Now() + deps.limits.request_deadline;

  // An image of somebody's page must not be able to crowd out the attempts a person has open.
  if (IsEmbedded(request)) {
    return RefuseStart(deps, request, 403, {base::SignInCode::kInvalidRequest, "not_a_navigation"});
  }
  auto query = base::ParseForm(request.query);
  if (!query.ok()) {
    return RefuseStart(deps, request, 400, {base::SignInCode::kInvalidRequest, "query_malformed"});
  }
  auto planned = PlanSignIn(deps.policy, {request.Param("type"), *std::move(query)}, now);
  if (const auto* refusal = std::get_if<PlanRefusal>(&planned)) {
    return RefuseStart(deps, request, StatusFor(refusal->kind), refusal->refusal);
  }

  std::string browser_id = CookieValue(request, kFlowCookie).value_or("");
  if (browser_id.empty()) browser_id = deps.ids.Token(kBrowserIdBytes);
  const std::string handle = deps.ids.Token(kFlowHandleBytes);

  FlowRecord flow;
  flow.id = deps.ids.Uuid();
  span.JoinAsRoot(flow.id);
  flow.handle_hash = HashToken(handle);
  flow.browser_hash = HashToken(browser_id);
  flow.authn_request_id = deps.ids.XmlId();
  flow.plan = std::get<SignInPlan>(std::move(planned));
  const identity::IdpRow* const row = deps.policy.FindIdpOf(flow.plan.csp);
  const SamlIdp* const idp = row == nullptr ? nullptr : deps.saml.FindByName(row->name);
  if (idp == nullptr || !idp->IsOpen()) {
    return RefuseStart(deps, request, 403, {base::SignInCode::kInvalidRequest, "csp_not_offered"});
  }
  flow.idp = idp->entity_id;
  flow.had_session = HadSession(deps, request, now, deadline);
  flow.created_at = now;
  flow.expires_at = now + deps.limits.flow_lifetime;

  const auto message = BuildAuthnRequest(RequestFor(deps, *idp, flow), deps.saml.signing_key,
                                         deps.saml.signing_certificate);
  absl::Status started = message.ok() ? deps.flows.Start(flow, deadline) : message.status();
  if (started.ok()) {
    started = RecordFirst(deps, telemetry::AuditEvent::kSignInStarted,
                          {.request_id = flow.id,
                           .csp = identity::ToString(flow.plan.csp),
                           .application = flow.plan.application,
                           .policy_version = flow.plan.policy_version});
  }
  if (!started.ok()) {
    deps.log.Error("sign_in.start_failed", {{"req", flow.id},
                                            {"status", absl::StatusCodeToString(started.code())},
                                            {"reason", base::ReasonOf(started)}});
    Outcome outcome;
    outcome.kind = OutcomeKind::kTryLater;
    outcome.code = "007";
    outcome.tag = "store_unavailable";
    return OutcomeResponse(deps, outcome, &flow, flow.id);
  }

  PostForm form;
  form.action = idp->sso.url;
  form.fields = {{"SAMLRequest", EncodeFormValue(*message)}, {"RelayState", handle}};
  form.destination_name = CspName(deps.policy, flow.plan.csp);
  http::Response response = http::Html(200, RenderPostForm(form));
  response.headers.Set("Content-Security-Policy",
                       ContentSecurityPolicy(PageKind::kPostForm, {form.action}));
  SetFlowCookie(response, browser_id, deps.limits.flow_lifetime);
  return response;
}

}  // namespace va::gateway
