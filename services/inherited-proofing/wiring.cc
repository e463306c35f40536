#include "services/inherited-proofing/wiring.h"

#include <utility>

#include "lib/base/periodic.h"
#include "lib/base/status.h"
#include "lib/http/client.h"
#include "lib/http/guarded_client.h"
#include "lib/service/breakers.h"
#include "lib/service/decision_keys.h"
#include "lib/service/reload_units.h"
#include "lib/service/ring_gauges.h"
#include "lib/service/upstream.h"
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

void SweepOnce(const service::Runtime& runtime, const telemetry::Counter& expired) {
  const absl::Time now = runtime.clock.Now();
  const auto swept = Sweep(runtime.database, {}, now, now + kSweepDeadline);
  if (!swept.ok()) {
    runtime.log.Warn("janitor.failed", {{"reason", base::ReasonOf(swept.status())}});
  } else if (*swept > 0) {
    expired.Add({}, static_cast<double>(*swept));
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
        party_("mhv_proofing", *http_, runtime.clock, runtime.ids),
        mhv_({party_, runtime.clock},
             {config.mhv_url, config.mhv_timeout, std::move(loaded.mhv_app_token)}),
        people_(mpi_adapter),
        consents_(runtime.database, runtime.ids),
        handoffs_(runtime.database),
        api_({decisions_, mhv_, people_, consents_, handoffs_, runtime.clock, runtime.ids,
              runtime.log, runtime.audit},
             SettingsOf(config)),
        janitor_(config.sweep_pause,
                 [runtime, expired = runtime.metrics.AddCounter("va_handoffs_expired_total",
                                                                "Handoff codes forgotten.")] {
                   SweepOnce(runtime, expired);
                 }) {}

  const ProofingServiceImpl& api() const { return api_; }
  const http::GuardedClient& party() const { return party_; }
  void AddReloads(const Config& config, service::Reloads& reloads);
  void WatchRings(service::RingGauges rings) const {
    rings.Watch("decision.icn_keys_file", [this] { return decisions_.IcnKeyAges(); });
    rings.WatchSet("decision.jwks_file", [this] { return decisions_.keys(); });
  }

 private:
  jose::DecisionVerifier decisions_;
  std::unique_ptr<http::Client> http_;
  http::GuardedClient party_;
  HttpMhvProofing mhv_;
  GrpcPersonIndex people_;
  PgConsentStore consents_;
  PgHandoffStore handoffs_;
  const ProofingServiceImpl api_;
  const base::Periodic janitor_;
};

void InheritedProofing::AddReloads(const Config& config, service::Reloads& reloads) {
  reloads.Add(service::DecisionKeysUnit(config.decision, jose::kProofingAudience, decisions_));
  reloads.Add({"mhv_token",
               {{"mhv.app_token_file", config.mhv_app_token_file}},
               [this, &config](service::FileLoader& files) {
                 auto token = files.Take("mhv.app_token_file",
                                         crypto::ReadSecretLine(config.mhv_app_token_file));
                 if (token) mhv_.ExchangeToken(identity::Secret::FromWire(*std::move(token)));
               },
               telemetry::AuditEvent::kKeyRotated});
}

}  // namespace

std::vector<std::string> Methods() {
  return {kCheckEligibilityMethod, kRecordConsentMethod, kStartHandoffMethod};
}

std::vector<std::string> Calls() {
  return {"va.mpi.v1.MpiService/GetProfile", "grpc.health.v1.Health/Check"};
}

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime) {
  const absl::StatusOr<rpc::Channel> mpi_adapter = runtime.Connect(config.mpi_adapter);
  if (!mpi_adapter.ok()) return mpi_adapter.status();
  absl::StatusOr<std::unique_ptr<http::CurlClient>> http = http::CurlClient::Create(TlsOf(config));
  if (!http.ok()) return http.status();
  http::CurlClient& curl = **http;
  auto service = std::make_unique<InheritedProofing>(
      config, std::move(loaded), service::Metered(*std::move(http), "mhv", runtime), *mpi_adapter,
      runtime);
  RegisterProofingService(service->api(), runtime.rpc);
  service->AddReloads(config, runtime.reloads);
  service->WatchRings({runtime.metrics, runtime.clock});
  runtime.reloads.Add(service::HttpTlsUnit(
      "mhv.http.tls",
      {config.mhv_certificate_file, config.mhv_private_key_file, config.mhv_ca_file}, curl));
  service::ShowBreaker(service->party(), runtime.health, runtime.metrics);
  // A neighbour that is down shows here and leaves this service ready: its callers decide.
  runtime.AddPeerCheck("mpi-adapter", *mpi_adapter);
  return service;
}

}  // namespace va::proofing
