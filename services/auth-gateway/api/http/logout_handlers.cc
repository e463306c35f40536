#include "services/auth-gateway/api/http/logout_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/http/form.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/cors.h"
#include "services/auth-gateway/api/http/departure.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/api/http/session_handlers.h"
#include "services/auth-gateway/api/http/user_handler.h"
#include "services/auth-gateway/domain/logout.h"
#include "services/auth-gateway/saml/logout_message.h"
#include "services/auth-gateway/saml/saml_names.h"
#include "services/auth-gateway/web/page_headers.h"
#include "services/auth-gateway/web/pages.h"
#include "services/auth-gateway/web/session_token.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kSignedOutPath = "/logout/";
constexpr absl::string_view kSignInPath = "/sign-in/";
// How long the IdP may act on our request; the answer may take longer.
constexpr absl::Duration kRequestLifetime = absl::Minutes(5);

// ---- Pages --------------------------------------------------------------------------------------

std::string CspName(const GatewayDeps& deps, const std::optional<identity::Csp>& csp) {
  const identity::CspRow* const row = csp.has_value() ? deps.policy.FindCsp(*csp) : nullptr;
  return row == nullptr ? std::string("your account provider") : row->name;
}

// For a person whose session here is over, and whose session there may not be.
http::Response PartlySignedOut(const GatewayDeps& deps, int status,
                               const std::optional<identity::Csp>& csp) {
  SignedOutPage page;
  page.maybe_not_at = CspName(deps, csp);
  return http::Html(status, RenderSignedOutPage(page));
}

http::Response Refuse(const GatewayDeps& deps, const http::Request& request, int status,
                      absl::string_view tag) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id, .code = "400", .tag = tag});
  return http::Html(status,
                    RenderErrorPage(RefusalPageFor(base::SignInCode::kInvalidRequest, tag,
                                                   request.request_id, std::string(kSignInPath))));
}

http::Response RefuseMessage(const GatewayDeps& deps, const http::Request& request,
                             const absl::Status& status) {
  return Refuse(deps, request, 403, absl::AsciiStrToLower(base::ReasonOf(status)));
}

void LogFailure(const GatewayDeps& deps, const http::Request& request, absl::string_view station,
                const absl::Status& status) {
  deps.log.Error("logout.station_failed", {{"req", request.request_id},
                                           {"station", station},
                                           {"status", absl::StatusCodeToString(status.code())},
                                           {"reason", base::ReasonOf(status)}});
}

// Whoever reads this is not told that they are signed out: nobody knows.
http::Response UnavailablePage(const http::Request& request) {
  http::Response response =
      http::Html(503, RenderErrorPage(ErrorPageForStatus(503, request.request_id)));
  response.headers.Set("Retry-After", "5");
  return response;
}

http::Response TryLater(const GatewayDeps& deps, const http::Request& request,
                        const absl::Status& status) {
  LogFailure(deps, request, "store", status);
  return UnavailablePage(request);
}

// ---- A message of ours on its way ---------------------------------------------------------------

struct Parcel {
  SamlMessageKind kind;
  std::string destination;  // address of the IdP
  std::string destination_name;
  std::string relay_state;  // may be empty
  // An IdP may sign out of all its services at once, each in a frame of one page of its own.
  bool may_be_framed = false;
};

http::Response PostParcel(const Parcel& parcel, const OutgoingMessage& message) {
  PostForm form;
  form.purpose = parcel.kind == SamlMessageKind::kRequest ? PostForm::Purpose::kSignOut
                                                          : PostForm::Purpose::kSignOutAnswer;
  form.action = parcel.destination;
  form.fields = {{std::string(FieldName(parcel.kind)), message.form_value}};
  if (!parcel.relay_state.empty()) form.fields.emplace_back("RelayState", parcel.relay_state);
  form.destination_name = parcel.destination_name;
  http::Response response = http::Html(200, RenderPostForm(form));
  response.headers.Set("Content-Security-Policy",
                       ContentSecurityPolicy(PageKind::kPostForm, {form.action},
                                             parcel.may_be_framed ? form.action : ""));
  return response;
}

// A page that goes on by itself. Not a redirect: this answers a form, and browsers hold what a form
// is redirected to against form-action of the page it stood on.
http::Response LeaveByPage(const Parcel& parcel, const OutgoingMessage& message) {
  PostForm form;
  form.purpose = PostForm::Purpose::kSignOut;
  form.action = message.url;
  form.destination_name = parcel.destination_name;
  http::Response response = http::Html(200, RenderPostForm(form));
  response.headers.Set("Refresh", absl::StrCat("0; url=", message.url));
  return response;
}

// ---- Signing out here, then there ---------------------------------------------------------------

