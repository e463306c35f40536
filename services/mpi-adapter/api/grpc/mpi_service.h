// The published RPCs of mpi-adapter: unpack, ask the port, pack, and one log line a lookup. An
// outcome is an answer, never an error; errors are for questions that cannot be asked.
#pragma once

#include "absl/status/statusor.h"
#include "lib/rpc/server.h"
#include "lib/telemetry/log.h"
#include "services/mpi-adapter/domain/mpi_gateway.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::mpi {

inline constexpr char kGetProfileMethod[] = "va.mpi.v1.MpiService/GetProfile";

class MpiServiceImpl {
 public:
  // Both outlive the service.
  MpiServiceImpl(MpiGateway& gateway, const telemetry::Log& log) : gateway_(gateway), log_(log) {}

  // Below LOA3 nothing is asked and the outcome is BLOCKED: the second lock of decision M3.
  absl::StatusOr<v1::GetProfileResponse> GetProfile(const rpc::CallContext& context,
                                                    const v1::GetProfileRequest& request) const;

 private:
  MpiGateway& gateway_;
  const telemetry::Log& log_;
};

// `service` outlives the server that is built.
void RegisterMpiService(const MpiServiceImpl& service, rpc::ServerBuilder& builder);

}  // namespace va::mpi
