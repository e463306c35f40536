// The server's end of mutual TLS, whose files can be read again while it serves: gRPC asks for the
// certificate before each handshake and gets the newest that was good. A client certificate that
// chains to the roots is demanded always (attack G1).
#pragma once

#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"
#include "lib/rpc/credentials.h"
#include "lib/rpc/tls.h"

struct grpc_ssl_server_certificate_config;

namespace va::rpc {

// For one port of one server, which it must outlive.
class ServerTls final : public grpc::ServerCredentials {
 public:
  // INVALID_ARGUMENT (TLS_FILES) as LoadTlsMaterial.
  static absl::StatusOr<std::shared_ptr<ServerTls>> Create(const TlsOptions& options);
  ~ServerTls() override;
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;

  // Reads and checks the files again. On failure every handshake goes on with what was good before.
  absl::Status Reload();
  void Use(TlsMaterial material);

  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& processor) override;

 private:
  ServerTls(TlsOptions options, TlsMaterial material);
  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config);

  const TlsOptions options_;
  std::mutex mutex_;
  TlsMaterial material_;
  bool fresh_ = true;  // gRPC has not been given `material_` yet
  grpc_server_credentials* credentials_ = nullptr;
};

}  // namespace va::rpc
