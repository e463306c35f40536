// The published RPCs of mhv-account: unpack, ask the domain, pack.
#pragma once

#include "absl/status/statusor.h"
#include "lib/rpc/server.h"
#include "va/mhv/v1/mhv.pb.h"

namespace va::mhv {

inline constexpr char kEnsureAccountMethod[] = "va.mhv.v1.MhvAccountService/EnsureAccount";

class MhvAccountServiceImpl {
 public:
  // Account creation is not offered by this version: UNIMPLEMENTED (NOT_OFFERED), not retryable, so
  // that the gateway goes on without an account.
  absl::StatusOr<v1::EnsureAccountResponse> EnsureAccount(
      const rpc::CallContext& context, const v1::EnsureAccountRequest& request) const;
};

// `service` outlives the server that is built.
void RegisterMhvAccountService(const MhvAccountServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::mhv
