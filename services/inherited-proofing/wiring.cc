#include "services/inherited-proofing/wiring.h"

#include <utility>

#include "services/inherited-proofing/api/grpc/proofing_service.h"

namespace va::proofing {
namespace {

// Owns what the RPC handlers use, in the order it was built.
class InheritedProofing final : public service::RunningService {
 public:
  explicit InheritedProofing(rpc::Channel mpi_adapter) : mpi_adapter_(std::move(mpi_adapter)) {}

  const ProofingServiceImpl& api() const { return api_; }
  const rpc::Channel& mpi_adapter() const { return mpi_adapter_; }

 private:
  const rpc::Channel mpi_adapter_;
  const ProofingServiceImpl api_{};
};

}  // namespace

std::vector<std::string> Methods() { return {kCheckEligibilityMethod}; }

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config,
                                                              service::Runtime& runtime) {
  absl::StatusOr<rpc::Channel> mpi_adapter = runtime.Connect(config.mpi_adapter);
  if (!mpi_adapter.ok()) return mpi_adapter.status();
  auto service = std::make_unique<InheritedProofing>(*std::move(mpi_adapter));
  RegisterProofingService(service->api(), runtime.rpc);
  // A neighbour that is down shows here and leaves this service ready: its callers decide.
  runtime.AddPeerCheck("mpi-adapter", service->mpi_adapter());
  return service;
}

}  // namespace va::proofing
