#include "services/auth-gateway/domain/signin_flow.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/auth-gateway/domain/step_up.h"

namespace va::gateway {
namespace {

using base::Describe;
using base::SignInCode;

Outcome RefusalOutcome(base::Refusal refusal) {
  Outcome outcome;
  outcome.kind = OutcomeKind::kRefusal;
  outcome.code = std::string(Describe(refusal.code).code);
  outcome.tag = std::move(refusal.tag);
  return outcome;
}

Outcome TryLaterOutcome(std::string tag) {
  Outcome outcome = RefusalOutcome({SignInCode::kUnknown, std::move(tag)});
  outcome.kind = OutcomeKind::kTryLater;
  return outcome;
}

// Ends without touching the stored attempt: what came in proves nothing about it, so it must not
// be able to spoil it.
Transition Show(FlowState state, Outcome outcome) {
  state.outcome = std::move(outcome);
  return {std::move(state), ShowOutcome{}};
}

Transition Refuse(FlowState state, SignInCode code, absl::string_view tag) {
  return Show(std::move(state), RefusalOutcome({code, std::string(tag)}));
}

// Both say "too late"; 002 tells a person who is signed in anyway that nothing is lost (P2).
Transition RefuseTooLate(FlowState state, absl::string_view tag) {
  const SignInCode code = state.flow.has_value() && state.flow->had_session
                              ? SignInCode::kAuthTooLateLiveSession
                              : SignInCode::kAuthTooLate;
  return Refuse(std::move(state), code, tag);
}

OutcomeKind KindOf(Decision::Verdict verdict) {
  switch (verdict) {
    case Decision::Verdict::kAdmit:
      return OutcomeKind::kSession;
    case Decision::Verdict::kStepUp:
      return OutcomeKind::kStepUp;
    case Decision::Verdict::kDeny:
      return OutcomeKind::kRefusal;
    case Decision::Verdict::kTryLater:
      return OutcomeKind::kTryLater;
  }
  return OutcomeKind::kRefusal;
}

class Stepper {
 public:
  Stepper(FlowState state, absl::Time now) : state_(std::move(state)), now_(now) {}

  Transition operator()(BrowserReturned event) {
    state_.flow = std::move(event.flow);
    if (!state_.flow.has_value()) {
      return Refuse(std::move(state_), SignInCode::kUnknown, "unknown_relay_state");
    }
    if (event.browser_hash.empty()) {
      return Refuse(std::move(state_), SignInCode::kUnknown, "flow_cookie_missing");
    }
    if (event.browser_hash != state_.flow->browser_hash) {
      return Refuse(std::move(state_), SignInCode::kUnknown, "other_browser");
    }
    if (now_ >= state_.flow->expires_at) return RefuseTooLate(std::move(state_), "flow_expired");
    if (!event.target_allowed) {
      return Refuse(std::move(state_), SignInCode::kInvalidRequest, "target_not_allowed");
    }
    state_.asks_terms = event.asks_terms;
    return {std::move(state_), CheckResponse{}};
  }

  Transition operator()(UnsolicitedVerified event) {
    state_.flow = std::move(event.flow);
    state_.assertion = std::move(event.assertion);
    state_.asks_terms = event.asks_terms;
    return {std::move(state_), ClaimAssertion{}};
  }

  Transition operator()(ResponseVerified event) {
    state_.assertion = std::move(event.assertion);
    return {std::move(state_), ClaimAssertion{}};
  }

  Transition operator()(ResponseRefused event) {
    if (event.refusal.code == SignInCode::kAuthTooLate) {
      return RefuseTooLate(std::move(state_), event.refusal.tag);
    }
    return Show(std::move(state_), RefusalOutcome(std::move(event.refusal)));
  }

  Transition operator()(const ClaimAnswered& event) {
    switch (event.claim) {
      case Claim::kWon:
        state_.claimed = true;
        return {std::move(state_), AskDerive{}};
      case Claim::kRepeat:
        return {std::move(state_), AwaitDecision{}};
      case Claim::kReplay:
        break;
    }
    return Refuse(std::move(state_), SignInCode::kUnknown, "replay");
  }

  Transition operator()(const DecisionSeen& event) {
    if (!event.outcome.has_value()) {
      return Show(std::move(state_), TryLaterOutcome("still_deciding"));
    }
    if (event.outcome->kind == OutcomeKind::kSession) {
      state_.outcome = *event.outcome;
      return {std::move(state_), LandAgain{}};
    }
    return Refuse(std::move(state_), SignInCode::kUnknown, "replay");
  }

