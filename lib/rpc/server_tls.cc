#include "lib/rpc/server_tls.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <string>
#include <utility>

namespace va::rpc {

absl::StatusOr<std::shared_ptr<ServerTls>> ServerTls::Create(const TlsOptions& options) {
  absl::StatusOr<TlsMaterial> material = LoadTlsMaterial(options);
  if (!material.ok()) return material.status();
  // gRPC's builder takes credentials in this form only.
  return std::shared_ptr<ServerTls>(new ServerTls(options, *std::move(material)));
}

ServerTls::ServerTls(TlsOptions options, TlsMaterial material)
    : options_(std::move(options)), material_(std::move(material)) {
  credentials_ = grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, &ServerTls::Fetch, this));
}

ServerTls::~ServerTls() { grpc_server_credentials_release(credentials_); }

absl::Status ServerTls::Reload() {
  absl::StatusOr<TlsMaterial> material = LoadTlsMaterial(options_);
  if (!material.ok()) return material.status();
  Use(*std::move(material));
  return absl::OkStatus();
}

void ServerTls::Use(TlsMaterial material) {
  const std::lock_guard<std::mutex> lock(mutex_);
  material_ = std::move(material);
  fresh_ = true;
}

// Identity is the certificate's alone: nothing may rewrite it from metadata (attack G7).
void ServerTls::SetAuthMetadataProcessor(
    const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) {}

int ServerTls::AddPortToServer(const std::string& address, grpc_server* server) {
  return grpc_server_add_http2_port(server, address.c_str(), credentials_);
}

// Asked before each handshake, under a lock of the port. What it hands out is a new context with
// new ticket keys, so a session under old roots is not resumed under new ones.
grpc_ssl_certificate_config_reload_status ServerTls::Fetch(
    void* self, grpc_ssl_server_certificate_config** config) {
  auto& tls = *static_cast<ServerTls*>(self);
  const std::lock_guard<std::mutex> lock(tls.mutex_);
  if (!tls.fresh_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair = {tls.material_.private_key.c_str(),
                                           tls.material_.certificate.c_str()};
  *config = grpc_ssl_server_certificate_config_create(tls.material_.ca.c_str(), &pair, 1);
  tls.fresh_ = false;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace va::rpc
