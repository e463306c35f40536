// The published RPCs of inherited-proofing: unpack, ask the domain, pack.
#pragma once

#include "absl/status/statusor.h"
#include "lib/rpc/server.h"
#include "va/proofing/v1/proofing.pb.h"

namespace va::proofing {

inline constexpr char kCheckEligibilityMethod[] = "va.proofing.v1.ProofingService/CheckEligibility";

class ProofingServiceImpl {
 public:
  // The handoff is not offered by this version: UNIMPLEMENTED (NOT_OFFERED), not retryable, so that
  // the gateway offers none.
  absl::StatusOr<v1::CheckEligibilityResponse> CheckEligibility(
      const rpc::CallContext& context, const v1::CheckEligibilityRequest& request) const;
};

// `service` outlives the server that is built.
void RegisterProofingService(const ProofingServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::proofing
