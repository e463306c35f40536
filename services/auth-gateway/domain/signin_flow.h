// The one place that chooses the next step of a sign-in. Handlers perform effects and report
// events; they never route to one another, so every path through a sign-in can be read here and
// tested as a table. Pure: records, answers and `now` arrive as values.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "lib/base/signin_code.h"
#include "services/auth-gateway/domain/ports.h"
#include "services/auth-gateway/domain/records.h"
#include "services/auth-gateway/domain/verified_assertion.h"

namespace va::gateway {

// What is known of one returning browser while its attempt is decided.
struct FlowState {
  std::optional<FlowRecord> flow;
  VerifiedAssertion assertion;
  Derived derived;
  std::optional<MpiAnswer> mpi;
  bool adding = false;      // AskAddition was asked for
  bool claimed = false;     // this caller won the claim: the attempt is ours to finish
  bool finishing = false;   // FinishFlow was asked for
  bool asks_terms = false;  // the application sends people to the terms of use first
  // With FinishFlow: how it ended, and the session that begins when it ended in one.
  Outcome outcome;
  std::optional<SessionRecord> session;
  // With the session: what is asked once the person has been answered, and the proof that goes with
  // it. The proof stays in memory.
  ProvisioningPlan provisioning;
  identity::Secret decision_token;
  // With the session: what MPI is told once the person has been answered.
  std::optional<MpiUpdate> mpi_update;
  // With a step-up: the leg that goes on by itself.
  std::optional<SignInPlan> next_lap;
};

// --- Events: what happened. ---

// A browser posted a response.
struct BrowserReturned {
  std::optional<FlowRecord> flow;  // what the RelayState handle stands for
  std::string browser_hash;        // SHA-256 of the flow cookie; empty without a cookie
  bool target_allowed = false;     // the plan's target is still on the application's list
  bool asks_terms = false;         // the application's row says terms_first
};
// A browser posted a response that nobody asked for and that held (decision P1). The attempt was
// made for it: it is for the default application, whatever the browser says.
struct UnsolicitedVerified {
  FlowRecord flow;
  VerifiedAssertion assertion;
  bool asks_terms = false;
};
// The response held: it is signed, fresh and for us.
struct ResponseVerified {
  VerifiedAssertion assertion;
};
// The response did not hold.
struct ResponseRefused {
  base::Refusal refusal;
};
struct ClaimAnswered {
  Claim claim = Claim::kReplay;
};
// What the caller that won the claim decided; nothing when it has not finished in time.
struct DecisionSeen {
  std::optional<Outcome> outcome;
};
struct DeriveAnswered {
  Derived derived;
};
// To the question, or to the wish to add the person.
struct MpiAnswered {
  MpiAnswer answer;
};
struct AdmitAnswered {
  Decision decision;
};
// Whether the terms of use stand accepted.
struct TermsSeen {
  bool accepted = false;
};
// A station could not do its work. `station` is its name in the tag: store, rules.
struct StationFailed {
  std::string station;
  std::string reason;  // UPPER_SNAKE, may be empty
};
// The outcome, and the session if any, are stored.
struct FlowFinished {};

using FlowEvent = std::variant<BrowserReturned, UnsolicitedVerified, ResponseVerified,
                               ResponseRefused, ClaimAnswered, DecisionSeen, DeriveAnswered,
                               MpiAnswered, AdmitAnswered, TermsSeen, StationFailed, FlowFinished>;

// --- Effects: what to do next. ---

struct CheckResponse {};
struct ClaimAssertion {};
struct AwaitDecision {};
struct AskDerive {};
struct AskMpi {};
// Has the person of state.derived.mpi_addition added to MPI, and asks for them again (decision R4).
struct AskAddition {};
struct AskAdmit {};
// Whether the person of state.session has accepted the terms of use.
struct AskTerms {};
// Store state.outcome and, when there is one, state.session with what is pending for it.
struct FinishFlow {};
// Send the browser to the plan's target with the session cookie of state.session, and hand
// state.provisioning to whoever works on it in the background.
struct BeginSessionAndLand {};
// Send the browser where the first of its posts was sent; nothing new is created (decision P2).
// state.outcome is what was decided then.
struct LandAgain {};
// Send the browser on to the provider with the plan of state.next_lap (decision R9).
struct LeaveAgain {};
// Show state.outcome to the person: refusal, step-up or try later.
struct ShowOutcome {};

using FlowEffect = std::variant<CheckResponse, ClaimAssertion, AwaitDecision, AskDerive, AskMpi,
                                AskAddition, AskAdmit, AskTerms, FinishFlow, BeginSessionAndLand,
                                LandAgain, LeaveAgain, ShowOutcome>;

struct Transition {
  FlowState state;
  FlowEffect effect;
};

// The next step. Total: an event that does not fit the state ends in a refusal, never in a session.
Transition Step(FlowState state, FlowEvent event, absl::Time now);

}  // namespace va::gateway
