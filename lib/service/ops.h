// The listener for probes and operators: /livez, /readyz, /startupz, and whatever routes the
// service adds. It has workers of its own, so that a service drowning in calls can still say so.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/worker_pool.h"
#include "lib/http/router.h"
#include "lib/http/server.h"
#include "lib/service/health.h"

namespace va::service {

class OpsServer {
 public:
  // `health` outlives the server.
  explicit OpsServer(const Health& health);
  ~OpsServer();
  OpsServer(const OpsServer&) = delete;
  OpsServer& operator=(const OpsServer&) = delete;

  absl::Status Listen(const std::string& address);
  int port() const { return server_->port(); }

  // Routes of the service; added before Publish, served after it.
  http::Router& routes() { return routes_; }
  void Publish() { published_ = true; }

  void Stop();

 private:
  http::Response Answer(http::Request& request) const;

  const Health& health_;
  http::Router probes_;
  http::Router routes_;
  std::atomic<bool> published_{false};
  base::WorkerPool workers_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace va::service
