#include "services/mhv-account/wiring.h"

#include <utility>

#include "lib/http/client.h"
#include "lib/http/guarded_client.h"
#include "lib/service/breakers.h"
#include "lib/service/decision_keys.h"
#include "lib/service/reload_units.h"
#include "lib/service/ring_gauges.h"
#include "lib/service/upstream.h"
#include "services/mhv-account/adapters/grpc_person_cache.h"
#include "services/mhv-account/adapters/grpc_terms_records.h"
#include "services/mhv-account/adapters/http_account_api.h"
#include "services/mhv-account/api/grpc/mhv_account_service.h"
#include "services/mhv-account/store/pg_account_store.h"

namespace va::mhv {
namespace {

// The connections to others, as wiring prepared them.
struct Connections {
  std::unique_ptr<http::Client> http;
  rpc::Channel mpi_adapter;
  rpc::Channel user_attributes;
};

AccountApiSettings ApiSettings(const Config& config, const Loaded& loaded) {
  AccountApiSettings settings;
  settings.url = config.http_url;
  settings.sts_url = config.sts_url;
  settings.timeout = config.http_timeout;
  settings.client_id = config.sts_client_id;
  settings.service_account_id = config.sts_service_account_id;
  settings.api_key = loaded.api_key;
  return settings;
}

// Owns what the RPC handlers use, in the order it was built.
class RunningMhvAccount final : public service::RunningService {
 public:
  RunningMhvAccount(const Config& config, Loaded loaded, Connections connections,
                    service::Runtime& runtime)
      : loaded_(std::move(loaded)),
        connections_(std::move(connections)),
        terms_(connections_.user_attributes, config.terms_document),
        sts_party_("mhv_sts", *connections_.http, runtime.clock, runtime.ids),
        account_party_("mhv_account", *connections_.http, runtime.clock, runtime.ids),
        mhv_({account_party_, sts_party_, *loaded_.sts_key, runtime.clock, runtime.ids},
             ApiSettings(config, loaded_)),
        accounts_(runtime.database, loaded_.sealed_box, loaded_.hasher, runtime.ids),
        people_(connections_.mpi_adapter),
        api_({loaded_.decisions, terms_, mhv_, accounts_, people_, runtime.clock, runtime.log,
              runtime.audit, config.account_lifetime,
              runtime.metrics.AddCounter(
                  "va_mhv_mpi_forgotten_total",
                  "New MHV ids after which mpi-adapter was asked to forget the person.",
                  {{"outcome", {"done", "failed"}}})}) {}

  const MhvAccountServiceImpl& api() const { return api_; }
  const Connections& connections() const { return connections_; }
  void AddReloads(const Config& config, service::Reloads& reloads);
  void WatchRings(service::RingGauges rings) const;
  void ShowBreakers(service::Runtime& runtime) const {
    service::ShowBreaker(sts_party_, runtime.health, runtime.metrics);
    service::ShowBreaker(account_party_, runtime.health, runtime.metrics);
  }

 private:
  void ReloadSts(const Config& config, service::FileLoader& files);

