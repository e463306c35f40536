#include "services/user-attributes/wiring.h"

#include <utility>

#include "lib/crypto/sealed_box.h"
#include "services/user-attributes/adapters/file_policy_source.h"
#include "services/user-attributes/api/grpc/attributes_service.h"
#include "services/user-attributes/store/pg_account_store.h"

namespace va::attributes {
namespace {

// Owns what the RPC handlers use, in the order it was built.
class UserAttributes final : public service::RunningService {
 public:
  UserAttributes(std::unique_ptr<FilePolicySource> policy, crypto::SealedBox box,
                 crypto::LookupHasher hasher, service::Runtime& runtime)
      : policy_(std::move(policy)),
        box_(std::move(box)),
        hasher_(std::move(hasher)),
        accounts_(runtime.database, box_, hasher_, runtime.ids),
        api_({*policy_, accounts_, runtime.clock, runtime.log, runtime.audit}) {}

  const AttributesServiceImpl& api() const { return api_; }

 private:
  const std::unique_ptr<FilePolicySource> policy_;
  const crypto::SealedBox box_;
  const crypto::LookupHasher hasher_;
  PgAccountStore accounts_;
  const AttributesServiceImpl api_;
};

}  // namespace

std::vector<std::string> Methods() { return {kDeriveMethod, kAdmitMethod}; }

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config,
                                                              service::Runtime& runtime) {
  auto policy = FilePolicySource::Open(config.policy_file);
  if (!policy.ok()) return policy.status();
  absl::StatusOr<crypto::SealedBox> box = crypto::SealedBox::FromKeyFile(config.sealed_box_file);
  if (!box.ok()) return box.status();
  absl::StatusOr<crypto::LookupHasher> hasher =
      crypto::LookupHasher::FromKeyFile(config.lookup_file);
  if (!hasher.ok()) return hasher.status();
  auto service = std::make_unique<UserAttributes>(*std::move(policy), *std::move(box),
                                                  *std::move(hasher), runtime);
  RegisterAttributesService(service->api(), runtime.rpc);
  runtime.log.Info("policy.loaded", {{"file", config.policy_file}});
  return service;
}

}  // namespace va::attributes
