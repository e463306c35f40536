#include "services/user-attributes/wiring.h"

#include <optional>
#include <utility>

#include "lib/config/policy_file.h"
#include "lib/service/reload_units.h"
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
        decisions_api_({*loaded_.policy, accounts_, loaded_.decisions.signer, runtime.clock,
                        runtime.ids, runtime.log, runtime.audit}),
        terms_api_({current_terms_, terms_, loaded_.decisions.verifier, runtime.clock, runtime.log,
                    runtime.audit}) {}

  const AttributesServiceImpl& decisions_api() const { return decisions_api_; }
  const TermsServiceImpl& terms_api() const { return terms_api_; }
  void AddReloads(const Config& config, service::Reloads& reloads);

 private:
  void ReloadDecisions(const Config& config, service::FileLoader& files);

  Loaded loaded_;
  // Of the signing key before the present one; used by the one thread that reloads.
  std::optional<crypto::PublicKey> previous_key_;
  const TermsDocument current_terms_;
  PgAccountStore accounts_;
  PgTermsStore terms_;
  const AttributesServiceImpl decisions_api_;
  const TermsServiceImpl terms_api_;
};

void UserAttributes::AddReloads(const Config& config, service::Reloads& reloads) {
  using service::FileLoader;
  reloads.Add({"policy",
               {{"policy.file", config.policy_file}},
               [this, &config](FileLoader& files) {
                 auto policy =
                     files.Take("policy.file", config::LoadPolicyFile(config.policy_file));
                 if (policy) loaded_.policy->Install(*std::move(policy));
               },
               telemetry::AuditEvent::kConfigReloaded});
  reloads.Add(service::RingUnit("sealed_box", {"keys.sealed_box_file", config.sealed_box_file},
                                loaded_.sealed_box));
  reloads.Add(
      service::RingUnit("lookup", {"keys.lookup_file", config.lookup_file}, loaded_.hasher));
  reloads.Add({"decision_keys",
               {{"decision.signing_key_file", config.signing_key_file},
                {"decision.icn_keys_file", config.icn_keys_file}},
               [this, &config](FileLoader& files) { ReloadDecisions(config, files); },
               telemetry::AuditEvent::kKeyRotated});
}

void UserAttributes::ReloadDecisions(const Config& config, service::FileLoader& files) {
  Decisions& serving = loaded_.decisions;
  auto next = LoadDecisions(config, std::nullopt, files);
  if (!next) return;
  if (next->key.Der() != serving.key.Der()) previous_key_ = serving.key;
  next = LoadDecisions(config, previous_key_, files);
  if (!next || !files.problems().empty()) return;
  // What the new key signs can be verified before anything is signed with it.
  serving.verifier.Exchange(next->verifier);
  serving.signer.Exchange(next->signer);
  serving.key = next->key;
}

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
  service->AddReloads(config, runtime.reloads);
  runtime.log.Info("policy.loaded", {{"file", config.policy_file}});
  return service;
}

}  // namespace va::attributes
