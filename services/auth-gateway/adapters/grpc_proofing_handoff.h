// The handoff of a proofing over gRPC, by way of inherited-proofing. Hands on the decision token of
// the person (decision E6). The consent token that a given consent grants is dropped here: nothing
// in the gateway starts a handoff yet, and what nobody spends nobody should hold.
#pragma once

#include "lib/rpc/channel.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

class GrpcProofingHandoff final : public ProofingHandoff {
 public:
  explicit GrpcProofingHandoff(rpc::Channel channel);

  absl::StatusOr<ProofingState> CheckEligibility(const AdmittedPerson& person,
                                                 const CallScope& scope) override;
  absl::Status RecordConsent(const AdmittedPerson& person, const ConsentAnswer& answer,
                             const CallScope& scope) override;

 private:
  rpc::Channel channel_;
};

}  // namespace va::gateway
