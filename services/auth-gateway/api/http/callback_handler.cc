#include "services/auth-gateway/api/http/callback_handler.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/time/clock.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/http/form.h"
#include "services/auth-gateway/api/http/browser.h"
#include "services/auth-gateway/api/http/departure.h"
#include "services/auth-gateway/api/http/expected_response.h"
#include "services/auth-gateway/api/http/mpi_teller.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/api/http/provisioner.h"
#include "services/auth-gateway/api/http/unsolicited.h"
#include "services/auth-gateway/domain/return_target.h"
#include "services/auth-gateway/domain/session_policy.h"
#include "services/auth-gateway/domain/signin_flow.h"
#include "services/auth-gateway/domain/step_up.h"
#include "services/auth-gateway/domain/terms_redirect.h"
#include "services/auth-gateway/web/session_token.h"

namespace va::gateway {
namespace {

// How often a double click looks whether the first one has been decided; the pause doubles.
constexpr absl::Duration kFirstPoll = absl::Milliseconds(25);
constexpr absl::Duration kLastPoll = absl::Milliseconds(200);

// One posted response on its way through the stations.
class CallbackRun {
 public:
  CallbackRun(const GatewayDeps& deps, const http::Request& request)
      : deps_(deps),
        request_(request),
        span_(deps.tracer, deps.clock, "sign_in.callback"),
        now_(deps.lifetimes.Now()),
        deadline_(deps.clock.Now() + deps.limits.request_deadline) {}

  http::Response Run();

 private:
  FlowEvent Return();
  FlowEvent Unasked(FlowEvent event);
  FlowEvent Perform(const CheckResponse& effect);
  FlowEvent Perform(const ClaimAssertion& effect);
  FlowEvent Perform(const AwaitDecision& effect);
  FlowEvent Perform(const AskDerive& effect);
  FlowEvent Perform(const AskMpi& effect);
  FlowEvent Perform(const AskAddition& effect);
  FlowEvent Perform(const AskAdmit& effect);
  FlowEvent Perform(const AskTerms& effect);
  FlowEvent Perform(const FinishFlow& effect);

  // Runs `work` and books its time on a station.
  template <typename Work>
  auto Timed(absl::string_view station, Work work);

  FlowEvent Failed(absl::string_view station, const absl::Status& status);
  http::Response Land();
  http::Response LeaveAgain();
  http::Response Show();
  absl::Status RecordMpi(const MpiAnswer& answer, absl::string_view tag);
  absl::Status RecordSession(const SessionRecord& session);
  const std::string& RequestId() const;
  CallScope ScopeUntil(absl::Time deadline) const { return {RequestId(), deadline}; }

