#include "services/mhv-account/wiring.h"

#include <utility>

#include "services/mhv-account/api/grpc/mhv_account_service.h"

namespace va::mhv {
namespace {

// Owns what the RPC handlers use, in the order it was built.
class MhvAccount final : public service::RunningService {
 public:
  MhvAccount(rpc::Channel mpi_adapter, rpc::Channel user_attributes)
      : mpi_adapter_(std::move(mpi_adapter)), user_attributes_(std::move(user_attributes)) {}

  const MhvAccountServiceImpl& api() const { return api_; }
  const rpc::Channel& mpi_adapter() const { return mpi_adapter_; }
  const rpc::Channel& user_attributes() const { return user_attributes_; }

 private:
  const rpc::Channel mpi_adapter_;
  const rpc::Channel user_attributes_;
  const MhvAccountServiceImpl api_{};
};

}  // namespace

std::vector<std::string> Methods() { return {kEnsureAccountMethod}; }

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config,
                                                              service::Runtime& runtime) {
  absl::StatusOr<rpc::Channel> mpi_adapter = runtime.Connect(config.mpi_adapter);
  if (!mpi_adapter.ok()) return mpi_adapter.status();
  absl::StatusOr<rpc::Channel> user_attributes = runtime.Connect(config.user_attributes);
  if (!user_attributes.ok()) return user_attributes.status();

  auto service = std::make_unique<MhvAccount>(*std::move(mpi_adapter), *std::move(user_attributes));
  RegisterMhvAccountService(service->api(), runtime.rpc);
  // A neighbour that is down shows here and leaves this service ready: its callers decide.
  runtime.AddPeerCheck("mpi-adapter", service->mpi_adapter());
  runtime.AddPeerCheck("user-attributes", service->user_attributes());
  return service;
}

}  // namespace va::mhv
