#include "services/user-attributes/wiring.h"

#include <utility>

#include "services/user-attributes/api/grpc/attributes_service.h"
#include "services/user-attributes/api/grpc/terms_service.h"
#include "services/user-attributes/store/pg_account_store.h"
#include "services/user-attributes/store/pg_terms_store.h"

namespace va::attributes {
namespace {

// Owns what the RPC handlers use, in the order it was built.
class UserAttributes final : public service::RunningService {
 public:
  UserAttributes(const Config& config, Loaded loaded, service::Runtime& runtime)
      : loaded_(std::move(loaded)),
        current_terms_(config.terms),
        accounts_(runtime.database, loaded_.sealed_box, loaded_.hasher, runtime.ids),
        terms_(runtime.database),
        decisions_api_({*loaded_.policy, accounts_, loaded_.signer, runtime.clock, runtime.ids,
                        runtime.log, runtime.audit}),
        terms_api_({current_terms_, terms_, loaded_.verifier, runtime.clock, runtime.log,
                    runtime.audit}) {}

  const AttributesServiceImpl& decisions_api() const { return decisions_api_; }
  const TermsServiceImpl& terms_api() const { return terms_api_; }

 private:
  const Loaded loaded_;
  const TermsDocument current_terms_;
  PgAccountStore accounts_;
  PgTermsStore terms_;
  const AttributesServiceImpl decisions_api_;
  const TermsServiceImpl terms_api_;
};

}  // namespace

std::vector<std::string> Methods() {
  return {kDeriveMethod, kAdmitMethod, kRenewDecisionMethod, kRecordTermsMethod,
          kGetTermsAcceptanceMethod};
}

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime) {
  auto service = std::make_unique<UserAttributes>(config, std::move(loaded), runtime);
  RegisterAttributesService(service->decisions_api(), runtime.rpc);
  RegisterTermsService(service->terms_api(), runtime.rpc);
  runtime.log.Info("policy.loaded", {{"file", config.policy_file}});
  return service;
}

}  // namespace va::attributes
