#include "services/auth-gateway/api/http/start_handler.h"

#include <optional>
#include <utility>

#include "lib/base/url.h"
#include "services/auth-gateway/api/http/api_errors.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/departure.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/api/http/session_handlers.h"
#include "services/auth-gateway/domain/signin_plan.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kSignInPath = "/sign-in/";

http::Response PageOf(const PlanRefusal& refusal, const http::Request& request) {
  if (refusal.kind == PlanRefusal::Kind::kNotAuthorized) {
    return http::Html(StatusFor(refusal.kind), RenderErrorPage(NotSignedInPage()));
  }
  return RefusalPage(StatusFor(refusal.kind), refusal.refusal, request.request_id, kSignInPath);
}

// A page for whoever reads HTML (decision R19); the reference's JSON for others, where it has one.
http::Response RefuseStart(const GatewayDeps& deps, const http::Request& request,
                           const PlanRefusal& refusal) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id,
          .code = base::Describe(refusal.refusal.code).code,
          .tag = refusal.refusal.tag});
  if (refusal.error.has_value() && !WantsHtml(request)) {
    return ApiErrorJson(StatusFor(refusal.kind), *refusal.error);
  }
  return PageOf(refusal, request);
}

http::Response RefuseStart(const GatewayDeps& deps, const http::Request& request, int status,
                           absl::string_view tag) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id, .code = "400", .tag = tag});
  return RefusalPage(status, {base::SignInCode::kInvalidRequest, std::string(tag)},
                     request.request_id, kSignInPath);
}

bool NeedsSession(absl::string_view type_name) {
  const SignInType* const type = FindSignInType(type_name);
  return type != nullptr && (type->asks == Asks::kVerify || type->asks == Asks::kMfa);
}

http::Response TryLater(const GatewayDeps& deps, const http::Request& request) {
  Outcome outcome;
  outcome.kind = OutcomeKind::kTryLater;
  outcome.code = std::string(base::Describe(base::SignInCode::kUnknown).code);
  outcome.tag = "store_unavailable";
  return OutcomeResponse(deps, outcome, nullptr, request.request_id);
}

std::optional<CurrentContext> ContextOf(const std::optional<SessionRecord>& session) {
  if (!session.has_value()) return std::nullopt;
  return CurrentContext{session->authn_context, session->service_name};
}

// The session lives on: whoever follows a link of somebody else and turns back is still signed in.
// It ends when this attempt ends in another one.
void RememberSession(const std::optional<SessionRecord>& session, FlowRecord& flow) {
  flow.had_session = session.has_value();
  if (!session.has_value()) return;
  flow.session_hash = session->token_hash;
  flow.session_account = session->account_id;
  flow.session_signed_in = session->last_signed_in;
}

}  // namespace

http::Response HandleStart(const GatewayDeps& deps, http::Request& request) {
  telemetry::Span span(deps.tracer, deps.clock, "sign_in.start");
  const absl::Time deadline = deps.clock.Now() + deps.limits.request_deadline;

  // An image of somebody's page must not be able to crowd out the attempts a person has open.
  if (IsEmbedded(request)) return RefuseStart(deps, request, 403, "not_a_navigation");
  auto query = base::ParseForm(request.query);
  if (!query.ok()) return RefuseStart(deps, request, 400, "query_malformed");

  const std::string type = request.Param("type");
  // The callback cannot see the session's cookie (decision P7). For most types an unreachable store
  // only costs the friendlier of two messages; for those that go on from a session it is no answer.
  auto session = SessionOf(deps, request);
  if (!session.ok() && NeedsSession(type)) return TryLater(deps, request);
  const std::optional<SessionRecord> standing = std::move(session).value_or(std::nullopt);

  auto planned =
      PlanSignIn(deps.policy, {type, *std::move(query), ContextOf(standing)}, deps.lifetimes.Now());
  if (const auto* refusal = std::get_if<PlanRefusal>(&planned)) {
    return RefuseStart(deps, request, *refusal);
  }

  FlowRecord flow;
  flow.id = deps.ids.Uuid();
  span.JoinAsRoot(flow.id);
  flow.plan = std::get<SignInPlan>(std::move(planned));
  RememberSession(standing, flow);
  return Depart(deps, std::move(flow), BrowserIdOf(deps, request), deadline);
}

}  // namespace va::gateway
