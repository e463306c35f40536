#include "services/mpi-adapter/wiring.h"

#include <utility>

#include "absl/time/clock.h"

#include "lib/http/client.h"
#include "lib/service/breakers.h"
#include "lib/service/reload_units.h"
#include "lib/service/ring_gauges.h"
#include "lib/service/upstream.h"
#include "services/mpi-adapter/adapters/break_glass.h"
#include "services/mpi-adapter/adapters/guarded_mpi.h"
#include "services/mpi-adapter/adapters/shared_questions.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/api/grpc/mpi_service.h"
#include "services/mpi-adapter/cache_wiring.h"
#include "services/mpi-adapter/metered_mpi.h"

namespace va::mpi {
namespace {

// Owns what the RPC handlers use, in the order it was built.
class MpiAdapter final : public service::RunningService {
 public:
  MpiAdapter(std::unique_ptr<http::Client> http, const Config& config, const Config& fresh,
             Loaded loaded, service::Runtime& runtime)
      : fresh_(fresh),
        loaded_(std::move(loaded)),
        http_(std::move(http)),
        break_glass_({runtime.clock, runtime.log, runtime.audit, runtime.metrics}),
        gateway_({*http_, runtime.clock, runtime.ids, &break_glass_}, config.soap),
        guarded_({gateway_, gateway_, runtime.clock, runtime.ids, runtime.metrics,
                  [](absl::Duration pause) { absl::SleepFor(pause); }},
                 config.guards),
        metered_(guarded_, guarded_, runtime.metrics),
        questions_(metered_, runtime.clock),
        cache_(config.cache, loaded_, questions_, metered_, runtime),
        changes_({metered_, metered_, cache_.answers(), cache_.claims(), runtime.clock, runtime.ids,
                  [](absl::Duration pause) { absl::SleepFor(pause); }}),
        api_({cache_.mpi(), metered_, changes_, runtime.log, runtime.audit}) {
    break_glass_.Set(config.break_glass);
    AddKeyReloads(config, loaded_, runtime.reloads);
    service::RingGauges rings(runtime.metrics, runtime.clock);
    rings.Watch("keys.sealed_box_file", loaded_.sealed_box);
    rings.Watch("keys.lookup_file", loaded_.hasher);
  }

  void Apply() override { break_glass_.Set(fresh_.break_glass); }

  const MpiServiceImpl& api() const { return api_; }
  const GuardedMpi& guarded() const { return guarded_; }

 private:
  const Config& fresh_;
  Loaded loaded_;
  std::unique_ptr<http::Client> http_;
  BreakGlass break_glass_;
  SoapMpiGateway gateway_;
  GuardedMpi guarded_;
  MeteredMpi metered_;
  SharedQuestions questions_;
  Cache cache_;
  const PersonChanges changes_;
  const MpiServiceImpl api_;
};

http::TlsClientOptions TlsOf(const Config& config) {
  http::TlsClientOptions tls;
  tls.ca_file = config.ca_file;
  tls.certificate_file = config.certificate_file;
  tls.private_key_file = config.private_key_file;
  tls.connect_timeout = config.connect_timeout;
  tls.idle_handles = static_cast<size_t>(config.connections);
  return tls;
}

}  // namespace

std::vector<std::string> Methods() { return MpiServiceMethods(); }

void SetDefaults(service::CommonConfig& common) { common.workers_threads = 576; }

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config,
                                                              const Config& fresh, Loaded loaded,
                                                              service::Runtime& runtime) {
  absl::StatusOr<std::unique_ptr<http::CurlClient>> http = http::CurlClient::Create(TlsOf(config));
  if (!http.ok()) return http.status();
  http::CurlClient& curl = **http;
  auto service = std::make_unique<MpiAdapter>(service::Metered(*std::move(http), "mpi", runtime),
                                              config, fresh, std::move(loaded), runtime);
  RegisterMpiService(service->api(), runtime.rpc);
  runtime.reloads.Add(service::HttpTlsUnit(
      "mpi.http.tls", {config.certificate_file, config.private_key_file, config.ca_file}, curl));
  service::ShowBreaker(
      "mpi", [&guarded = service->guarded()] { return guarded.state(); }, runtime.health,
      runtime.metrics);
  return service;
}

}  // namespace va::mpi
