// The rules, asked again when their policy is not the one the request came under (decision E5): the
// gateway reads its own policy once more and, when that brought another version, repeats the
// question under it. Once; two sides that still differ are a fault that operators see. What a
// request does apart from the question stays under the policy it began with.
#pragma once

#include <functional>

#include "lib/base/reloadable.h"
#include "lib/identity/policy.h"
#include "lib/telemetry/metrics.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

// Thread-safe. Holds its arguments by reference.
class AgreeingRules final : public AttributeRules {
 public:
  // Reads the policy file again if it may; true when `policy` was exchanged. Bounded in how often.
  using Refresh = std::function<bool()>;

  // `mismatches` has the label outcome: retried, same_policy.
  AgreeingRules(AttributeRules& rules, const base::Reloadable<identity::Policy>& policy,
                Refresh refresh, telemetry::Counter mismatches);

  absl::StatusOr<Derived> Derive(const SignInPlan& plan, const VerifiedAssertion& assertion,
                                 const CallScope& scope) override;
  absl::StatusOr<Decision> Admit(const SignInPlan& plan, const VerifiedAssertion& assertion,
                                 const std::optional<MpiAnswer>& mpi,
                                 const CallScope& scope) override;
  absl::StatusOr<RenewedDecision> RenewDecision(const SessionRecord& session,
                                                absl::string_view policy_version,
                                                const CallScope& scope) override;

 private:
  // The version to ask under after `status`; nothing when asking again makes no sense.
  std::optional<std::string> OtherVersion(const absl::Status& status,
                                          absl::string_view asked_under) const;

  AttributeRules& rules_;
  const base::Reloadable<identity::Policy>& policy_;
  const Refresh refresh_;
  const telemetry::Counter mismatches_;
};

}  // namespace va::gateway