  Transition operator()(DeriveAnswered event) {
    state_.derived = std::move(event.derived);
    if (state_.derived.asks_mpi) return {std::move(state_), AskMpi{}};
    return {std::move(state_), AskAdmit{}};
  }

  Transition operator()(MpiAnswered event) {
    state_.mpi = std::move(event.answer);
    // Once in an attempt, and only by who won the claim: what became of it is Admit's to judge.
    if (state_.mpi->no_match && !state_.derived.mpi_addition.empty() && !state_.adding) {
      state_.adding = true;
      return {std::move(state_), AskAddition{}};
    }
    return {std::move(state_), AskAdmit{}};
  }

  Transition operator()(AdmitAnswered event) {
    if (!state_.flow.has_value()) return Refuse(std::move(state_), SignInCode::kUnknown, "no_flow");
    Decision& decision = event.decision;
    Outcome& outcome = state_.outcome;
    outcome.kind = KindOf(decision.verdict);
    outcome.code = std::move(decision.code);
    outcome.tag = std::move(decision.tag);
    outcome.findings = std::move(decision.findings);
    outcome.waived = std::move(decision.waived);
    outcome.effects = std::move(decision.effects);
    outcome.rules = std::move(decision.rules);
    outcome.decided_under = std::move(decision.policy_version);
    if (outcome.kind == OutcomeKind::kSession) return Admitted(std::move(decision));
    if (outcome.kind == OutcomeKind::kStepUp) {
      state_.next_lap = PlanNextLap(*state_.flow, outcome.tag, state_.assertion);
      if (MayStay()) {
        state_.flow->plan.stay_at_level = true;
        return {std::move(state_), AskAdmit{}};
      }
    }
    return Finish();
  }

  Transition operator()(const TermsSeen& event) {
    if (!state_.session.has_value() || state_.finishing) {
      return Show(std::move(state_), TryLaterOutcome("flow_unavailable"));
    }
    state_.outcome.terms_first = !event.accepted;
    return Finish();
  }

  Transition operator()(const StationFailed& event) {
    state_.session.reset();
    state_.provisioning = {};
    state_.decision_token = {};
    state_.mpi_update.reset();
    state_.next_lap.reset();
    state_.outcome = TryLaterOutcome(absl::StrCat(event.station, "_unavailable"));
    // A claimed attempt is closed on record, so that a repeat does not wait for it in vain.
    if (state_.claimed && !state_.finishing) return Finish();
    return {std::move(state_), ShowOutcome{}};
  }

  Transition operator()(const FlowFinished& /*event*/) {
    if (state_.outcome.kind == OutcomeKind::kSession && state_.session.has_value()) {
      return {std::move(state_), BeginSessionAndLand{}};
    }
    if (state_.outcome.kind == OutcomeKind::kStepUp && state_.next_lap.has_value()) {
      return {std::move(state_), LeaveAgain{}};
    }
    return {std::move(state_), ShowOutcome{}};
  }

 private:
  // No leg leads to the level that the person has reached before, and nobody but the profile would
  // like to see it: it is asked once more whether they may come in as they are (decision R9).
  bool MayStay() const {
    return IsForHighest(state_.outcome.tag) && !state_.next_lap.has_value() &&
           !state_.flow->plan.stay_at_level;
  }

  Transition Admitted(Decision decision) {
    if (IsOtherAccount(*state_.flow, decision.session.account_id)) {
      // The session that stood at the start goes on as it was: nothing of somebody else's answer
      // may enter it (decision P7).
      state_.outcome.kind = OutcomeKind::kRefusal;
      state_.outcome.code = std::string(Describe(SignInCode::kUnknown).code);
      state_.outcome.tag = "other_account";
      return Finish();
    }
    state_.outcome.loa = decision.session.assurance.loa_current;
    state_.provisioning = PlanProvisioning(decision.session);
    state_.decision_token = std::move(decision.decision_token);
    state_.mpi_update = std::move(decision.mpi_update);
    state_.session = std::move(decision.session);
    // Nobody whom MPI does not know has anything that the terms are about.
    if (state_.asks_terms && !state_.session->person.icn.empty()) {
      return {std::move(state_), AskTerms{}};
    }
    return Finish();
  }

  Transition Finish() {
    state_.finishing = true;
    return {std::move(state_), FinishFlow{}};
  }

  FlowState state_;
  absl::Time now_;
};

}  // namespace

Transition Step(FlowState state, FlowEvent event, absl::Time now) {
  return std::visit(Stepper(std::move(state), now), std::move(event));
}

}  // namespace va::gateway
