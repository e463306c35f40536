#include "services/inherited-proofing/wiring.h"

#include <utility>

#include "lib/base/periodic.h"
#include "lib/base/status.h"
#include "lib/http/client.h"
#include "services/inherited-proofing/adapters/grpc_person_index.h"
#include "services/inherited-proofing/adapters/http_mhv_proofing.h"
#include "services/inherited-proofing/api/grpc/proofing_service.h"
#include "services/inherited-proofing/store/janitor.h"
#include "services/inherited-proofing/store/pg_consent_store.h"
#include "services/inherited-proofing/store/pg_handoff_store.h"

namespace va::proofing {
namespace {

http::TlsClientOptions TlsOf(const Config& config) {
  http::TlsClientOptions tls;
  tls.ca_file = config.mhv_ca_file;
  tls.certificate_file = config.mhv_certificate_file;
  tls.private_key_file = config.mhv_private_key_file;
  tls.connect_timeout = config.mhv_timeout;
  return tls;
}

ProofingSettings SettingsOf(const Config& config) {
  return {RulesOf(config), config.consent_text_version, config.consent_lifetime,
          config.code_lifetime};
}

constexpr absl::Duration kSweepDeadline = absl::Minutes(1);

void SweepOnce(const service::Runtime& runtime) {
  const absl::Time now = runtime.clock.Now();
  const auto swept = Sweep(runtime.database, {}, now, now + kSweepDeadline);
  if (!swept.ok()) {
    runtime.log.Warn("janitor.failed", {{"reason", base::ReasonOf(swept.status())}});
  } else if (*swept > 0) {
    runtime.log.Info("janitor.swept", {{"rows", *swept}});
  }
}

// Owns what the RPC handlers use, in the order it was built.
class InheritedProofing final : public service::RunningService {
 public:
  InheritedProofing(const Config& config, Loaded loaded, std::unique_ptr<http::Client> http,
                    const rpc::Channel& mpi_adapter, service::Runtime& runtime)
      : decisions_(std::move(loaded.decisions)),
        http_(std::move(http)),
        mhv_({*http_, runtime.clock},
             {config.mhv_url, config.mhv_timeout, std::move(loaded.mhv_app_token)}),
        people_(mpi_adapter),
        consents_(runtime.database, runtime.ids),
        handoffs_(runtime.database),
        api_({decisions_, mhv_, people_, consents_, handoffs_, runtime.clock, runtime.ids,
              runtime.log, runtime.audit},
             SettingsOf(config)),
        janitor_(config.sweep_pause, [runtime] { SweepOnce(runtime); }) {}

  const ProofingServiceImpl& api() const { return api_; }

 private:
  const jose::DecisionVerifier decisions_;
  std::unique_ptr<http::Client> http_;
  HttpMhvProofing mhv_;
  GrpcPersonIndex people_;
  PgConsentStore consents_;
  PgHandoffStore handoffs_;
  const ProofingServiceImpl api_;
  const base::Periodic janitor_;
};

}  // namespace

std::vector<std::string> Methods() {
  return {kCheckEligibilityMethod, kRecordConsentMethod, kStartHandoffMethod};
}

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime) {
  const absl::StatusOr<rpc::Channel> mpi_adapter = runtime.Connect(config.mpi_adapter);
  if (!mpi_adapter.ok()) return mpi_adapter.status();
  absl::StatusOr<std::unique_ptr<http::CurlClient>> http = http::CurlClient::Create(TlsOf(config));
  if (!http.ok()) return http.status();
  auto service = std::make_unique<InheritedProofing>(config, std::move(loaded), *std::move(http),
                                                     *mpi_adapter, runtime);
  RegisterProofingService(service->api(), runtime.rpc);
  // A neighbour that is down shows here and leaves this service ready: its callers decide.
  runtime.AddPeerCheck("mpi-adapter", *mpi_adapter);
  return service;
}

}  // namespace va::proofing
