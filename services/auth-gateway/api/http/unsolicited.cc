#include "services/auth-gateway/api/http/unsolicited.h"

#include <utility>
#include <variant>

#include "lib/base/status.h"
#include "lib/base/url.h"
#include "lib/identity/authn_context.h"
#include "services/auth-gateway/api/http/expected_response.h"
#include "services/auth-gateway/domain/signin_plan.h"
#include "services/auth-gateway/domain/step_up.h"
#include "services/auth-gateway/web/session_token.h"

namespace va::gateway {
namespace {

using base::Refusal;
using base::SignInCode;

// Whether the browser says that a page of the provider posted this. One that says nothing, or
// "null", is not believed.
bool IsPostedBy(const http::Request& request, const SamlIdp& idp) {
  const auto origin = request.headers.Get("Origin");
  const auto provider = base::ParseUrl(idp.sso.url);
  return origin.has_value() && provider.ok() && provider->Origin() == *origin;
}

// The provider that a person knows, as the assertion names it.
std::optional<identity::Csp> CspOf(const VerifiedAssertion& assertion) {
  const auto context = identity::FindAuthnContext(assertion.authn_context);
  if (!context.has_value()) return std::nullopt;
  return context->inbound ? identity::CspFromString(ContextOf(assertion).service_name)
                          : context->csp;
}

// What a person who chose that provider for the default application would have begun, except that
// nothing was asked of the provider.
std::variant<SignInPlan, Refusal> PlanFor(const GatewayDeps& deps, const SamlIdp& idp,
                                          const VerifiedAssertion& assertion, absl::Time now) {
  const std::optional<identity::Csp> csp = CspOf(assertion);
  if (!csp.has_value()) return Refusal{SignInCode::kUnknown, "unknown_context"};
  const identity::IdpRow* const row = deps.policy.FindIdpOf(*csp);
  // A provider speaks for its own people only.
  if (row == nullptr || row->name != idp.name) return Refusal{SignInCode::kUnknown, "other_idp"};
  auto planned = PlanSignIn(deps.policy, {std::string(identity::ToString(*csp)), {}}, now);
  if (auto* const refused = std::get_if<PlanRefusal>(&planned)) return refused->refusal;
  SignInPlan plan = std::get<SignInPlan>(std::move(planned));
  plan.contexts.clear();
  plan.force_authn = false;
  return plan;
}

FlowRecord AttemptFor(const GatewayDeps& deps, const SamlIdp& idp, SignInPlan plan,
                      const std::string& browser_id, absl::Time now) {
  FlowRecord flow;
  flow.id = deps.ids.Uuid();
  // No browser holds this handle, so no second post can name the attempt.
  flow.handle_hash = HashToken(deps.ids.Token(kFlowHandleBytes));
  flow.browser_hash = HashToken(browser_id.empty() ? deps.ids.Token(kBrowserIdBytes) : browser_id);
  flow.authn_request_id = deps.ids.XmlId();
  flow.idp = idp.entity_id;
  flow.plan = std::move(plan);
  flow.created_at = now;
  flow.expires_at = now + deps.limits.flow_lifetime;
  return flow;
}

FlowEvent Accept(const GatewayDeps& deps, const SamlIdp& idp, VerifiedAssertion assertion,
                 const std::string& browser_id, absl::Time now, absl::Time deadline) {
  auto plan = PlanFor(deps, idp, assertion, now);
  if (auto* const refusal = std::get_if<Refusal>(&plan)) {
    return ResponseRefused{std::move(*refusal)};
  }
  UnsolicitedVerified event;
  event.flow = AttemptFor(deps, idp, std::get<SignInPlan>(std::move(plan)), browser_id, now);
  event.assertion = std::move(assertion);
  const identity::Application* const application =
      deps.policy.FindApplication(event.flow.plan.application);
  event.asks_terms = application != nullptr && application->terms_first;
  const absl::Status stored = deps.flows.Start(event.flow, deadline);
  if (!stored.ok()) return StationFailed{"store", base::ReasonOf(stored)};
  const absl::Status recorded = RecordFirst(deps, telemetry::AuditEvent::kSignInStarted,
                                            {.request_id = event.flow.id,
                                             .csp = identity::ToString(event.flow.plan.csp),
                                             .application = event.flow.plan.application,
                                             .tag = "unsolicited",
                                             .policy_version = event.flow.plan.policy_version});
  if (!recorded.ok()) return StationFailed{"audit", base::ReasonOf(recorded)};
  return event;
}

// An issuer that is not this one, and an answer to a question, say nothing about this provider's
// unasked responses.
bool SaysNothing(SamlReject reject) {
  return reject == SamlReject::kIssuerMismatch || reject == SamlReject::kInResponseToMismatch;
}

}  // namespace

std::optional<FlowEvent> ReadUnsolicited(const GatewayDeps& deps, const http::Request& request,
                                         absl::string_view form_value,
                                         const std::string& browser_id, absl::Time now,
                                         absl::Time deadline) {
  for (const identity::IdpRow& row : deps.policy.idps) {
    const SamlIdp* const idp = deps.saml.FindByName(row.name);
    if (!row.allow_unsolicited || idp == nullptr || !idp->IsOpen()) continue;
    ExpectedResponse expected = ExpectedOf(deps, row, *idp, now);
    expected.allow_unsolicited = true;
    auto assertion = ValidateResponse(form_value, expected);
    if (assertion.ok()) {
      if (!IsPostedBy(request, *idp)) {
        return ResponseRefused{{SignInCode::kUnknown, "unsolicited_origin"}};
      }
      return Accept(deps, *idp, *std::move(assertion), browser_id, now, deadline);
    }
    const auto reject = RejectOf(assertion.status());
    if (!reject.has_value()) return StationFailed{"validator", base::ReasonOf(assertion.status())};
    if (!SaysNothing(*reject)) return ResponseRefused{RefusalFor(*reject)};
  }
  return std::nullopt;
}

}  // namespace va::gateway
