#include "services/auth-gateway/domain/signin_flow.h"

#include <catch2/catch.hpp>

namespace va::gateway {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

FlowRecord OpenFlow() {
  FlowRecord flow;
  flow.id = "8d0c6f4e-0000-4000-8000-000000000001";
  flow.browser_hash = "browser";
  flow.plan.target = "https://www.example.gov/auth/login/callback?type=idme";
  flow.expires_at = kNow + absl::Minutes(15);
  return flow;
}

BrowserReturned GoodReturn() { return {OpenFlow(), "browser", true}; }

template <typename Effect>
bool Is(const Transition& transition) {
  return std::holds_alternative<Effect>(transition.effect);
}

void CheckShown(const Transition& transition, OutcomeKind kind, const std::string& code,
                const std::string& tag) {
  REQUIRE(Is<ShowOutcome>(transition));
  CHECK(transition.state.outcome.kind == kind);
  CHECK(transition.state.outcome.code == code);
  CHECK(transition.state.outcome.tag == tag);
  CHECK_FALSE(transition.state.session.has_value());
}

FlowState Returned() { return Step({}, GoodReturn(), kNow).state; }

Decision Admitted() {
  Decision decision;
  decision.verdict = Decision::Verdict::kAdmit;
  decision.session.account_id = "account";
  decision.session.assurance.loa_current = 3;
  decision.waived = {"101"};
  return decision;
}

TEST_CASE("Step: a browser with its own open attempt gets its response validated", "[flow]") {
  CHECK(Is<CheckResponse>(Step({}, GoodReturn(), kNow)));
}

TEST_CASE("Step: S95 a response that belongs to no attempt is refused", "[flow][attack]") {
  BrowserReturned event = GoodReturn();
  event.flow.reset();
  CheckShown(Step({}, event, kNow), OutcomeKind::kRefusal, "007", "unknown_relay_state");
}

TEST_CASE("Step: S98 a response without the flow cookie is refused", "[flow][attack]") {
  BrowserReturned event = GoodReturn();
  event.browser_hash.clear();
  CheckShown(Step({}, event, kNow), OutcomeKind::kRefusal, "007", "flow_cookie_missing");
}

TEST_CASE("Step: S98 a response in another browser is refused", "[flow][attack]") {
  BrowserReturned event = GoodReturn();
  event.browser_hash = "victim";
  CheckShown(Step({}, event, kNow), OutcomeKind::kRefusal, "007", "other_browser");
}

TEST_CASE("Step: P10 an attempt ends at its expiry, the end itself excluded", "[flow][P10]") {
  CHECK(Is<CheckResponse>(Step({}, GoodReturn(), OpenFlow().expires_at - absl::Seconds(1))));
  CheckShown(Step({}, GoodReturn(), OpenFlow().expires_at), OutcomeKind::kRefusal, "005",
             "flow_expired");
}

TEST_CASE("Step: P2 too late with a live session at start is 002, else 005", "[flow][P2]") {
  BrowserReturned event = GoodReturn();
  event.flow->had_session = true;
  CheckShown(Step({}, event, OpenFlow().expires_at), OutcomeKind::kRefusal, "002", "flow_expired");
  const ResponseRefused too_late{{base::SignInCode::kAuthTooLate, "auth_too_late"}};
  CheckShown(Step(Step({}, event, kNow).state, too_late, kNow), OutcomeKind::kRefusal, "002",
             "auth_too_late");
  CheckShown(Step(Returned(), too_late, kNow), OutcomeKind::kRefusal, "005", "auth_too_late");
}

TEST_CASE("Step: P14 a target that left the allow-list is checked again at use", "[flow][P14]") {
  BrowserReturned event = GoodReturn();
  event.target_allowed = false;
  CheckShown(Step({}, event, kNow), OutcomeKind::kRefusal, "400", "target_not_allowed");
}

TEST_CASE("Step: a response that does not hold ends with its own code and tag", "[flow]") {
  CheckShown(Step(Returned(), ResponseRefused{{base::SignInCode::kUnknown, "signature"}}, kNow),
             OutcomeKind::kRefusal, "007", "signature");
}

TEST_CASE("Step: P2 the first use decides, a repeat waits, any other repeat is a replay",
          "[flow][P2]") {
  CHECK(Is<ClaimAssertion>(Step(Returned(), ResponseVerified{}, kNow)));
  CHECK(Is<AskDerive>(Step(Returned(), ClaimAnswered{Claim::kWon}, kNow)));
  CHECK(Is<AwaitDecision>(Step(Returned(), ClaimAnswered{Claim::kRepeat}, kNow)));
  CheckShown(Step(Returned(), ClaimAnswered{Claim::kReplay}, kNow), OutcomeKind::kRefusal, "007",
             "replay");
}

TEST_CASE("Step: P2 a repeat lands again only where a session was issued", "[flow][P2]") {
  Outcome session;
  session.kind = OutcomeKind::kSession;
  const Transition again = Step(Returned(), DecisionSeen{session}, kNow);
  CHECK(Is<LandAgain>(again));
  CHECK_FALSE(again.state.session.has_value());
  for (const OutcomeKind kind :
       {OutcomeKind::kRefusal, OutcomeKind::kStepUp, OutcomeKind::kTryLater}) {
    Outcome other;
    other.kind = kind;
    CheckShown(Step(Returned(), DecisionSeen{other}, kNow), OutcomeKind::kRefusal, "007", "replay");
  }
  CheckShown(Step(Returned(), DecisionSeen{}, kNow), OutcomeKind::kTryLater, "007",
             "still_deciding");
}

TEST_CASE("Step: R6 MPI is asked only when the rules name a question", "[flow][R6]") {
  CHECK(Is<AskAdmit>(Step(Returned(), DeriveAnswered{}, kNow)));
  Derived derived;
  derived.asks_mpi = true;
  CHECK(Is<AskMpi>(Step(Returned(), DeriveAnswered{derived}, kNow)));
  CHECK(Is<AskAdmit>(Step(Returned(), MpiAnswered{}, kNow)));
}

MpiAnswer KnowsNobody() {
  MpiAnswer answer;
  answer.no_match = true;
  return answer;
}

FlowState WithAddition() {
  Derived derived;
  derived.asks_mpi = true;
  derived.mpi_addition = "person";
  return Step(Returned(), DeriveAnswered{derived}, kNow).state;
}

TEST_CASE("Step: R4 whom MPI does not know is added when the rules name whom to add, once",
          "[flow][R4]") {
  const Transition adding = Step(WithAddition(), MpiAnswered{KnowsNobody()}, kNow);
  REQUIRE(Is<AskAddition>(adding));
  // Whatever comes of it, also a second "no match", is Admit's to judge.
  const Transition again = Step(adding.state, MpiAnswered{KnowsNobody()}, kNow);
  CHECK(Is<AskAdmit>(again));
  CHECK(again.state.mpi->no_match);
  // Staying at the level that came back is no second attempt either.
  CHECK_FALSE(Is<AskAddition>(Step(again.state, MpiAnswered{KnowsNobody()}, kNow)));
}

TEST_CASE("Step: R4 nobody is added without the rules' word, or when MPI did not say no match",
          "[flow][R4][R5]") {
  Derived derived;
  derived.asks_mpi = true;
  const FlowState unnamed = Step(Returned(), DeriveAnswered{derived}, kNow).state;
  CHECK(Is<AskAdmit>(Step(unnamed, MpiAnswered{KnowsNobody()}, kNow)));
  // Several people, an outage, one person: nothing is added to any of them.
  CHECK(Is<AskAdmit>(Step(WithAddition(), MpiAnswered{}, kNow)));
  MpiAnswer matched;
  matched.matched = true;
  CHECK(Is<AskAdmit>(Step(WithAddition(), MpiAnswered{matched}, kNow)));
}

TEST_CASE("Step: R5 an addition that nobody can say anything about ends in try later",
          "[flow][R5]") {
  FlowState adding = Step(WithAddition(), MpiAnswered{KnowsNobody()}, kNow).state;
  const Transition ended = Step(std::move(adding), StationFailed{"mpi", "MPI_TIMEOUT"}, kNow);
  CheckShown(ended, OutcomeKind::kTryLater, "007", "mpi_unavailable");
}

TEST_CASE("Step: what MPI is to be told goes with the session and with nothing else", "[flow]") {
  Decision decision = Admitted();
  decision.mpi_update = MpiUpdate{};
  const Transition admitted = Step(Returned(), AdmitAnswered{decision}, kNow);
  CHECK(admitted.state.mpi_update.has_value());
  CHECK_FALSE(Step(admitted.state, StationFailed{"store", ""}, kNow).state.mpi_update.has_value());
  decision.verdict = Decision::Verdict::kDeny;
  CHECK_FALSE(Step(Returned(), AdmitAnswered{decision}, kNow).state.mpi_update.has_value());
}

TEST_CASE("Step: R20 an attempt ends in exactly one of four ways", "[flow][R20]") {
  using Verdict = Decision::Verdict;
  const std::pair<Verdict, OutcomeKind> rows[] = {{Verdict::kAdmit, OutcomeKind::kSession},
                                                  {Verdict::kStepUp, OutcomeKind::kStepUp},
                                                  {Verdict::kDeny, OutcomeKind::kRefusal},
                                                  {Verdict::kTryLater, OutcomeKind::kTryLater}};
  for (const auto& [verdict, kind] : rows) {
    Decision decision = Admitted();
    decision.verdict = verdict;
    Transition decided = Step(Returned(), AdmitAnswered{decision}, kNow);
    REQUIRE(Is<FinishFlow>(decided));
    CHECK(decided.state.outcome.kind == kind);
    CHECK(decided.state.session.has_value() == (kind == OutcomeKind::kSession));
    const Transition ended = Step(std::move(decided.state), FlowFinished{}, kNow);
    CHECK(Is<BeginSessionAndLand>(ended) == (kind == OutcomeKind::kSession));
    CHECK(Is<ShowOutcome>(ended) == (kind != OutcomeKind::kSession));
  }
}

TEST_CASE("Step: R3 a session remembers what policy waived", "[flow][R3]") {
  const Transition decided = Step(Returned(), AdmitAnswered{Admitted()}, kNow);
  CHECK(decided.state.outcome.waived == std::vector<std::string>{"101"});
  CHECK(decided.state.outcome.loa == 3);
}

TEST_CASE("Step: R5 a station that cannot work is try later, and no session comes of it",
          "[flow][R5]") {
  CheckShown(Step(Returned(), StationFailed{"rules", "CONNECT"}, kNow), OutcomeKind::kTryLater,
             "007", "rules_unavailable");
  // After the claim the end is put on record; if that fails too, the person is told all the same.
  FlowState claimed = Step(Returned(), ClaimAnswered{Claim::kWon}, kNow).state;
  Transition failed = Step(std::move(claimed), StationFailed{"mpi", ""}, kNow);
  CHECK(Is<FinishFlow>(failed));
  CHECK(failed.state.outcome.tag == "mpi_unavailable");
  CheckShown(Step(std::move(failed.state), StationFailed{"store", ""}, kNow),
             OutcomeKind::kTryLater, "007", "store_unavailable");
  // The session was decided but could not be stored: both or neither.
  FlowState decided = Step(Returned(), AdmitAnswered{Admitted()}, kNow).state;
  CheckShown(Step(std::move(decided), StationFailed{"store", ""}, kNow), OutcomeKind::kTryLater,
             "007", "store_unavailable");
}

TEST_CASE("Step: a finish without a decision never becomes a session", "[flow]") {
  CHECK(Is<ShowOutcome>(Step(Returned(), FlowFinished{}, kNow)));
}

TEST_CASE("Step: E6 with a session come the questions that follow it and the proof for them",
          "[flow][provisioning][E6]") {
  Decision decision = Admitted();
  decision.session.assurance.csp = identity::Csp::kMhv;
  decision.session.person.icn = identity::Icn::FromWire("1000000001V000001");
  decision.decision_token = identity::Secret::FromWire("token");
  FlowState state = Returned();
  state.claimed = true;
  const Transition admitted = Step(state, AdmitAnswered{decision}, kNow);
  CHECK(admitted.state.provisioning == ProvisioningPlan{true, true});
  CHECK(admitted.state.decision_token.Reveal() == "token");
  const Transition landed = Step(admitted.state, FlowFinished{}, kNow);
  CHECK(Is<BeginSessionAndLand>(landed));
  CHECK(landed.state.provisioning.any());
}

TEST_CASE("Step: without a session nothing follows and no proof stays", "[flow][provisioning]") {
  Decision decision = Admitted();
  decision.session.person.icn = identity::Icn::FromWire("1000000001V000001");
  decision.decision_token = identity::Secret::FromWire("token");
  FlowState state = Returned();
  state.claimed = true;
  const FlowState admitted = Step(state, AdmitAnswered{decision}, kNow).state;
  const Transition failed = Step(admitted, StationFailed{"store", ""}, kNow);
  CHECK_FALSE(failed.state.provisioning.any());
  CHECK(failed.state.decision_token.empty());

  decision.verdict = Decision::Verdict::kDeny;
  const FlowState denied = Step(state, AdmitAnswered{decision}, kNow).state;
  CHECK_FALSE(denied.provisioning.any());
  CHECK(denied.decision_token.empty());
}

FlowState ClaimedAt(const std::string& context, int lap = 0) {
  BrowserReturned event = GoodReturn();
  event.flow->plan.type = "idme";
  event.flow->lap = lap;
  FlowState state = Step({}, event, kNow).state;
  state.claimed = true;
  state.assertion.authn_context = context;
  return state;
}

Decision StepUpFrom(const std::string& tag) {
  Decision decision;
  decision.verdict = Decision::Verdict::kStepUp;
  decision.tag = tag;
  return decision;
}

TEST_CASE("Step: R9 a step-up is put on record and then goes on by itself, once", "[flow][R9]") {
  const std::string loa1 = "http://idmanagement.gov/ns/assurance/loa/1/vets";
  Transition first = Step(ClaimedAt(loa1), AdmitAnswered{StepUpFrom("step_up_highest")}, kNow);
  REQUIRE(Is<FinishFlow>(first));
  CHECK(first.state.outcome.kind == OutcomeKind::kStepUp);
  CHECK(first.state.outcome.tag == "step_up_highest");
  CHECK_FALSE(first.state.session.has_value());
  CHECK(Is<LeaveAgain>(Step(first.state, FlowFinished{}, kNow)));

  Transition second =
      Step(ClaimedAt(loa1, 1), AdmitAnswered{StepUpFrom("step_up_application_ial")}, kNow);
  REQUIRE(Is<FinishFlow>(second));
  CheckShown(Step(second.state, FlowFinished{}, kNow), OutcomeKind::kStepUp, "",
             "step_up_application_ial");
}

TEST_CASE("Step: R9 where no leg leads higher it is asked once more, and once only", "[flow][R9]") {
  const FlowState state = ClaimedAt("http://idmanagement.gov/ns/assurance/loa/3");
  const Transition asked = Step(state, AdmitAnswered{StepUpFrom("step_up_highest")}, kNow);
  REQUIRE(Is<AskAdmit>(asked));
  CHECK(asked.state.flow->plan.stay_at_level);
  const Transition admitted = Step(asked.state, AdmitAnswered{Admitted()}, kNow);
  REQUIRE(Is<FinishFlow>(admitted));
  CHECK(Is<BeginSessionAndLand>(Step(admitted.state, FlowFinished{}, kNow)));

  // Rules of a release that does not know the question say the same again.
  const Transition again = Step(asked.state, AdmitAnswered{StepUpFrom("step_up_highest")}, kNow);
  REQUIRE(Is<FinishFlow>(again));
  CheckShown(Step(again.state, FlowFinished{}, kNow), OutcomeKind::kStepUp, "", "step_up_highest");
  // What somebody needs is never asked away.
  CHECK(Is<FinishFlow>(Step(state, AdmitAnswered{StepUpFrom("step_up_type_verified")}, kNow)));
}

TEST_CASE("Step: R9 a step-up that could not be put on record does not go on", "[flow][R9]") {
  const Transition asked = Step(ClaimedAt("http://idmanagement.gov/ns/assurance/loa/1/vets"),
                                AdmitAnswered{StepUpFrom("step_up_highest")}, kNow);
  CheckShown(Step(asked.state, StationFailed{"store", ""}, kNow), OutcomeKind::kTryLater, "007",
             "store_unavailable");
}

TEST_CASE("Step: P7 another account's answer to verify or mfa ends in a refusal", "[flow][P7]") {
  FlowState state = ClaimedAt("multifactor");
  state.flow->plan.type = "mfa";
  state.flow->session_account = "somebody else";
  const Transition next = Step(state, AdmitAnswered{Admitted()}, kNow);
  REQUIRE(Is<FinishFlow>(next));
  CHECK_FALSE(next.state.session.has_value());
  CheckShown(Step(next.state, FlowFinished{}, kNow), OutcomeKind::kRefusal, "007", "other_account");
}

TEST_CASE("Step: 10.3 the terms are asked for before the session, of whom MPI knows",
          "[flow][terms]") {
  FlowState state = ClaimedAt("http://idmanagement.gov/ns/assurance/loa/3");
  state.asks_terms = true;
  CHECK(Is<FinishFlow>(Step(state, AdmitAnswered{Admitted()}, kNow)));
  Decision known = Admitted();
  known.session.person.icn = identity::Icn::FromWire("1000000001V100001");
  const Transition asks = Step(state, AdmitAnswered{known}, kNow);
  REQUIRE(Is<AskTerms>(asks));
  for (const bool accepted : {true, false}) {
    const Transition seen = Step(asks.state, TermsSeen{accepted}, kNow);
    REQUIRE(Is<FinishFlow>(seen));
    CHECK(seen.state.outcome.terms_first == !accepted);
    CHECK(Is<BeginSessionAndLand>(Step(seen.state, FlowFinished{}, kNow)));
  }
  state.asks_terms = false;
  CHECK(Is<FinishFlow>(Step(state, AdmitAnswered{known}, kNow)));
}

TEST_CASE("Step: an answer about terms that nobody asked for begins no session", "[flow]") {
  CheckShown(Step(Returned(), TermsSeen{true}, kNow), OutcomeKind::kTryLater, "007",
             "flow_unavailable");
}

TEST_CASE("Step: P1 an unsolicited response that held is claimed like any other", "[flow][P1]") {
  const Transition next = Step({}, UnsolicitedVerified{OpenFlow(), {}, true}, kNow);
  REQUIRE(Is<ClaimAssertion>(next));
  CHECK(next.state.flow.has_value());
  CHECK(next.state.asks_terms);
}

}  // namespace
}  // namespace va::gateway
