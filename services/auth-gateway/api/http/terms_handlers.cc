#include "services/auth-gateway/api/http/terms_handlers.h"

#include <optional>
#include <utility>

#include "lib/base/status.h"
#include "services/auth-gateway/api/http/page_handlers.h"
#include "services/auth-gateway/api/http/provisioner.h"
#include "services/auth-gateway/api/http/signed_in_form.h"
#include "services/auth-gateway/domain/return_target.h"
#include "services/auth-gateway/web/pages.h"

namespace va::gateway {
namespace {

const AnswerForm kForm{kTermsPath, "accepted", "declined", "revision"};

TermsPage::Answer AnswerOf(const TermsStatus& terms) {
  if (terms.accepted) return TermsPage::Answer::kAccepted;
  return terms.declined ? TermsPage::Answer::kDeclined : TermsPage::Answer::kNone;
}

// Where a person goes on to from here. Whoever was sent here on their way (ssoe_saml.md 10.3) goes
// to the target that their attempt has on record, while it is registered; `redirect_url` of the
// query is anybody's word and is not looked at.
std::string WayOn(const GatewayDeps& deps, const SessionRecord& session) {
  const auto flow =
      deps.flows.FindById(session.flow_id, deps.clock.Now() + deps.limits.finish_deadline);
  if (!flow.ok() || !flow->has_value()) return std::string(kResultPath);
  const FlowRecord& attempt = **flow;
  const identity::Application* const application =
      deps.policy.FindApplication(attempt.plan.application);
  const bool sent = attempt.outcome.has_value() && attempt.outcome->terms_first;
  const bool registered =
      application != nullptr && IsRegisteredTarget(*application, attempt.plan.target);
  return sent && registered ? attempt.plan.target : std::string(kResultPath);
}

http::Response ShowTerms(const GatewayDeps& deps, const http::Request& request,
                         const SessionRecord& session, int status, bool changed) {
  const auto terms = deps.terms.GetTermsAcceptance(session.account_id, deps.terms_document,
                                                   ScopeOf(deps, request));
  if (!terms.ok()) return AnswerLater(deps, request, "terms", terms.status(), kTermsPath);
  TermsPage page;
  page.title = terms->title;
  page.revision = terms->revision;
  page.legal_version = terms->legal_version;
  page.changed = changed;
  page.answer = AnswerOf(*terms);
  if (page.answer != TermsPage::Answer::kNone) {
    page.answered_on = absl::FormatTime("%B %-d, %Y", terms->decided_at, absl::UTCTimeZone());
  }
  page.action = kTermsPath;
  AnswerIds ids = NewAnswerIds(deps, request, kForm);
  page.accept_id = std::move(ids.yes);
  page.decline_id = std::move(ids.no);
  page.back_url = WayOn(deps, session);
  return http::Html(status, RenderTermsPage(page));
}

void Keep(const GatewayDeps& deps, const SessionRecord& session, MhvAccountState state) {
  const absl::Status written = deps.flows.RecordProvisioning(
      session.flow_id, {.mhv_account = state, .proofing = std::nullopt},
      deps.clock.Now() + deps.limits.finish_deadline);
  if (written.ok()) return;
  deps.log.Warn(
      "provisioning.failed",
      {{"req", session.flow_id}, {"question", "store"}, {"reason", base::ReasonOf(written)}});
}

// The account that wanted the terms is asked for again; the answer lands in the session's attempt.
void AskAgain(const GatewayDeps& deps, const SessionRecord& session, AdmittedPerson person) {
  ProvisioningPlan plan = PlanProvisioning(session);
  plan.proofing = false;  // terms do not bear on it
  if (!plan.any()) return;
  Keep(deps, session, MhvAccountState::kPending);
  // Nobody is left looking at "still checking" when no one checks.
  if (!deps.provisioner.Enqueue(plan, std::move(person))) {
    Keep(deps, session, MhvAccountState::kUnavailable);
  }
}

}  // namespace

http::Response HandleTermsPage(const GatewayDeps& deps, http::Request& request) {
  auto session = RequireSession(deps, request);
  if (auto* const page = std::get_if<http::Response>(&session)) return std::move(*page);
  return ShowTerms(deps, request, std::get<SessionRecord>(session), 200, /*changed=*/false);
}

http::Response HandleTermsAnswer(const GatewayDeps& deps, http::Request& request) {
  auto read = ReadAnswer(deps, request, kForm);
  if (auto* const page = std::get_if<http::Response>(&read)) return std::move(*page);
  const PostedAnswer& answer = std::get<PostedAnswer>(read);

  auto renewed = RenewAdmission(deps, request, answer.session, kTermsPath);
  if (auto* const page = std::get_if<http::Response>(&renewed)) return std::move(*page);
  auto& person = std::get<AdmittedPerson>(renewed);

  const absl::Status recorded = deps.terms.RecordTerms(person,
                                                       {.id = answer.id,
                                                        .document = deps.terms_document,
                                                        .revision = answer.shown,
                                                        .accepted = answer.yes},
                                                       ScopeOf(deps, request));
  // What the person read is not what applies now: they are shown that, and nothing is recorded.
  if (base::ReasonOf(recorded) == "TERMS_REVISION") {
    return ShowTerms(deps, request, answer.session, 409, /*changed=*/true);
  }
  if (!recorded.ok()) return AnswerLater(deps, request, "terms", recorded, kTermsPath);
  if (!answer.yes) return http::Redirect(303, kTermsPath);
  AskAgain(deps, answer.session, std::move(person));
  return http::Redirect(303, WayOn(deps, answer.session));
}

}  // namespace va::gateway
