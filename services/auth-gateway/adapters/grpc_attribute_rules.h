// The rules service over gRPC: packs what a signature vouches for, unpacks the decision. Owns no
// policy; what comes back is acted on, never second-guessed.
#pragma once

#include "lib/rpc/channel.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

class GrpcAttributeRules final : public AttributeRules {
 public:
  explicit GrpcAttributeRules(rpc::Channel channel);

  absl::StatusOr<Derived> Derive(const SignInPlan& plan, const VerifiedAssertion& assertion,
                                 const CallScope& scope) override;
  absl::StatusOr<Decision> Admit(const SignInPlan& plan, const VerifiedAssertion& assertion,
                                 const std::optional<MpiAnswer>& mpi,
                                 const CallScope& scope) override;
  absl::StatusOr<RenewedDecision> RenewDecision(const SessionRecord& session,
                                                absl::string_view policy_version,
                                                const CallScope& scope) override;

 private:
  rpc::Channel channel_;
};

}  // namespace va::gateway
