// What follows when a person came back with less than is needed (decisions R9, R18): which leg goes
// on from there, and what it asks for. The attempt's target, type and application stay. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/auth-gateway/domain/next_context.h"
#include "services/auth-gateway/domain/records.h"
#include "services/auth-gateway/domain/verified_assertion.h"

namespace va::gateway {

// What is missing.
enum class StepUpFor {
  kLevel,      // a verified identity
  kFactor,     // a second factor
  kFreshness,  // a sign-in that is not so long ago
};

// By the tag that the rules give a step-up; one this program does not know asks for the level,
// which every step-up before it did.
StepUpFor StepUpForTag(absl::string_view tag);

// Whether nothing but the level that the person has reached before calls for a step-up: nobody
// needs it, and whoever does not get there or does not want to goes on without (decision R9).
bool IsForHighest(absl::string_view tag);

// How the person stands by the answer that came back.
CurrentContext ContextOf(const VerifiedAssertion& assertion);

// The plan of the leg that goes on by itself; nothing when there is no such leg, or when this was
// it already: there is no third (decision R9).
std::optional<SignInPlan> PlanNextLap(const FlowRecord& flow, absl::string_view tag,
                                      const VerifiedAssertion& assertion);

// The new attempt of that plan: it knows what the first leg knew of an older session, and by `tag`
// what that leg was short of.
FlowRecord NextLapOf(const FlowRecord& flow, SignInPlan plan, absl::string_view tag,
                     std::string id);

// Whether an attempt that was begun for the person of a session (verify, mfa) was answered about
// somebody else. Two people's sessions must never become one (decision P7).
bool IsOtherAccount(const FlowRecord& flow, absl::string_view account_id);

// When the person of a new session last signed in: now, except that setting up a second factor
// leaves it where it was (ssoe_saml.md 13.1).
absl::Time LastSignedIn(const FlowRecord& flow, absl::string_view authn_context,
                        absl::string_view account_id, absl::Time now);

}  // namespace va::gateway
