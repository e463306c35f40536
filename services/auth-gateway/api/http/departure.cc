#include "services/auth-gateway/api/http/departure.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/api/http/saml_request_cookie.h"
#include "services/auth-gateway/domain/signin_plan.h"
#include "services/auth-gateway/saml/redirect_binding.h"
#include "services/auth-gateway/web/page_headers.h"
#include "services/auth-gateway/web/pages.h"
#include "services/auth-gateway/web/session_token.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kSignInPath = "/sign-in/";

const SamlIdp* FindIdp(const GatewayDeps& deps, const SignInPlan& plan) {
  const identity::IdpRow* const row = deps.policy.FindIdpOf(plan.csp);
  return row == nullptr ? nullptr : deps.saml.FindByName(row->name);
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

http::Response RefuseClosed(const GatewayDeps& deps, const FlowRecord& flow) {
  const base::Refusal refusal{base::SignInCode::kInvalidRequest, "csp_not_offered"};
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = flow.id, .code = base::Describe(refusal.code).code, .tag = refusal.tag});
  return RefusalPage(403, refusal, flow.id, kSignInPath);
}

// Whom to believe there is not known now, for want of good metadata: nobody is sent to a provider
// whose answer could not be verified. It comes back by itself.
http::Response RefuseSwitchedOff(const GatewayDeps& deps, const FlowRecord& flow) {
  const std::string code(base::Describe(base::SignInCode::kUnknown).code);
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = flow.id, .code = code, .tag = "idp_switched_off"});
  Outcome outcome;
  outcome.kind = OutcomeKind::kTryLater;
  outcome.code = code;
  outcome.tag = "idp_switched_off";
  return OutcomeResponse(deps, outcome, &flow, flow.id);
}

http::Response TryLater(const GatewayDeps& deps, const FlowRecord& flow,
                        const absl::Status& status) {
  deps.log.Error("sign_in.start_failed", {{"req", flow.id},
                                          {"status", absl::StatusCodeToString(status.code())},
                                          {"reason", base::ReasonOf(status)}});
  Outcome outcome;
  outcome.kind = OutcomeKind::kTryLater;
  outcome.code = std::string(base::Describe(base::SignInCode::kUnknown).code);
  outcome.tag = "store_unavailable";
  return OutcomeResponse(deps, outcome, &flow, flow.id);
}

// The attempt is stored before it is on record, and on record before the browser leaves.
absl::Status Remember(const GatewayDeps& deps, const FlowRecord& flow, absl::Time deadline) {
  const absl::Status stored = deps.flows.Start(flow, deadline);
  if (!stored.ok()) return stored;
  return RecordFirst(deps, telemetry::AuditEvent::kSignInStarted,
                     {.request_id = flow.id,
                      .csp = identity::ToString(flow.plan.csp),
                      .application = flow.plan.application,
                      .policy_version = flow.plan.policy_version});
}

// Where a query can say it, the provider is told that somebody comes to sign up, and on the first
// leg only: the second is about a person who has an account (ssoe_saml.md 9.1).
std::string WithOp(const std::string& url, const FlowRecord& flow) {
  const SignInType* const type = FindSignInType(flow.plan.type);
  if (type == nullptr || type->op.empty() || flow.lap != 0) return url;
  return absl::StrCat(url, url.find('?') == std::string::npos ? "?" : "&", "op=", type->op);
}

http::Response PostTo(const GatewayDeps& deps, const SamlIdp& idp, const FlowRecord& flow,
                      absl::string_view message, const std::string& handle) {
  PostForm form;
  form.action = idp.sso.url;
  form.fields = {{"SAMLRequest", EncodeFormValue(message)}, {"RelayState", handle}};
  form.destination_name = CspName(deps.policy, flow.plan.csp);
  http::Response response = http::Html(200, RenderPostForm(form));
  response.headers.Set("Content-Security-Policy",
                       ContentSecurityPolicy(PageKind::kPostForm, {form.action}));
  return response;
}

// The answer that takes the browser to the provider, by the binding that the provider wants.
absl::StatusOr<http::Response> WayTo(const GatewayDeps& deps, const SamlIdp& idp,
                                     const FlowRecord& flow, const std::string& handle) {
  const AuthnRequestSpec spec = RequestFor(deps, idp, flow);
  if (idp.sso.binding == SamlBinding::kPost) {
    const auto message =
        BuildAuthnRequest(spec, deps.saml.signing_key, deps.saml.signing_certificate);
    if (!message.ok()) return message.status();
    return PostTo(deps, idp, flow, *message, handle);
  }
  const auto message = BuildBareAuthnRequest(spec);
  if (!message.ok()) return message.status();
  auto url = BuildRedirectUrl(WithOp(idp.sso.url, flow), SamlMessageKind::kRequest, *message,
                              handle, deps.saml.signing_key);
  if (!url.ok()) return url.status();
  return http::Redirect(303, *url);
}

}  // namespace

std::string BrowserIdOf(const GatewayDeps& deps, const http::Request& request) {
  std::string browser_id = CookieValue(request, kFlowCookie).value_or("");
  if (browser_id.empty()) browser_id = deps.ids.Token(kBrowserIdBytes);
  return browser_id;
}

http::Response Depart(const GatewayDeps& deps, FlowRecord flow, const std::string& browser_id,
                      absl::Time deadline) {
  const SamlIdp* const idp = FindIdp(deps, flow.plan);
  if (idp == nullptr) return RefuseClosed(deps, flow);
  if (!idp->IsOpen()) return RefuseSwitchedOff(deps, flow);

  const std::string handle = deps.ids.Token(kFlowHandleBytes);
  flow.handle_hash = HashToken(handle);
  flow.browser_hash = HashToken(browser_id);
  flow.authn_request_id = deps.ids.XmlId();
  flow.idp = idp->entity_id;
  flow.created_at = deps.lifetimes.Now();
  flow.expires_at = flow.created_at + deps.limits.flow_lifetime;

  absl::StatusOr<http::Response> way = WayTo(deps, *idp, flow, handle);
  if (!way.ok()) return TryLater(deps, flow, way.status());
  const absl::Status remembered = Remember(deps, flow, deadline);
  if (!remembered.ok()) return TryLater(deps, flow, remembered);

  http::Response response = *std::move(way);
  SetFlowCookie(response, browser_id, deps.limits.flow_lifetime);
  SetSamlRequestCookie(response, deps.saml_cookie_environment, flow);
  return response;
}

}  // namespace va::gateway
