// The Master Person Index over gRPC, by way of mpi-adapter. Translates the question of the rules
// service, and whom it wants added or updated, into the words of mpi-adapter; the person in the
// answer passes through unread.
#pragma once

#include "lib/rpc/channel.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

class GrpcPersonIndex final : public PersonIndex {
 public:
  explicit GrpcPersonIndex(rpc::Channel channel);

  absl::StatusOr<MpiAnswer> GetProfile(const Derived& derived, const CallScope& scope) override;
  absl::StatusOr<MpiAnswer> AddPerson(const Derived& derived, const CallScope& scope) override;
  absl::StatusOr<MpiTold> Tell(const MpiNews& news, const CallScope& scope) override;

 private:
  rpc::Channel channel_;
};

}  // namespace va::gateway