  const GatewayDeps& deps_;
  const http::Request& request_;
  telemetry::Span span_;  // once the attempt is known
  const absl::Time now_;
  const absl::Time deadline_;
  std::string form_value_;
  std::string session_token_;
  std::vector<Station> stations_;
  bool recorded_ = false;  // user-attributes put its decision on record
  FlowState state_;
};

const std::string& CallbackRun::RequestId() const {
  return state_.flow.has_value() ? state_.flow->id : request_.request_id;
}

template <typename Work>
auto CallbackRun::Timed(absl::string_view station, Work work) {
  const base::Stopwatch watch;
  auto result = work();
  stations_.push_back({std::string(station), absl::ToDoubleMilliseconds(watch.Elapsed())});
  return result;
}

FlowEvent CallbackRun::Failed(absl::string_view station, const absl::Status& status) {
  deps_.log.Error("sign_in.station_failed", {{"req", RequestId()},
                                             {"station", station},
                                             {"status", absl::StatusCodeToString(status.code())},
                                             {"reason", base::ReasonOf(status)}});
  return StationFailed{std::string(station), base::ReasonOf(status)};
}

http::Response CallbackRun::Run() {
  FlowEvent event = Return();
  while (true) {
    Transition next = Step(std::move(state_), std::move(event), now_);
    state_ = std::move(next.state);
    if (std::holds_alternative<BeginSessionAndLand>(next.effect)) return Land();
    if (std::holds_alternative<LandAgain>(next.effect)) {
      return http::Redirect(303, LandingOf(deps_.front_end_url, state_.flow->plan, state_.outcome));
    }
    if (std::holds_alternative<gateway::LeaveAgain>(next.effect)) return LeaveAgain();
    if (std::holds_alternative<ShowOutcome>(next.effect)) return Show();
    event = std::visit(
        [this](const auto& effect) -> FlowEvent {
          if constexpr (requires { this->Perform(effect); }) {
            return this->Perform(effect);
          } else {
            return StationFailed{"flow", "UNEXPECTED_EFFECT"};
          }
        },
        next.effect);
  }
}

FlowEvent CallbackRun::Return() {
  auto form = http::ReadForm(request_);
  if (!form.ok()) {
    return ResponseRefused{{base::SignInCode::kInvalidRequest, "form_malformed"}};
  }
  form_value_ = std::move((*form)["SAMLResponse"]);
  const std::string handle = std::move((*form)["RelayState"]);
  const std::string browser_id = CookieValue(request_, kFlowCookie).value_or("");

  BrowserReturned event;
  if (!handle.empty()) {
    auto flow = deps_.flows.FindByHandle(HashToken(handle), deadline_);
    if (!flow.ok()) return Failed("store", flow.status());
    event.flow = *std::move(flow);
  }
  if (!event.flow.has_value()) {
    auto unasked = ReadUnsolicited(deps_, request_, form_value_, browser_id, now_, deadline_);
    if (unasked.has_value()) return Unasked(*std::move(unasked));
  }
  if (!browser_id.empty()) event.browser_hash = HashToken(browser_id);
  if (event.flow.has_value()) {
    span_.Join(event.flow->id);
    const identity::Application* const application =
        deps_.policy.FindApplication(event.flow->plan.application);
    event.target_allowed =
        application != nullptr && IsRegisteredTarget(*application, event.flow->plan.target);
    event.asks_terms = application != nullptr && application->terms_first;
    // Judged by the policy of now, whichever it was planned under (decision E5).
    event.flow->plan.policy_version = deps_.policy.version;
  }
  return event;
}

FlowEvent CallbackRun::Unasked(FlowEvent event) {
  if (const auto* const failed = std::get_if<StationFailed>(&event)) {
    deps_.log.Error("sign_in.station_failed", {{"req", RequestId()},
                                               {"station", failed->station},
                                               {"status", "unsolicited"},
                                               {"reason", failed->reason}});
  } else if (const auto* const verified = std::get_if<UnsolicitedVerified>(&event)) {
    span_.JoinAsRoot(verified->flow.id);
  }
  return event;
}

FlowEvent CallbackRun::Perform(const CheckResponse& /*effect*/) {
  const identity::IdpRow* const idp = deps_.policy.FindIdpOf(state_.flow->plan.csp);
  const SamlIdp* const trusted = deps_.saml.FindByEntityId(state_.flow->idp);
  // Begun under a policy that knew the CSP: what must be signed, or by whom, is not known any more.
  if (idp == nullptr || trusted == nullptr) {
    return Failed("policy", base::MakeError(absl::StatusCode::kFailedPrecondition, "CSP_UNKNOWN",
                                            "the policy has no identity provider for the CSP"));
  }
  // Left for while its metadata was good: no key is known now that the answer could be judged by,
  // so nothing is said against it, and the same answer counts once the provider is back.
  if (!trusted->IsOpen()) {
    return Failed("idp", base::MakeError(absl::StatusCode::kUnavailable, trusted->switched_off,
                                         "the identity provider is switched off"));
  }
  ExpectedResponse expected = ExpectedOf(deps_, *idp, *trusted, now_);
  expected.in_response_to = state_.flow->authn_request_id;
  expected.requested_contexts = state_.flow->plan.contexts;
  expected.comparison = state_.flow->plan.comparison;
  // Who was asked to authenticate anew must have done so since: at a shared computer an older
  // sign-in at the provider is somebody else's.
  if (state_.flow->plan.force_authn) expected.max_authn_age = now_ - state_.flow->created_at;
  auto assertion = Timed("return", [&] { return ValidateResponse(form_value_, expected); });
  if (!assertion.ok()) {
    const auto reject = RejectOf(assertion.status());
    return reject.has_value() ? FlowEvent(ResponseRefused{RefusalFor(*reject)})
                              : Failed("validator", assertion.status());
  }
  deps_.clock_offset.Observe({idp->name}, now_ - assertion->issued_at);
  return ResponseVerified{*std::move(assertion)};
}

FlowEvent CallbackRun::Perform(const ClaimAssertion& /*effect*/) {
  const auto claim =
      deps_.flows.ClaimOnce(*state_.flow, state_.assertion.issuer, state_.assertion.assertion_id,
                            state_.assertion.not_on_or_after, now_, deadline_);
  if (!claim.ok()) return Failed("store", claim.status());
  return ClaimAnswered{*claim};
}

FlowEvent CallbackRun::Perform(const AwaitDecision& /*effect*/) {
  // Waiting holds a worker: a browser that posts again and again must not hold them all.
  const base::Permits::Hold permit(deps_.waiters);
  if (!permit.held()) return DecisionSeen{};
  const base::Stopwatch watch;
  absl::Duration pause = kFirstPoll;
  while (true) {
    auto flow = deps_.flows.FindById(state_.flow->id, deadline_);
    if (!flow.ok()) return Failed("store", flow.status());
    if (flow->has_value() && (*flow)->stage == FlowStage::kDone) {
      return DecisionSeen{(*flow)->outcome};
    }
    if (watch.Elapsed() >= deps_.limits.decision_wait) return DecisionSeen{};
    absl::SleepFor(pause);
    pause = std::min(2 * pause, kLastPoll);
  }
}

FlowEvent CallbackRun::Perform(const AskDerive& /*effect*/) {
  const absl::Status recorded = RecordFirst(deps_, telemetry::AuditEvent::kAssertionAccepted,
                                            {.request_id = RequestId(),
                                             .csp = identity::ToString(state_.flow->plan.csp),
                                             .application = state_.flow->plan.application});
  if (!recorded.ok()) return Failed("audit", recorded);
  auto derived = Timed("derive", [&] {
    return deps_.rules.Derive(state_.flow->plan, state_.assertion, ScopeUntil(deadline_));
  });
  if (!derived.ok()) return Failed("rules", derived.status());
  return DeriveAnswered{*std::move(derived)};
}

FlowEvent CallbackRun::Perform(const AskMpi& /*effect*/) {
  auto answer = Timed("resolve", [&] {
    return deps_.persons.GetProfile(state_.derived,
                                    ScopeUntil(deadline_ - deps_.limits.decision_reserve));
  });
  if (!answer.ok()) return Failed("mpi", answer.status());
  const absl::Status recorded = RecordMpi(*answer, "");
  if (!recorded.ok()) return Failed("audit", recorded);
  return MpiAnswered{*std::move(answer)};
}

FlowEvent CallbackRun::Perform(const AskAddition& /*effect*/) {
  const absl::Time until = deadline_ - deps_.limits.decision_reserve;
  if (deps_.clock.Now() + deps_.limits.addition_least > until) {
    deps_.additions.Add({"no_time"});
    return Failed("mpi", base::MakeError(absl::StatusCode::kDeadlineExceeded, "NO_TIME_TO_ADD",
                                         "MPI took too long to say that it knows nobody"));
  }
  auto answer = Timed("add", [&] {
    return deps_.persons.AddPerson(state_.derived, {RequestId(), until});
  });
  if (!answer.ok()) {
    deps_.additions.Add({ToString(MpiTold::kUnavailable)});
    return Failed("mpi", answer.status());
  }
  const absl::string_view told = ToString(answer->told.value_or(MpiTold::kUnavailable));
  deps_.additions.Add({told});
  deps_.log.Info("sign_in.mpi_addition", {{"req", RequestId()}, {"outcome", told}});
  const absl::Status recorded = RecordMpi(*answer, told);
  if (!recorded.ok()) return Failed("audit", recorded);
  return MpiAnswered{*std::move(answer)};
}

FlowEvent CallbackRun::Perform(const AskAdmit& /*effect*/) {
  auto decision = Timed("admit", [&] {
    return deps_.rules.Admit(state_.flow->plan, state_.assertion, state_.mpi,
                             ScopeUntil(deadline_));
  });
  if (!decision.ok()) return Failed("rules", decision.status());
  recorded_ = true;
  // Before there is a session, so that there is none that is not on record.
  if (decision->verdict == Decision::Verdict::kAdmit &&
      !IsOtherAccount(*state_.flow, decision->session.account_id)) {
    const absl::Status recorded = RecordSession(decision->session);
    if (!recorded.ok()) return Failed("audit", recorded);
  }
  return AdmitAnswered{*std::move(decision)};
}

FlowEvent CallbackRun::Perform(const AskTerms& /*effect*/) {
  const auto terms = Timed("terms", [&] {
    return deps_.terms.GetTermsAcceptance(state_.session->account_id, deps_.terms_document,
                                          ScopeUntil(deadline_ - deps_.limits.decision_reserve));
  });
  if (terms.ok()) return TermsSeen{terms->accepted};
  // Who was admitted is not turned away for it: what needs the terms asks for them itself.
  deps_.log.Warn("sign_in.terms_unknown",
                 {{"req", RequestId()}, {"reason", base::ReasonOf(terms.status())}});
  return TermsSeen{true};
}

FlowEvent CallbackRun::Perform(const FinishFlow& /*effect*/) {
  SessionRecord* const session = state_.session.has_value() ? &*state_.session : nullptr;
  if (session != nullptr) {
    session_token_ = deps_.ids.Token(kSessionTokenBytes);
    session->token_hash = HashToken(session_token_);
    session->flow_id = state_.flow->id;
    session->name_id = identity::PersonText::FromWire(state_.assertion.name_id);
    session->idp = state_.flow->idp;
    session->name_id_format = state_.assertion.name_id_format;
    session->name_qualifier = state_.assertion.name_qualifier;
    session->sp_name_qualifier = state_.assertion.sp_name_qualifier;
    session->session_index = state_.assertion.session_index;
    session->authn_context = state_.assertion.authn_context;
    session->application = state_.flow->plan.application;
    session->waived_findings = state_.outcome.waived;
    session->last_signed_in =
        LastSignedIn(*state_.flow, state_.assertion.authn_context, session->account_id, now_);
    BeginSession(*session, now_);
  }
  state_.outcome.stations = stations_;
  if (state_.flow->plan.skip_dupe) {
    state_.outcome.findings.emplace_back("skip_dupe_asked");
    state_.outcome.effects.push_back({"noted", "", "", ""});
  }
  const absl::Status finished =
      deps_.flows.Finish(state_.flow->id, state_.outcome, session, PendingOf(state_.provisioning),
                         deps_.clock.Now() + deps_.limits.finish_deadline);
  if (!finished.ok()) return Failed("store", finished);
  const Outcome& outcome = state_.outcome;
  deps_.outcomes.Add({identity::ToString(state_.flow->plan.csp), state_.flow->plan.application,
                      ToString(outcome.kind), outcome.code.empty() ? "none" : outcome.code});
  return FlowFinished{};
}

// `tag`: what became of adding the person, when that was tried.
absl::Status CallbackRun::RecordMpi(const MpiAnswer& answer, absl::string_view tag) {
  return RecordFirst(
      deps_,
      answer.matched ? telemetry::AuditEvent::kMpiMatched : telemetry::AuditEvent::kMpiNotMatched,
      {.request_id = RequestId(), .tag = tag});
}

absl::Status CallbackRun::RecordSession(const SessionRecord& session) {
  return RecordFirst(deps_, telemetry::AuditEvent::kSessionIssued,
                     {.request_id = RequestId(),
                      .application = state_.flow->plan.application,
                      .account_id = session.account_id});
}

http::Response CallbackRun::Land() {
  http::Response response =
      http::Redirect(303, LandingOf(deps_.front_end_url, state_.flow->plan, state_.outcome));
  SetSessionCookie(response, session_token_);
  // Nobody waits for this: it is taken by another thread or stays pending.
  deps_.provisioner.Enqueue(state_.provisioning,
                            AdmittedPersonOf(*state_.session, std::move(state_.decision_token)));
  if (state_.mpi_update.has_value()) {
    deps_.teller.Enqueue(NewsOf(*state_.session, *std::move(state_.mpi_update)));
  }
  return response;
}

http::Response CallbackRun::LeaveAgain() {
  FlowRecord next =
      NextLapOf(*state_.flow, *std::move(state_.next_lap), state_.outcome.tag, deps_.ids.Uuid());
  return Depart(deps_, std::move(next), BrowserIdOf(deps_, request_),
                deps_.clock.Now() + deps_.limits.finish_deadline);
}

http::Response CallbackRun::Show() {
  // The decision itself is on record where it was made; this is for what ended before or after it.
  if (!recorded_ || state_.outcome.kind == OutcomeKind::kTryLater) {
    Record(deps_, telemetry::AuditEvent::kAssertionRefused,
           {.request_id = RequestId(),
            .outcome = ToString(state_.outcome.kind),
            .code = state_.outcome.code,
            .tag = state_.outcome.tag});
  }
  return OutcomeResponse(deps_, state_.outcome, state_.flow.has_value() ? &*state_.flow : nullptr,
                         RequestId());
}

}  // namespace

http::Response HandleCallback(const GatewayDeps& deps, http::Request& request) {
  return CallbackRun(deps, request).Run();
}

}  // namespace va::gateway
