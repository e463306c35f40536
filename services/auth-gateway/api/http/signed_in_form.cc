#include "services/auth-gateway/api/http/signed_in_form.h"

#include <optional>
#include <utility>

#include "lib/base/status.h"
#include "lib/http/form.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/api/http/session_handlers.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kRetryAfterSeconds = "5";

http::Response Refuse(const GatewayDeps& deps, const http::Request& request, int status,
                      absl::string_view tag, absl::string_view path) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id, .code = "400", .tag = tag});
  return RefusalPage(status, {base::SignInCode::kInvalidRequest, std::string(tag)},
                     request.request_id, path);
}

std::string ValueOf(const http::FormMap& form, absl::string_view name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : found->second;
}

}  // namespace

CallScope ScopeOf(const GatewayDeps& deps, const http::Request& request) {
  return {request.request_id, deps.clock.Now() + deps.limits.request_deadline};
}

http::Response AnswerLater(const GatewayDeps& deps, const http::Request& request,
                           absl::string_view station, const absl::Status& status,
                           absl::string_view retry_path) {
  deps.log.Error("answer.station_failed", {{"req", request.request_id},
                                           {"station", station},
                                           {"status", absl::StatusCodeToString(status.code())},
                                           {"reason", base::ReasonOf(status)}});
  http::Response response = http::Html(
      503, RenderErrorPage(AnswerLaterPage(request.request_id, std::string(retry_path))));
  response.headers.Set("Retry-After", kRetryAfterSeconds);
  return response;
}

OrPage<SessionRecord> RequireSession(const GatewayDeps& deps, const http::Request& request) {
  auto session = SessionOf(deps, request);
  if (!session.ok()) return AnswerLater(deps, request, "store", session.status(), request.path);
  if (!session->has_value()) return http::Html(401, RenderErrorPage(NotSignedInPage()));
  return **std::move(session);
}

OrPage<PostedAnswer> ReadAnswer(const GatewayDeps& deps, const http::Request& request,
                                const AnswerForm& form) {
  if (IsFromElsewhere(request) || HasForeignOrigin(request, deps.base_url)) {
    return Refuse(deps, request, 403, "cross_site", form.path);
  }
  auto session = RequireSession(deps, request);
  if (std::holds_alternative<http::Response>(session)) {
    return std::get<http::Response>(std::move(session));
  }
  const auto fields = http::ReadForm(request);
  if (!fields.ok()) return Refuse(deps, request, 400, "form_malformed", form.path);

  PostedAnswer answer;
  const std::string decision = ValueOf(*fields, "decision");
  answer.yes = decision == form.yes;
  if (!answer.yes && decision != form.no) {
    return Refuse(deps, request, 400, "decision_missing", form.path);
  }
  answer.shown = ValueOf(*fields, form.shown);
  if (answer.shown.empty()) return Refuse(deps, request, 400, "text_missing", form.path);
  answer.id = ValueOf(*fields, "answer");
  if (answer.id.empty()) answer.id = deps.ids.Uuid();
  if (!IsUuid(answer.id)) return Refuse(deps, request, 400, "answer_id_malformed", form.path);
  answer.session = std::get<SessionRecord>(std::move(session));
  return answer;
}

OrPage<AdmittedPerson> RenewAdmission(const GatewayDeps& deps, const http::Request& request,
                                      const SessionRecord& session, absl::string_view retry_path) {
  auto renewed = deps.rules.RenewDecision(session, deps.policy.version, ScopeOf(deps, request));
  if (!renewed.ok()) return AnswerLater(deps, request, "rules", renewed.status(), retry_path);
  if (!renewed->admitted) {
    Record(deps, telemetry::AuditEvent::kRequestRefused,
           {.request_id = request.request_id,
            .application = session.application,
            .code = renewed->code,
            .tag = renewed->tag});
    const base::SignInCode code =
        base::CodeFromString(renewed->code).value_or(base::SignInCode::kUnknown);
    return RefusalPage(403, {code, renewed->tag}, request.request_id, "/sign-in/");
  }
  return AdmittedPersonOf(session, std::move(renewed->decision_token));
}

}  // namespace va::gateway