// The IdP to tell that the session ended; nullptr when there is none that wants to hear of it.
const SamlIdp* IdpToTell(const GatewayDeps& deps, const EndedSession& ended) {
  if (ended.idp.empty() || ended.name_id.empty()) return nullptr;
  const SamlIdp* const idp = deps.saml.FindByEntityId(ended.idp);
  return idp != nullptr && idp->slo.has_value() ? idp : nullptr;
}

LogoutRequestSpec RequestFor(const GatewayDeps& deps, const SamlIdp& idp, const EndedSession& ended,
                             const PendingLogout& pending) {
  LogoutRequestSpec spec;
  spec.id = pending.request_id;
  spec.issue_instant = pending.created_at;
  spec.not_on_or_after = pending.created_at + kRequestLifetime;
  spec.destination = idp.slo->url;
  spec.issuer = deps.saml.sp_entity_id;
  spec.name_id = ended.name_id.Reveal();
  spec.name_id_format = ended.name_id_format;
  spec.name_qualifier = ended.name_qualifier;
  spec.sp_name_qualifier = ended.sp_name_qualifier;
  spec.session_index = ended.session_index;
  return spec;
}

// The session is over already: whatever fails from here on leaves the person signed out here and
// perhaps signed in there, and says so.
http::Response TellIdp(const GatewayDeps& deps, const http::Request& request, const SamlIdp& idp,
                       const EndedSession& ended) {
  const std::string browser_id = BrowserIdOf(deps, request);
  const std::string handle = deps.ids.Token(kFlowHandleBytes);
  PendingLogout pending;
  pending.handle_hash = HashToken(handle);
  pending.browser_hash = HashToken(browser_id);
  pending.request_id = deps.ids.XmlId();
  pending.idp = idp.entity_id;
  pending.csp = ended.csp;
  pending.created_at = deps.lifetimes.Now();
  pending.expires_at = pending.created_at + deps.limits.flow_lifetime;

  const auto message =
      BuildLogoutRequest(RequestFor(deps, idp, ended, pending), idp.slo->binding, handle,
                         deps.saml.signing_key, deps.saml.signing_certificate);
  const absl::Status kept =
      message.ok()
          ? deps.sessions.KeepLogout(pending, deps.clock.Now() + deps.limits.request_deadline)
          : message.status();
  if (!kept.ok()) {
    LogFailure(deps, request, "leave", kept);
    return PartlySignedOut(deps, 200, ended.csp);
  }
  const Parcel parcel{SamlMessageKind::kRequest, idp.slo->url, CspName(deps, ended.csp), handle};
  http::Response response = message->binding == SamlBinding::kPost ? PostParcel(parcel, *message)
                                                                   : LeaveByPage(parcel, *message);
  SetFlowCookie(response, browser_id, deps.limits.flow_lifetime);
  return response;
}

http::Response SignedOut(const GatewayDeps& deps, const http::Request& request,
                         const std::optional<EndedSession>& ended) {
  http::Response response;
  if (!WantsHtml(request)) {
    response.status = 204;
    return response;
  }
  const SamlIdp* const idp = ended.has_value() ? IdpToTell(deps, *ended) : nullptr;
  return idp == nullptr ? http::Redirect(303, kSignedOutPath)
                        : TellIdp(deps, request, *idp, *ended);
}

// ---- What an IdP sends --------------------------------------------------------------------------

ExpectedLogout ExpectationOf(const GatewayDeps& deps, const SamlIdp& idp) {
  ExpectedLogout expected;
  expected.idp_entity_id = idp.entity_id;
  expected.keys = idp.keys;
  expected.decryption_keys = deps.saml.decryption_keys;
  expected.sp_entity_id = deps.saml.sp_entity_id;
  expected.slo_url = deps.saml.slo_url;
  expected.now = deps.lifetimes.Now();
  expected.skew = deps.saml.skew;
  return expected;
}

// Our answer, to where the IdP takes answers; a page of our own when it takes none.
http::Response AnswerIdp(const GatewayDeps& deps, const http::Request& request, const SamlIdp& idp,
                         const LogoutMessage& message, const LogoutRequest& asked,
                         LogoutStatus status) {
  if (!idp.slo.has_value()) {
    return status == LogoutStatus::kSuccess ? http::Redirect(303, kSignedOutPath)
                                            : UnavailablePage(request);
  }
  LogoutResponseSpec spec;
  spec.id = deps.ids.XmlId();
  spec.issue_instant = deps.lifetimes.Now();
  spec.destination = idp.slo_response_url.empty() ? idp.slo->url : idp.slo_response_url;
  spec.issuer = deps.saml.sp_entity_id;
  spec.in_response_to = asked.id;
  spec.status = status;
  const auto answer = BuildLogoutResponse(spec, idp.slo->binding, message.relay_state,
                                          deps.saml.signing_key, deps.saml.signing_certificate);
  if (!answer.ok()) return TryLater(deps, request, answer.status());
  if (answer->binding == SamlBinding::kRedirect) return http::Redirect(302, answer->url);
  Parcel parcel{SamlMessageKind::kResponse, spec.destination, "", message.relay_state};
  parcel.may_be_framed = true;
  return PostParcel(parcel, *answer);
}

