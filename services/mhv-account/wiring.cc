#include "services/mhv-account/wiring.h"

#include <utility>

#include "lib/http/client.h"
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
        mhv_({*connections_.http, loaded_.sts_key, runtime.clock, runtime.ids},
             ApiSettings(config, loaded_)),
        accounts_(runtime.database, loaded_.sealed_box, loaded_.hasher, runtime.ids),
        api_({loaded_.decisions, terms_, mhv_, accounts_, runtime.clock, runtime.log, runtime.audit,
              config.account_lifetime}) {}

  const MhvAccountServiceImpl& api() const { return api_; }
  const Connections& connections() const { return connections_; }

 private:
  const Loaded loaded_;
  const Connections connections_;
  GrpcTermsRecords terms_;
  HttpAccountApi mhv_;
  PgAccountStore accounts_;
  const MhvAccountServiceImpl api_;
};

http::TlsClientOptions TlsOf(const Config& config) {
  http::TlsClientOptions tls;
  tls.ca_file = config.http_ca_file;
  tls.certificate_file = config.http_certificate_file;
  tls.private_key_file = config.http_private_key_file;
  return tls;
}

}  // namespace

std::vector<std::string> Methods() { return {kEnsureAccountMethod}; }

absl::StatusOr<std::unique_ptr<service::RunningService>> Wire(const Config& config, Loaded loaded,
                                                              service::Runtime& runtime) {
  absl::StatusOr<rpc::Channel> mpi_adapter = runtime.Connect(config.mpi_adapter);
  if (!mpi_adapter.ok()) return mpi_adapter.status();
  absl::StatusOr<rpc::Channel> user_attributes = runtime.Connect(config.user_attributes);
  if (!user_attributes.ok()) return user_attributes.status();
  absl::StatusOr<std::unique_ptr<http::CurlClient>> http = http::CurlClient::Create(TlsOf(config));
  if (!http.ok()) return http.status();

  auto service = std::make_unique<RunningMhvAccount>(
      config, std::move(loaded),
      Connections{*std::move(http), *std::move(mpi_adapter), *std::move(user_attributes)}, runtime);
  RegisterMhvAccountService(service->api(), runtime.rpc);
  // A neighbour that is down shows here and leaves this service ready: its callers decide.
  runtime.AddPeerCheck("mpi-adapter", service->connections().mpi_adapter);
  runtime.AddPeerCheck("user-attributes", service->connections().user_attributes);
  return service;
}

}  // namespace va::mhv
