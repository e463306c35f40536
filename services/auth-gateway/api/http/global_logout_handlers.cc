#include "services/auth-gateway/api/http/global_logout_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "lib/http/form.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/logout_handlers.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/domain/login_redirect.h"
#include "services/auth-gateway/web/answer_id.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kSignInPath = "/sign-in/";
constexpr absl::string_view kStartPath = "/v1/sessions/slo/new";
// What the button of the confirm page stands for. The form carries it sealed with the session's
// token, so it works for that session, and once: the session is over then.
constexpr AnswerButton kSignOutButton = {kStartPath, "sign_out"};

http::Response Refuse(const GatewayDeps& deps, const http::Request& request, int status,
                      absl::string_view tag) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id, .code = "400", .tag = tag});
  return RefusalPage(status, {base::SignInCode::kInvalidRequest, std::string(tag)},
                     request.request_id, kSignInPath);
}

std::string ValueOf(const http::FormMap& form, absl::string_view name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : found->second;
}

// Nothing when the client id is no id.
std::optional<GlobalLogoutRequest> ReadRequest(const http::FormMap& form) {
  GlobalLogoutRequest asked;
  asked.client_id = ValueOf(form, "client_id");
  asked.agreements_declined = ValueOf(form, "agreements_declined") == "true";
  if (asked.client_id.size() > kMaxClientId) return std::nullopt;
  return asked;
}

bool IsCrossSite(const http::Request& request) {
  return request.headers.Get("Sec-Fetch-Site").value_or("none") == "cross-site";
}

std::string SessionToken(const http::Request& request) {
  return CookieValue(request, kSessionCookie).value_or("");
}

http::Response AskFirst(const GatewayDeps& deps, const http::Request& request,
                        const GlobalLogoutRequest& asked) {
  SignOutQuestionPage page;
  page.action = std::string(kStartPath);
  page.fields.emplace_back("answer",
                           SealAnswerId(deps.ids.Uuid(), kSignOutButton, SessionToken(request)));
  if (!asked.client_id.empty()) page.fields.emplace_back("client_id", asked.client_id);
  if (asked.agreements_declined) page.fields.emplace_back("agreements_declined", "true");
  page.back_url = std::string(kLandingPath);
  return http::Html(200, RenderSignOutQuestionPage(page));
}

// Not a redirect where a form was posted: browsers hold what a form is redirected to, and whatever
// the broker redirects to after that, against form-action of the page it stood on.
http::Response GoTo(const http::Request& request, const std::string& url) {
  if (request.method != "POST") return http::Redirect(302, url);
  PostForm form;
  form.purpose = PostForm::Purpose::kSignOut;
  form.action = url;
  http::Response response = http::Html(200, RenderPostForm(form));
  response.headers.Set("Refresh", absl::StrCat("0; url=", url));
  return response;
}

// Without a broker's address our own sign-out is all there is; it tells the IdP of the session.
http::Response Act(const GatewayDeps& deps, const http::Request& request,
                   const GlobalLogoutRequest& asked) {
  if (deps.global_logout.url.empty() && !asked.agreements_declined) return SignOut(deps, request);
  auto ended = EndSessionOf(deps, request);
  if (auto* refused = std::get_if<http::Response>(&ended)) return std::move(*refused);
  http::Response response =
      GoTo(request, GlobalLogoutRedirect(deps.global_logout, asked, deps.front_end_url));
  ExpireSessionCookie(response);
  return response;
}

}  // namespace

http::Response HandleGlobalLogout(const GatewayDeps& deps, http::Request& request) {
  if (IsEmbedded(request)) return Refuse(deps, request, 403, "not_a_navigation");
  const auto query = http::ReadQuery(request);
  const auto asked = query.ok() ? ReadRequest(*query) : std::nullopt;
  if (!asked.has_value()) return Refuse(deps, request, 400, "query_malformed");
  // Without a session there is nothing to ask about, and nothing that a stranger's link could end.
  if (IsCrossSite(request) && !SessionToken(request).empty()) {
    return AskFirst(deps, request, *asked);
  }
  return Act(deps, request, *asked);
}

http::Response HandleGlobalLogoutConfirmed(const GatewayDeps& deps, http::Request& request) {
  if (IsFromElsewhere(request) || HasForeignOrigin(request, deps.base_url)) {
    return Refuse(deps, request, 403, "cross_site");
  }
  const auto form = http::ReadForm(request);
  const auto asked = form.ok() ? ReadRequest(*form) : std::nullopt;
  if (!asked.has_value()) return Refuse(deps, request, 400, "form_malformed");
  const std::string token = SessionToken(request);
  if (!token.empty() &&
      !OpenAnswerId(ValueOf(*form, "answer"), kSignOutButton, token).has_value()) {
    Record(deps, telemetry::AuditEvent::kRequestRefused,
           {.request_id = request.request_id, .code = "400", .tag = "form_of_another_session"});
    return http::Html(403, RenderErrorPage(FormOutdatedPage(std::string(kStartPath))));
  }
  return Act(deps, request, *asked);
}

http::Response HandleGlobalLogoutReturn(const GatewayDeps& deps, http::Request& request) {
  const auto query = http::ReadQuery(request);
  if (!query.ok()) return Refuse(deps, request, 400, "query_malformed");
  const bool declined = ValueOf(*query, "agreements_declined") == "true";
  return http::Redirect(302, LogoutRedirect(deps.front_end_url, declined));
}

http::Response HandleTermsDeclinedPage(const GatewayDeps& /*deps*/, http::Request& /*request*/) {
  return http::Html(200, RenderErrorPage(TermsDeclinedPage()));
}

}  // namespace va::gateway
