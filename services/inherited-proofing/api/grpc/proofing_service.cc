#include "services/inherited-proofing/api/grpc/proofing_service.h"

#include "lib/base/status.h"

namespace va::proofing {

absl::StatusOr<v1::CheckEligibilityResponse> ProofingServiceImpl::CheckEligibility(
    const rpc::CallContext& /*context*/, const v1::CheckEligibilityRequest& /*request*/) const {
  return base::MakeError(absl::StatusCode::kUnimplemented, "NOT_OFFERED",
                         "this version does not hand proofings on");
}

void RegisterProofingService(const ProofingServiceImpl& service, rpc::ServerBuilder& builder) {
  builder.Unary<v1::CheckEligibilityRequest, v1::CheckEligibilityResponse>(
      kCheckEligibilityMethod,
      [&service](const rpc::CallContext& context, const v1::CheckEligibilityRequest& request) {
        return service.CheckEligibility(context, request);
      },
      rpc::Dispatch::kInline);
}

}  // namespace va::proofing
