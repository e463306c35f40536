#include "tools/signinctl/mpi_connection.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/service/example_config.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/config.h"
#include "tools/signinctl/service_home.h"

namespace va::signinctl {
namespace {

// Empty, or what is wrong with the file.
std::string ReadConfig(const std::string& config_file, const World& world, mpi::Config& config) {
  config::Table table(service::EnvPrefix("mpi-adapter"));
  mpi::BindMpi(table, config);
  return LoadRows(table, config_file, world);
}

}  // namespace

MpiSettings ReadMpiSettings(const std::string& config_file, const World& world) {
  mpi::Config config;
  MpiSettings out;
  if (!config_file.empty()) out.problem = ReadConfig(config_file, world, config);
  out.url = config.soap.url;
  out.message = config.soap.message;
  out.message_id_prefix = config.soap.message_id_prefix;
  out.query_id = config.soap.query_id;
  return out;
}

mpi::hl7::MessageStamp NewStamp(const MpiSettings& settings, base::IdGenerator& ids,
                                absl::Time now) {
  return {absl::StrCat(settings.message_id_prefix, ids.Uuid()),
          settings.query_id.empty() ? ids.Uuid() : settings.query_id, now};
}

absl::StatusOr<mpi::Answer> AskMpi(const mpi::Question& question, const std::string& config_file,
                                   const World& world) {
  mpi::Config config;
  if (const std::string problem = ReadConfig(config_file, world, config); !problem.empty()) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "CONFIGURATION", problem);
  }
  http::TlsClientOptions tls;
  tls.ca_file = config.ca_file;
  tls.certificate_file = config.certificate_file;
  tls.private_key_file = config.private_key_file;
  tls.connect_timeout = config.connect_timeout;
  absl::StatusOr<std::unique_ptr<http::CurlClient>> http = http::CurlClient::Create(std::move(tls));
  if (!http.ok()) return http.status();
  crypto::SystemIdGenerator ids;
  mpi::SoapMpiGateway gateway({**http, world.clock, ids}, config.soap);
  return gateway.Find(question, world.clock.Now() + config.soap.timeout);
}

}  // namespace va::signinctl
