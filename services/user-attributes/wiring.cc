#include "services/user-attributes/wiring.h"

#include <utility>

#include "services/user-attributes/api/grpc/attributes_service.h"
#include "services/user-attributes/store/pg_account_store.h"

namespace va::attributes {
namespace {

// Owns what the RPC handlers use, in the order it was built.
class UserAttributes final : public service::RunningService {
 public:
  UserAttributes(Loaded loaded, service::Runtime& runtime)
      : loaded_(std::move(loaded)),
        accounts_(runtime.database, loaded_.sealed_box, loaded_.hasher, runtime.ids),
        api_({*loaded_.policy, accounts_, runtime.clock, runtime.log, runtime.audit}) {}

  const AttributesServiceImpl& api() const { return api_; }

 private:
  const Loaded loaded_;
  PgAccountStore accounts_;
  const AttributesServiceImpl api_;
};

}  // namespace

std::vector<std::string> Methods() { return {kDeriveMethod, kAdmitMethod}; }

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime) {
  auto service = std::make_unique<UserAttributes>(std::move(loaded), runtime);
  RegisterAttributesService(service->api(), runtime.rpc);
  runtime.log.Info("policy.loaded", {{"file", config.policy_file}});
  return service;
}

}  // namespace va::attributes
