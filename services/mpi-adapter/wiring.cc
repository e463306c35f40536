#include "services/mpi-adapter/wiring.h"

#include <utility>

#include "lib/http/client.h"
#include "lib/http/guarded_client.h"
#include "lib/service/breakers.h"
#include "lib/service/reload_units.h"
#include "lib/service/upstream.h"
#include "services/mpi-adapter/adapters/shared_questions.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/api/grpc/mpi_service.h"
#include "services/mpi-adapter/metered_mpi.h"

namespace va::mpi {
namespace {

// Owns what the RPC handlers use, in the order it was built.
class MpiAdapter final : public service::RunningService {
 public:
  MpiAdapter(std::unique_ptr<http::Client> http, const SoapSettings& soap,
             service::Runtime& runtime)
      : http_(std::move(http)),
        party_("mpi", *http_, runtime.clock, runtime.ids),
        gateway_({party_, runtime.clock, runtime.ids}, soap),
        metered_(gateway_, runtime.metrics),
        questions_(metered_, runtime.clock),
        api_(questions_, runtime.log) {}

  MpiServiceImpl& api() { return api_; }
  const http::GuardedClient& party() const { return party_; }

 private:
  std::unique_ptr<http::Client> http_;
  http::GuardedClient party_;
  SoapMpiGateway gateway_;
  MeteredMpi metered_;
  SharedQuestions questions_;
  MpiServiceImpl api_;
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

std::vector<std::string> Methods() { return {kGetProfileMethod}; }

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config,
                                                              service::Runtime& runtime) {
  absl::StatusOr<std::unique_ptr<http::CurlClient>> http = http::CurlClient::Create(TlsOf(config));
  if (!http.ok()) return http.status();
  http::CurlClient& curl = **http;
  auto service = std::make_unique<MpiAdapter>(service::Metered(*std::move(http), "mpi", runtime),
                                              config.soap, runtime);
  RegisterMpiService(service->api(), runtime.rpc);
  runtime.reloads.Add(service::HttpTlsUnit(
      "mpi.http.tls", {config.certificate_file, config.private_key_file, config.ca_file}, curl));
  service::ShowBreaker(service->party(), runtime.health, runtime.metrics);
  return service;
}

}  // namespace va::mpi
