// What mpi-adapter has cached of people, forgotten over gRPC.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "lib/rpc/channel.h"
#include "services/mhv-account/domain/ports.h"

namespace va::mhv {

class GrpcPersonCache final : public PersonCache {
 public:
  explicit GrpcPersonCache(rpc::Channel mpi_adapter) : mpi_adapter_(std::move(mpi_adapter)) {}

  absl::Status Forget(const identity::Icn& icn, absl::string_view request_id,
                      absl::Time deadline) override;

 private:
  const rpc::Channel mpi_adapter_;
};

}  // namespace va::mhv
