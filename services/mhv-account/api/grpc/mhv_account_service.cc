#include "services/mhv-account/api/grpc/mhv_account_service.h"

#include "lib/base/status.h"

namespace va::mhv {

absl::StatusOr<v1::EnsureAccountResponse> MhvAccountServiceImpl::EnsureAccount(
    const rpc::CallContext& /*context*/, const v1::EnsureAccountRequest& /*request*/) const {
  return base::MakeError(absl::StatusCode::kUnimplemented, "NOT_OFFERED",
                         "this version does not create accounts");
}

void RegisterMhvAccountService(const MhvAccountServiceImpl& service, rpc::ServerBuilder& builder) {
  builder.Unary<v1::EnsureAccountRequest, v1::EnsureAccountResponse>(
      kEnsureAccountMethod,
      [&service](const rpc::CallContext& context, const v1::EnsureAccountRequest& request) {
        return service.EnsureAccount(context, request);
      },
      rpc::Dispatch::kInline);
}

}  // namespace va::mhv
