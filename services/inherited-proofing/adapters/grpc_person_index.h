// The Master Person Index over gRPC, by way of mpi-adapter: two flags of one person, asked by ICN.
// Nothing else of the profile gets past this file.
#pragma once

#include "absl/status/statusor.h"
#include "lib/rpc/channel.h"
#include "services/inherited-proofing/domain/ports.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::proofing {

// What an answer of mpi-adapter means here.
absl::StatusOr<PersonFlags> ReadFlags(const mpi::v1::GetProfileResponse& response);

class GrpcPersonIndex final : public PersonIndex {
 public:
  explicit GrpcPersonIndex(rpc::Channel channel);

  absl::StatusOr<PersonFlags> FlagsOf(const identity::Icn& icn, FlagsAge age,
                                      const CallScope& scope) override;

 private:
  rpc::Channel channel_;
};

}  // namespace va::proofing
