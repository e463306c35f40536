#include "services/auth-gateway/api/http/outcome_response.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/auth-gateway/domain/login_redirect.h"
#include "services/auth-gateway/domain/signin_plan.h"
#include "services/auth-gateway/domain/step_up.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kRetryAfterSeconds = "5";
constexpr absl::string_view kSignInPath = "/sign-in/";

base::SignInCode CodeOf(const Outcome& outcome) {
  return base::CodeFromString(outcome.code).value_or(base::SignInCode::kUnknown);
}

// Messages that nobody could have sent by honest means are malformed requests, not refusals.
bool IsMalformed(const Outcome& outcome) {
  for (const absl::string_view tag :
       {"blank", "bad_base64", "xml_too_large", "xml_encoding", "xml_doctype", "xml_too_complex",
        "xml_namespace", "xml_not_well_formed", "xml_duplicate_id", "xml_bad_id", "not_a_response",
        "form_malformed"}) {
    if (outcome.tag == tag) return true;
  }
  return CodeOf(outcome) == base::SignInCode::kInvalidRequest;
}

// The verified form of the same attempt, target included; nothing when the type has none.
std::string VerifiedUrl(const FlowRecord& flow) {
  const std::string plain = absl::StrCat("/v1/sessions/", flow.plan.type, "/new");
  const std::string verified = absl::StrCat(flow.plan.type, "_verified");
  if (FindSignInType(verified) == nullptr) return "";
  const absl::string_view rest = absl::string_view(flow.plan.restart).substr(plain.size());
  return absl::StrCat("/v1/sessions/", verified, "/new", rest);
}

// Whether somebody was on the way to a level that nobody here needs, and did not get there or did
// not want to (decision R9).
bool MayGoOnWithout(const Outcome& outcome, const FlowRecord* flow) {
  return flow != nullptr && IsForHighest(flow->lap_for) && !flow->plan.restart.empty() &&
         outcome.kind == OutcomeKind::kRefusal &&
         (CodeOf(outcome) == base::SignInCode::kClickedDeny || outcome.tag == "assurance_not_met" ||
          absl::StartsWith(outcome.tag, "status_"));
}

// Where the same person goes on from here: the same attempt again, or the verified form of it.
std::string RestartUrl(const Outcome& outcome, const FlowRecord* flow) {
  if (flow == nullptr || flow->plan.restart.empty()) return std::string(kSignInPath);
  const bool level =
      outcome.kind == OutcomeKind::kStepUp && StepUpForTag(outcome.tag) == StepUpFor::kLevel;
  std::string verified = level ? VerifiedUrl(*flow) : "";
  return verified.empty() ? flow->plan.restart : verified;
}

ErrorPage StepUpPageFor(const Outcome& outcome, absl::string_view request_id,
                        const std::string& restart) {
  switch (StepUpForTag(outcome.tag)) {
    case StepUpFor::kFactor:
      return FactorPage(std::string(request_id), restart);
    case StepUpFor::kFreshness:
      return SignInAgainPage(std::string(request_id), restart);
    case StepUpFor::kLevel:
      break;
  }
  return StepUpPage(std::string(request_id), restart);
}

ErrorPage PageFor(const Outcome& outcome, absl::string_view request_id,
                  const std::string& restart) {
  switch (outcome.kind) {
    case OutcomeKind::kStepUp:
      return StepUpPageFor(outcome, request_id, restart);
    case OutcomeKind::kTryLater:
      return TryLaterPage(CodeOf(outcome), std::string(request_id), restart);
    case OutcomeKind::kSession:
    case OutcomeKind::kRefusal:
      break;
  }
  return RefusalPageFor(CodeOf(outcome), outcome.tag, std::string(request_id), restart);
}

// A step-up is no refusal: its button is the way on, and a front end would not know it (decision
// R19). The same holds for whoever may go on without one.
bool GoesToFrontEnd(const Outcome& outcome, const FlowRecord* flow) {
  return flow != nullptr && flow->plan.on_refusal == identity::OnRefusal::kRedirect &&
         outcome.kind != OutcomeKind::kStepUp && !MayGoOnWithout(outcome, flow);
}

}  // namespace

int HttpStatusFor(const Outcome& outcome) {
  if (outcome.kind == OutcomeKind::kTryLater) return 503;
  return IsMalformed(outcome) ? 400 : 403;
}

http::Response OutcomeResponse(const GatewayDeps& deps, const Outcome& outcome,
                               const FlowRecord* flow, absl::string_view request_id) {
  if (GoesToFrontEnd(outcome, flow)) {
    return http::Redirect(302, FailureRedirect(deps, flow->plan, outcome.code, request_id));
  }
  const ErrorPage page = MayGoOnWithout(outcome, flow)
                             ? NotVerifiedPage(CodeOf(outcome), std::string(request_id),
                                               RestartAtLevel(flow->plan.restart))
                             : PageFor(outcome, request_id, RestartUrl(outcome, flow));
  http::Response response = http::Html(HttpStatusFor(outcome), RenderErrorPage(page));
  if (response.status == 503) response.headers.Set("Retry-After", kRetryAfterSeconds);
  return response;
}

http::Response RefusalPage(int status, const base::Refusal& refusal, absl::string_view request_id,
                           absl::string_view retry_url) {
  return http::Html(status, RenderErrorPage(ErrorPageFor(refusal.code, std::string(request_id),
                                                         std::string(retry_url))));
}

std::string FailureRedirect(const GatewayDeps& deps, const SignInPlan& plan, absl::string_view code,
                            absl::string_view request_id) {
  const SignInType* const type = FindSignInType(plan.type);
  LoginReturn where;
  where.landing = absl::StrCat(deps.front_end_url, kLandingPath);
  where.type = type == nullptr ? "" : std::string(type->relay_type);
  where.inbound = type != nullptr && type->asks == Asks::kInbound;
  return LoginRedirect(
      where, {.success = false, .code = std::string(code), .request_id = std::string(request_id)});
}

}  // namespace va::gateway
