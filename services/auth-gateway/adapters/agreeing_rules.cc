#include "services/auth-gateway/adapters/agreeing_rules.h"

#include <utility>

#include "lib/base/status.h"

namespace va::gateway {

AgreeingRules::AgreeingRules(AttributeRules& rules,
                             const base::Reloadable<identity::Policy>& policy, Refresh refresh,
                             telemetry::Counter mismatches)
    : rules_(rules), policy_(policy), refresh_(std::move(refresh)), mismatches_(mismatches) {}

std::optional<std::string> AgreeingRules::OtherVersion(const absl::Status& status,
                                                       absl::string_view asked_under) const {
  if (base::ReasonOf(status) != "POLICY_VERSION") return std::nullopt;
  // Somebody may have exchanged it since this request began; then there is nothing to read.
  if (policy_.Get()->version == asked_under) refresh_();
  std::string now = policy_.Get()->version;
  const bool other = now != asked_under;
  mismatches_.Add({other ? "retried" : "same_policy"});
  if (!other) return std::nullopt;
  return now;
}

absl::StatusOr<Derived> AgreeingRules::Derive(const SignInPlan& plan,
                                              const VerifiedAssertion& assertion,
                                              const CallScope& scope) {
  auto derived = rules_.Derive(plan, assertion, scope);
  if (derived.ok()) return derived;
  auto version = OtherVersion(derived.status(), plan.policy_version);
  if (!version) return derived;
  SignInPlan again = plan;
  again.policy_version = *std::move(version);
  return rules_.Derive(again, assertion, scope);
}

absl::StatusOr<Decision> AgreeingRules::Admit(const SignInPlan& plan,
                                              const VerifiedAssertion& assertion,
                                              const std::optional<MpiAnswer>& mpi,
                                              const CallScope& scope) {
  auto decision = rules_.Admit(plan, assertion, mpi, scope);
  if (decision.ok()) return decision;
  auto version = OtherVersion(decision.status(), plan.policy_version);
  if (!version) return decision;
  SignInPlan again = plan;
  again.policy_version = *std::move(version);
  return rules_.Admit(again, assertion, mpi, scope);
}

absl::StatusOr<RenewedDecision> AgreeingRules::RenewDecision(const SessionRecord& session,
                                                             absl::string_view policy_version,
                                                             const CallScope& scope) {
  auto renewed = rules_.RenewDecision(session, policy_version, scope);
  if (renewed.ok()) return renewed;
  const auto version = OtherVersion(renewed.status(), policy_version);
  if (!version) return renewed;
  return rules_.RenewDecision(session, *version, scope);
}

}  // namespace va::gateway
