// The Master Person Index over gRPC, by way of mpi-adapter, for somebody who is signed in: asked by
// their ICN, and read as far as GET /v0/user shows it.
#pragma once

#include "lib/rpc/channel.h"
#include "services/auth-gateway/domain/user_profile.h"

namespace va::gateway {

class GrpcPersonRecords final : public PersonRecords {
 public:
  explicit GrpcPersonRecords(rpc::Channel channel);

  absl::StatusOr<PersonRecord> FindByIcn(const identity::Icn& icn, const CallScope& scope) override;

 private:
  rpc::Channel channel_;
};

}  // namespace va::gateway
