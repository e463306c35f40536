#include "services/auth-gateway/api/http/outcome_response.h"

#include "absl/strings/str_cat.h"
#include "lib/base/url.h"
#include "services/auth-gateway/domain/signin_plan.h"
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

// Where the same person goes on from here: the same attempt again, or the verified form of it.
std::string RestartUrl(const Outcome& outcome, const FlowRecord& flow) {
  if (outcome.kind != OutcomeKind::kStepUp) return flow.plan.restart;
  const std::string plain = absl::StrCat("/v1/sessions/", flow.plan.type, "/new");
  const std::string verified = absl::StrCat("/v1/sessions/", flow.plan.type, "_verified/new");
  const bool exists = FindSignInType(absl::StrCat(flow.plan.type, "_verified")) != nullptr;
  const absl::string_view restart = flow.plan.restart;
  return exists ? absl::StrCat(verified, restart.substr(plain.size())) : flow.plan.restart;
}

ErrorPage PageFor(const Outcome& outcome, absl::string_view request_id,
                  const std::string& restart) {
  switch (outcome.kind) {
    case OutcomeKind::kStepUp:
      return StepUpPage(std::string(request_id), restart);
    case OutcomeKind::kTryLater:
      return TryLaterPage(CodeOf(outcome), std::string(request_id), restart);
    case OutcomeKind::kSession:
    case OutcomeKind::kRefusal:
      break;
  }
  return ErrorPageFor(CodeOf(outcome), std::string(request_id), restart);
}

}  // namespace

int HttpStatusFor(const Outcome& outcome) {
  if (outcome.kind == OutcomeKind::kTryLater) return 503;
  return IsMalformed(outcome) ? 400 : 403;
}

http::Response OutcomeResponse(const GatewayDeps& deps, const Outcome& outcome,
                               const FlowRecord* flow, absl::string_view request_id) {
  if (flow != nullptr && flow->plan.on_refusal == identity::OnRefusal::kRedirect) {
    const SignInType* const type = FindSignInType(flow->plan.type);
    return http::Redirect(302, FailureRedirect(deps, outcome.code, request_id,
                                               type == nullptr ? "" : type->relay_type));
  }
  const std::string restart =
      flow == nullptr ? std::string(kSignInPath) : RestartUrl(outcome, *flow);
  http::Response response =
      http::Html(HttpStatusFor(outcome), RenderErrorPage(PageFor(outcome, request_id, restart)));
  if (response.status == 503) response.headers.Set("Retry-After", kRetryAfterSeconds);
  return response;
}

http::Response RefusalPage(int status, const base::Refusal& refusal, absl::string_view request_id,
                           absl::string_view retry_url) {
  return http::Html(status, RenderErrorPage(ErrorPageFor(refusal.code, std::string(request_id),
                                                         std::string(retry_url))));
}

std::string FailureRedirect(const GatewayDeps& deps, absl::string_view code,
                            absl::string_view request_id, absl::string_view type) {
  return absl::StrCat(deps.front_end_url, "/auth/login/callback?",
                      base::BuildQuery({{"auth", "fail"},
                                        {"code", std::string(code)},
                                        {"request_id", std::string(request_id)},
                                        {"type", std::string(type)}}));
}

}  // namespace va::gateway