  Loaded loaded_;
  const Connections connections_;
  GrpcTermsRecords terms_;
  http::GuardedClient sts_party_;
  http::GuardedClient account_party_;
  HttpAccountApi mhv_;
  PgAccountStore accounts_;
  GrpcPersonCache people_;
  const MhvAccountServiceImpl api_;
};

void RunningMhvAccount::WatchRings(service::RingGauges rings) const {
  rings.Watch("keys.sealed_box_file", loaded_.sealed_box);
  rings.Watch("keys.lookup_file", loaded_.hasher);
  rings.Watch("decision.icn_keys_file", [this] { return loaded_.decisions.IcnKeyAges(); });
  rings.WatchSet("decision.jwks_file", [this] { return loaded_.decisions.keys(); });
  rings.Watch("mhv.sts.signing_ring_file", [this] { return loaded_.sts_ring->Get()->Ages(); });
}

void RunningMhvAccount::AddReloads(const Config& config, service::Reloads& reloads) {
  using service::FileLoader;
  using telemetry::AuditEvent;
  reloads.Add(
      service::DecisionKeysUnit(config.decision, jose::kMhvAccountAudience, loaded_.decisions));
  reloads.Add(service::RingUnit("sealed_box", {"keys.sealed_box_file", config.sealed_box_file},
                                loaded_.sealed_box));
  reloads.Add(
      service::RingUnit("lookup", {"keys.lookup_file", config.lookup_file}, loaded_.hasher));
  const service::FileSetting ring = {"mhv.sts.signing_ring_file", config.sts_signing_ring_file};
  reloads.Add({"sts_key",
               {ring},
               [this, &config](FileLoader& files) { ReloadSts(config, files); },
               AuditEvent::kKeyRotated,
               service::FilesOfRing(ring)});
  reloads.Add({"mhv_api_key",
               {{"mhv.api_key_file", config.api_key_file}},
               [this, &config](FileLoader& files) {
                 auto key =
                     files.Take("mhv.api_key_file", crypto::ReadSecretLine(config.api_key_file));
                 if (key) mhv_.ExchangeApiKey(identity::Secret::FromWire(*std::move(key)));
               },
               AuditEvent::kKeyRotated});
}

void RunningMhvAccount::ReloadSts(const Config& config, service::FileLoader& files) {
  auto next = LoadStsKeys(config, files);
  if (!next || !files.problems().empty()) return;
  if (const absl::Status replaces = next->ring.Replaces(*loaded_.sts_ring->Get()); !replaces.ok()) {
    files.Report("mhv.sts.signing_ring_file", replaces.message());
    return;
  }
  loaded_.sts_key->Swap(std::move(next->key));
  loaded_.sts_ring->Swap(std::move(next->ring));
}

http::TlsClientOptions TlsOf(const Config& config) {
  http::TlsClientOptions tls;
  tls.ca_file = config.http_ca_file;
  tls.certificate_file = config.http_certificate_file;
  tls.private_key_file = config.http_private_key_file;
  return tls;
}

}  // namespace

std::vector<std::string> Methods() { return {kEnsureAccountMethod}; }

std::vector<std::string> Calls() {
  return {"va.attributes.v1.AttributesService/GetTermsAcceptance",
          "va.mpi.v1.MpiService/Invalidate", "grpc.health.v1.Health/Check"};
}

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime) {
  absl::StatusOr<rpc::Channel> mpi_adapter = runtime.Connect(config.mpi_adapter);
  if (!mpi_adapter.ok()) return mpi_adapter.status();
  absl::StatusOr<rpc::Channel> user_attributes = runtime.Connect(config.user_attributes);
  if (!user_attributes.ok()) return user_attributes.status();
  absl::StatusOr<std::unique_ptr<http::CurlClient>> http = http::CurlClient::Create(TlsOf(config));
  if (!http.ok()) return http.status();

  http::CurlClient& curl = **http;
  auto service = std::make_unique<RunningMhvAccount>(
      config, std::move(loaded),
      Connections{service::Metered(*std::move(http), "mhv", runtime), *std::move(mpi_adapter),
                  *std::move(user_attributes)},
      runtime);
  RegisterMhvAccountService(service->api(), runtime.rpc);
  service->ShowBreakers(runtime);
  service->AddReloads(config, runtime.reloads);
  service->WatchRings({runtime.metrics, runtime.clock});
  runtime.reloads.Add(service::HttpTlsUnit(
      "mhv.http.tls",
      {config.http_certificate_file, config.http_private_key_file, config.http_ca_file}, curl));
  // A neighbour that is down shows here and leaves this service ready: its callers decide.
  runtime.AddPeerCheck("mpi-adapter", service->connections().mpi_adapter);
  runtime.AddPeerCheck("user-attributes", service->connections().user_attributes);
  return service;
}

}  // namespace va::mhv