void RecordEnds(const GatewayDeps& deps, const http::Request& request,
                const std::vector<EndedSession>& ended) {
  Record(deps, telemetry::AuditEvent::kLogoutRequested,
         {.request_id = request.request_id, .outcome = ended.empty() ? "nothing_to_end" : "ended"});
  for (const EndedSession& session : ended) {
    Record(deps, telemetry::AuditEvent::kSessionEnded,
           {.request_id = request.request_id,
            .application = session.application,
            .tag = "idp_logout",
            .account_id = session.account_id});
    DropContact(deps, session.account_id, request.request_id);
  }
}

// Whether the browser's own session is among those that ended. A cross-site POST does not carry the
// cookie: then it stays, and opens nothing.
bool EndedTheBrowsers(const http::Request& request, const std::vector<EndedSession>& ended) {
  const std::string token = CookieValue(request, kSessionCookie).value_or("");
  const std::string hash = token.empty() ? "" : HashToken(token);
  return std::any_of(ended.begin(), ended.end(),
                     [&hash](const EndedSession& session) { return session.token_hash == hash; });
}

IdpSessions SessionsMeant(const GatewayDeps& deps, const SamlIdp& idp, const LogoutRequest& asked) {
  IdpSessions meant;
  meant.idp = idp.entity_id;
  meant.name_id = identity::PersonText::FromWire(asked.name_id);
  if (asked.name_id_format != saml::kUnspecifiedFormat) meant.name_id_format = asked.name_id_format;
  if (asked.name_qualifier != idp.entity_id) meant.name_qualifier = asked.name_qualifier;
  meant.session_indexes = asked.session_indexes;
  meant.authenticated_by = asked.issued_at + deps.saml.skew;
  return meant;
}

// Ends what the IdP means and nothing else. The same request again finds nothing to end and gets
// the same answer (attack S140).
http::Response TakeRequest(const GatewayDeps& deps, const http::Request& request,
                           const SamlIdp& idp, const LogoutMessage& message) {
  const auto asked = ValidateLogoutRequest(message, ExpectationOf(deps, idp));
  if (!asked.ok()) return RefuseMessage(deps, request, asked.status());
  const auto ended = deps.sessions.EndByIdp(SessionsMeant(deps, idp, *asked),
                                            deps.clock.Now() + deps.limits.request_deadline);
  if (!ended.ok()) {
    // The sessions live on, and the IdP must not say otherwise.
    LogFailure(deps, request, "store", ended.status());
    Record(deps, telemetry::AuditEvent::kLogoutRequested,
           {.request_id = request.request_id, .outcome = "try_later"});
    return AnswerIdp(deps, request, idp, message, *asked, LogoutStatus::kResponderFailed);
  }
  RecordEnds(deps, request, *ended);
  http::Response response = AnswerIdp(deps, request, idp, message, *asked, LogoutStatus::kSuccess);
  if (EndedTheBrowsers(request, *ended)) ExpireSessionCookie(response);
  return response;
}

// The answer to a LogoutRequest of ours. Only the browser that left with it may bring it, once;
// what the person is told never goes beyond what is known.
http::Response TakeResponse(const GatewayDeps& deps, const http::Request& request,
                            const SamlIdp& idp, const LogoutMessage& message) {
  const std::string browser_id = CookieValue(request, kFlowCookie).value_or("");
  if (message.relay_state.empty() || browser_id.empty()) {
    return Refuse(deps, request, 403, "logout_unsolicited");
  }
  const std::string handle_hash = HashToken(message.relay_state);
  const absl::Time deadline = deps.clock.Now() + deps.limits.request_deadline;
  const auto pending =
      deps.sessions.FindLogout(handle_hash, HashToken(browser_id), deps.lifetimes.Now(), deadline);
  if (!pending.ok()) return TryLater(deps, request, pending.status());
  if (!pending->has_value() || (*pending)->idp != idp.entity_id) {
    return Refuse(deps, request, 403, "logout_unsolicited");
  }
  ExpectedLogout expected = ExpectationOf(deps, idp);
  expected.in_response_to = (*pending)->request_id;
  const auto answered = ValidateLogoutResponse(message, expected);
  const std::optional<SamlReject> reject = RejectOf(answered.status());
  const bool says_failed =
      reject == SamlReject::kStatusNotSuccess || reject == SamlReject::kStatusPartialLogout;
  if (!answered.ok()) {
    Record(deps, telemetry::AuditEvent::kRequestRefused,
           {.request_id = request.request_id,
            .code = "400",
            .tag = absl::AsciiStrToLower(base::ReasonOf(answered.status()))});
  }
  // A message that is not the IdP's leaves the wait as it is: the true one may be on its way.
  if (!answered.ok() && !says_failed) return PartlySignedOut(deps, 403, (*pending)->csp);
  const auto taken = deps.sessions.TakeLogout(handle_hash, deadline);
  if (!taken.ok()) return TryLater(deps, request, taken.status());
  if (!*taken) return Refuse(deps, request, 403, "logout_unsolicited");
  if (says_failed) return PartlySignedOut(deps, 200, (*pending)->csp);
  return http::Redirect(303, kSignedOutPath);
}

