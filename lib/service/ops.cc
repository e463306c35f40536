#include "lib/service/ops.h"

#include <utility>

namespace va::service {
namespace {

http::Response ErrorJson(const http::Request& /*request*/, int status) {
  return http::Json(status, status == 405 ? "{\"error\":\"METHOD_NOT_ALLOWED\"}\n"
                                          : "{\"error\":\"NOT_FOUND\"}\n");
}

}  // namespace

OpsServer::OpsServer(const Health& health)
    : health_(health), probes_(&ErrorJson), routes_(&ErrorJson), workers_(2, 16) {
  probes_.AddSafe("/livez", [this](http::Request& /*request*/) {
    return health_.Alive().ok() ? http::Json(200, "{\"status\":\"alive\"}\n")
                                : http::Json(503, "{\"status\":\"stuck\"}\n");
  });
  probes_.AddSafe("/startupz", [this](http::Request& /*request*/) {
    return health_.phase() == Phase::kStarting ? http::Json(503, "{\"status\":\"starting\"}\n")
                                               : http::Json(200, "{\"status\":\"started\"}\n");
  });
  probes_.AddSafe("/readyz", [this](http::Request& /*request*/) {
    const HealthReport report = health_.Report();
    return http::Json(report.ready ? 200 : 503, ToJson(report));
  });
}

OpsServer::~OpsServer() { Stop(); }

absl::Status OpsServer::Listen(const std::string& address) {
  http::ServerOptions options;
  options.listen = address;
  options.max_connections = 64;
  options.body_limit = 64 * 1024;
  options.default_headers = {{"Cache-Control", "no-store"}};
  auto server = http::Server::Start(
      std::move(options), [this](http::Request& request) { return Answer(request); }, workers_);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

http::Response OpsServer::Answer(http::Request& request) const {
  if (!probes_.PatternFor(request.path).empty() || !published_) return probes_.Route(request);
  return routes_.Route(request);
}

void OpsServer::Stop() {
  if (server_ != nullptr) server_->Stop(absl::Seconds(1));
  workers_.Shutdown();
}

}  // namespace va::service
