#include "services/mpi-adapter/wiring.h"

#include <utility>

#include "lib/http/client.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/api/grpc/mpi_service.h"

namespace va::mpi {
namespace {

// Owns what the RPC handlers use, in the order it was built.
class MpiAdapter final : public service::RunningService {
 public:
  MpiAdapter(std::unique_ptr<http::Client> http, const SoapSettings& soap,
             service::Runtime& runtime)
      : http_(std::move(http)),
        gateway_({*http_, runtime.clock, runtime.ids}, soap),
        api_(gateway_, runtime.log) {}

  MpiServiceImpl& api() { return api_; }

 private:
  std::unique_ptr<http::Client> http_;
  SoapMpiGateway gateway_;
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
  auto service = std::make_unique<MpiAdapter>(*std::move(http), config.soap, runtime);
  RegisterMpiService(service->api(), runtime.rpc);
  return service;
}

}  // namespace va::mpi
