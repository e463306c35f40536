// My HealtheVet accounts over gRPC, by way of mhv-account. Hands on the decision token of the
// person (decision E6); of the answer only the state is kept.
#pragma once

#include "lib/rpc/channel.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

class GrpcMhvAccounts final : public MhvAccounts {
 public:
  explicit GrpcMhvAccounts(rpc::Channel channel);

  absl::StatusOr<MhvAccountState> EnsureAccount(const AdmittedPerson& person,
                                                const CallScope& scope) override;

 private:
  rpc::Channel channel_;
};

}  // namespace va::gateway