http::Response TakeMessage(const GatewayDeps& deps, const http::Request& request,
                           const absl::StatusOr<LogoutMessage>& message) {
  if (!message.ok()) {
    return Refuse(deps, request, 400, absl::AsciiStrToLower(base::ReasonOf(message.status())));
  }
  const absl::StatusOr<std::string> issuer = ClaimedIssuer(*message);
  if (!issuer.ok()) return RefuseMessage(deps, request, issuer.status());
  const SamlIdp* const idp = deps.saml.FindByEntityId(*issuer);
  if (idp == nullptr) {
    return RefuseMessage(deps, request, RejectStatus(SamlReject::kIssuerMismatch));
  }
  return message->kind == SamlMessageKind::kRequest ? TakeRequest(deps, request, *idp, *message)
                                                    : TakeResponse(deps, request, *idp, *message);
}

absl::StatusOr<LogoutMessage> ReadPost(const http::Request& request) {
  const auto form = http::ReadForm(request);
  if (!form.ok()) return RejectStatus(SamlReject::kQueryMalformed);
  const auto asked = form->find(FieldName(SamlMessageKind::kRequest));
  const auto answered = form->find(FieldName(SamlMessageKind::kResponse));
  const auto relay_state = form->find("RelayState");
  // One message, not one for each reader (attack S133).
  if (asked != form->end() && answered != form->end()) {
    return RejectStatus(SamlReject::kQueryMalformed);
  }
  const bool is_request = asked != form->end();
  if (!is_request && answered == form->end()) return RejectStatus(SamlReject::kBlankResponse);
  return ReadLogoutForm(is_request ? SamlMessageKind::kRequest : SamlMessageKind::kResponse,
                        (is_request ? asked : answered)->second,
                        relay_state == form->end() ? "" : relay_state->second);
}

}  // namespace

std::variant<std::optional<EndedSession>, http::Response> EndSessionOf(
    const GatewayDeps& deps, const http::Request& request) {
  const auto cookie = CookieValue(request, kSessionCookie);
  // Whose session should end cannot be told, and it lives on.
  if (!cookie.ok()) return Refuse(deps, request, 400, "cookie_refused");
  if (cookie->empty()) return std::optional<EndedSession>();
  auto ended =
      deps.sessions.End(HashToken(*cookie), deps.clock.Now() + deps.limits.request_deadline);
  // Without the store the session would live on; saying "signed out" would be a lie.
  if (!ended.ok()) {
    return WantsHtml(request) ? TryLater(deps, request, ended.status()) : UnavailableJson();
  }
  if (ended->has_value()) {
    Record(deps, telemetry::AuditEvent::kSessionEnded,
           {.request_id = request.request_id, .account_id = (*ended)->account_id});
    DropContact(deps, (*ended)->account_id, request.request_id);
  }
  return *std::move(ended);
}

http::Response SignOut(const GatewayDeps& deps, const http::Request& request) {
  auto ended = EndSessionOf(deps, request);
  if (auto* refused = std::get_if<http::Response>(&ended)) return std::move(*refused);
  http::Response response =
      SignedOut(deps, request, std::get<std::optional<EndedSession>>(std::move(ended)));
  ExpireSessionCookie(response);
  return response;
}

http::Response HandleLogout(const GatewayDeps& deps, http::Request& request) {
  // Both: a browser that names no site names the origin of what it posts.
  const bool foreign = IsFromElsewhere(request) || HasForeignOrigin(request, deps.base_url);
  if (foreign && !HasListedOrigin(request, deps.cors_origins)) {
    return Refuse(deps, request, 403, "cross_site");
  }
  return SignOut(deps, request);
}

http::Response HandleSamlLogoutQuery(const GatewayDeps& deps, http::Request& request) {
  return TakeMessage(deps, request, ReadLogoutQuery(request.query));
}

http::Response HandleSamlLogoutForm(const GatewayDeps& deps, http::Request& request) {
  return TakeMessage(deps, request, ReadPost(request));
}

}  // namespace va::gateway
