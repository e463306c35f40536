#include "services/auth-gateway/api/http/consent_handlers.h"

#include <optional>
#include <utility>

#include "lib/base/status.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/api/http/page_handlers.h"
#include "services/auth-gateway/api/http/provisioning_view.h"
#include "services/auth-gateway/api/http/signed_in_form.h"
#include "services/auth-gateway/web/consent_text.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

const AnswerForm kForm{kConsentPath, "given", "declined", "text_version"};

// Nothing for a person who was invited; else the page that says why there is nothing to consent to.
// An invitation that is not known yet, or could not be asked for, is no refusal.
std::optional<http::Response> WithoutInvitation(const GatewayDeps& deps,
                                                const http::Request& request,
                                                const SessionRecord& session) {
  const auto provisioning = ProvisioningOf(deps, session);
  if (!provisioning.ok()) {
    return AnswerLater(deps, request, "store", provisioning.status(), kConsentPath);
  }
  if (provisioning->proofing == ProofingState::kInvited) return std::nullopt;
  if (provisioning->proofing == ProofingState::kPending ||
      provisioning->proofing == ProofingState::kUnavailable) {
    return AnswerLater(deps, request, "proofing",
                       base::MakeError(absl::StatusCode::kUnavailable, "INVITATION_UNKNOWN",
                                       "nobody could say yet"),
                       kConsentPath);
  }
  return http::Html(403, RenderErrorPage(NotInvitedPage(kResultPath)));
}

void RecordNotInvited(const GatewayDeps& deps, const http::Request& request,
                      const SessionRecord& session) {
  Record(deps, telemetry::AuditEvent::kRequestRefused,
         {.request_id = request.request_id,
          .application = session.application,
          .code = "400",
          .tag = "not_invited",
          .account_id = session.account_id});
}

http::Response ShowConsent(const GatewayDeps& deps, const http::Request& request, int status,
                           bool changed) {
  ConsentPage page;
  page.text = &CurrentConsentText();
  page.changed = changed;
  page.action = kConsentPath;
  AnswerIds ids = NewAnswerIds(deps, request, kForm);
  page.give_id = std::move(ids.yes);
  page.decline_id = std::move(ids.no);
  page.back_url = kResultPath;
  return http::Html(status, RenderConsentPage(page));
}

}  // namespace

http::Response HandleConsentPage(const GatewayDeps& deps, http::Request& request) {
  auto session = RequireSession(deps, request);
  if (auto* const page = std::get_if<http::Response>(&session)) return std::move(*page);
  auto refused = WithoutInvitation(deps, request, std::get<SessionRecord>(session));
  if (refused.has_value()) return *std::move(refused);
  return ShowConsent(deps, request, 200, /*changed=*/false);
}

http::Response HandleConsentAnswer(const GatewayDeps& deps, http::Request& request) {
  auto read = ReadAnswer(deps, request, kForm);
  if (auto* const page = std::get_if<http::Response>(&read)) return std::move(*page);
  const PostedAnswer& answer = std::get<PostedAnswer>(read);
  auto refused = WithoutInvitation(deps, request, answer.session);
  if (refused.has_value()) {
    if (refused->status == 403) RecordNotInvited(deps, request, answer.session);
    return *std::move(refused);
  }
  const ConsentText& text = CurrentConsentText();
  // An answer counts for the words the person saw.
  if (answer.shown != text.version) return ShowConsent(deps, request, 409, /*changed=*/true);

  auto renewed = RenewAdmission(deps, request, answer.session, kConsentPath);
  if (auto* const page = std::get_if<http::Response>(&renewed)) return std::move(*page);
  const absl::Status recorded = deps.proofing.RecordConsent(std::get<AdmittedPerson>(renewed),
                                                            {.id = answer.id,
                                                             .text_version = text.version,
                                                             .text_sha256 = Sha256OfText(text),
                                                             .locale = text.locale,
                                                             .given = answer.yes},
                                                            ScopeOf(deps, request));
  // The same form once more, long after its answer has ended.
  if (base::ReasonOf(recorded) == "CONSENT_OVER") {
    return http::Html(409, RenderErrorPage(FormOutdatedPage(kConsentPath)));
  }
  if (!recorded.ok()) return AnswerLater(deps, request, "proofing", recorded, kConsentPath);
  return http::Html(
      200, RenderConsentRecordedPage({.given = answer.yes, .back_url = std::string(kResultPath)}));
}

}  // namespace va::gateway
