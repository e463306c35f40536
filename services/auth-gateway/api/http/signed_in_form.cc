#include "services/auth-gateway/api/http/signed_in_form.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/base/status.h"
#include "lib/http/form.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/api/http/session_handlers.h"
#include "services/auth-gateway/web/answer_id.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kRetryAfterSeconds = "5";

// What names a text is a short word of ours; anything else would fail further inside.
constexpr size_t kLongestName = 64;

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void RecordRefusal(const GatewayDeps& deps, const http::Request& request, absl::string_view tag) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id, .code = "400", .tag = tag});
}

http::Response Refuse(const GatewayDeps& deps, const http::Request& request, int status,
                      absl::string_view tag, absl::string_view path) {
  RecordRefusal(deps, request, tag);
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

AnswerIds NewAnswerIds(const GatewayDeps& deps, const http::Request& request,
                       const AnswerForm& form) {
  const std::string token = CookieValue(request, kSessionCookie).value_or("");
  return {SealAnswerId(deps.ids.Uuid(), {form.path, form.yes}, token),
          SealAnswerId(deps.ids.Uuid(), {form.path, form.no}, token)};
}

OrPage<PostedAnswer> ReadAnswer(const GatewayDeps& deps, const http::Request& request,
                                const AnswerForm& form) {
  if (IsFromElsewhere(request) || HasForeignOrigin(request, deps.base_url)) {
    return Refuse(deps, request, 403, "cross_site", form.path);
  }
  const auto token = CookieValue(request, kSessionCookie);
  // Whose answer it is cannot be told.
  if (!token.ok()) return Refuse(deps, request, 400, "cookie_refused", form.path);
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
  if (!IsName(answer.shown)) return Refuse(deps, request, 400, "text_unnamed", form.path);
  auto id = OpenAnswerId(ValueOf(*fields, "answer"), {form.path, decision}, *token);
  if (!id.has_value()) {
    RecordRefusal(deps, request, "form_of_another_session");
    return http::Html(403, RenderErrorPage(FormOutdatedPage(std::string(form.path))));
  }
  answer.id = *std::move(id);
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
            .tag = renewed->tag,
            .account_id = session.account_id});
    const base::SignInCode code =
        base::CodeFromString(renewed->code).value_or(base::SignInCode::kUnknown);
    return RefusalPage(403, {code, renewed->tag}, request.request_id, "/sign-in/");
  }
  return AdmittedPersonOf(session, std::move(renewed->decision_token));
}

}  // namespace va::gateway
