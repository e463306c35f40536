#include "services/auth-gateway/domain/step_up.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "services/auth-gateway/domain/signin_plan.h"

namespace va::gateway {
namespace {

constexpr absl::string_view kCsidAttribute = "va_eauth_csid";

std::optional<NextContext> NextLeg(StepUpFor wanted, absl::string_view type,
                                   const CurrentContext& current) {
  switch (wanted) {
    case StepUpFor::kLevel:
      return SecondLap(type, current);
    case StepUpFor::kFactor:
      return NextContextOf(Leg::kMfa, current);
    case StepUpFor::kFreshness:
      break;
  }
  return std::nullopt;
}

// Nothing was asked of a provider that spoke first (decision P1). A request names what it wants, or
// any level would do as its answer (decision R14).
SignInPlan WithQuestion(SignInPlan plan) {
  const SignInType* const type = FindSignInType(plan.type);
  if (plan.contexts.empty() && type != nullptr) {
    for (const absl::string_view context : type->contexts) plan.contexts.emplace_back(context);
  }
  return plan;
}

bool IsBoundToSession(absl::string_view type) {
  const SignInType* const row = FindSignInType(type);
  return row != nullptr && (row->asks == Asks::kVerify || row->asks == Asks::kMfa);
}

}  // namespace

StepUpFor StepUpForTag(absl::string_view tag) {
  if (tag == "step_up_application_aal") return StepUpFor::kFactor;
  if (tag == "step_up_application_max_age") return StepUpFor::kFreshness;
  return StepUpFor::kLevel;
}

bool IsForHighest(absl::string_view tag) { return tag == "step_up_highest"; }

CurrentContext ContextOf(const VerifiedAssertion& assertion) {
  CurrentContext current{assertion.authn_context, ""};
  for (const auto& [name, values] : assertion.attributes) {
    if (name == kCsidAttribute && values.size() == 1) {
      current.service_name = absl::AsciiStrToLower(values.front());
    }
  }
  return current;
}

std::optional<SignInPlan> PlanNextLap(const FlowRecord& flow, absl::string_view tag,
                                      const VerifiedAssertion& assertion) {
  if (flow.lap != 0) return std::nullopt;
  SignInPlan plan = flow.plan;
  plan.force_authn = true;
  plan.stay_at_level = true;
  const StepUpFor wanted = StepUpForTag(tag);
  // The same question again, to be answered anew.
  if (wanted == StepUpFor::kFreshness) return WithQuestion(std::move(plan));
  std::optional<NextContext> next = NextLeg(wanted, plan.type, ContextOf(assertion));
  if (!next.has_value()) return std::nullopt;
  plan.csp = next->csp;
  plan.contexts = std::move(next->contexts);
  plan.comparison = "exact";
  return plan;
}

FlowRecord NextLapOf(const FlowRecord& flow, SignInPlan plan, absl::string_view tag,
                     std::string id) {
  FlowRecord next;
  next.id = std::move(id);
  next.plan = std::move(plan);
  next.lap = flow.lap + 1;
  next.parent = flow.id;
  next.lap_for = std::string(tag);
  next.had_session = flow.had_session;
  next.session_hash = flow.session_hash;
  next.session_account = flow.session_account;
  next.session_signed_in = flow.session_signed_in;
  return next;
}

bool IsOtherAccount(const FlowRecord& flow, absl::string_view account_id) {
  // An attempt that should know whose it is and does not is nobody's.
  return IsBoundToSession(flow.plan.type) && flow.session_account != account_id;
}

absl::Time LastSignedIn(const FlowRecord& flow, absl::string_view authn_context,
                        absl::string_view account_id, absl::Time now) {
  const bool same_person = !account_id.empty() && flow.session_account == account_id;
  const bool known = flow.session_signed_in != absl::InfinitePast();
  return absl::StrContains(authn_context, "multifactor") && same_person && known
             ? flow.session_signed_in
             : now;
}

}  // namespace va::gateway
