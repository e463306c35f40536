// The HTTPS server of the MPI simulator: one thread for a connection, and plain blocking calls, so
// that an answer may be late, slow, cut off, endless or a reset, and five hundred of them at once.
// Requests are read by the strict reader of lib/http. Owns its sockets and threads.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/http/message.h"
#include "lib/http/server.h"
#include "tests/simulators/mpi/delivery.h"

namespace va::simulators {

struct WireOptions {
  std::string listen = "127.0.0.1:0";  // an IPv4 address and a port
  http::TlsServerOptions tls;
  std::size_t connections = 1024;  // as many more wait, further ones are closed at once
};

// Called on many threads at once.
using Answerer = std::function<Delivery(const http::Request&)>;

class WireServer {
 public:
  // Listens and serves when it returns. INVALID_ARGUMENT for an address or files that cannot be
  // used, UNAVAILABLE when the address is taken.
  static absl::StatusOr<std::unique_ptr<WireServer>> Start(const WireOptions& options,
                                                           Answerer answerer);
  virtual ~WireServer() = default;

  virtual int port() const = 0;
  // Breaks off what is going on and returns when every thread is done. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace va::simulators
