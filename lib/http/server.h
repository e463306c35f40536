// The edge: an HTTP/1.1 server, with TLS or plain. An event loop accepts, reads and writes; a
// parsed request goes to a bounded worker pool, where a handler may block; a full pool sheds with
// 503. Every connection has a deadline at every moment. Owns its sockets and io threads; the pool
// is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/heartbeats.h"
#include "lib/base/worker_pool.h"
#include "lib/http/message.h"
#include "lib/http/router.h"

namespace va::http {

struct TlsServerOptions {
  std::string certificate_file{};  // PEM chain, leaf first
  std::string private_key_file{};
  // Set: every client must present a certificate signed by this CA.
  std::string client_ca_file{};
};

// Why the server answered itself. `reason` is a fixed token (HEADER_TOO_LARGE, ...), fit for a
// metric.
struct ServerRefusal {
  int status = 400;
  std::string reason{};
  std::string request_id{};
  std::string peer_address{};
  std::string client_address{};  // the peer, or whom a trusted proxy named
};

// One answer that is over, for metrics and the access log.
struct RequestRecord {
  absl::string_view method;   // a registered method, else "other"; empty when none could be read
  absl::string_view route;    // of the router; empty when no handler was reached
  int status = 0;             // kNoAnswer: closed without one
  absl::Duration took;        // from the first byte of the request to the last of the answer
  size_t bytes_out = 0;       // of the whole answer, sent or not
  absl::string_view refusal;  // the token of a ServerRefusal; empty: a handler answered
  bool complete = true;       // false: the client was gone, or too slow, before the last byte
};

// What the server has done so far; counts never fall.
struct ServerStats {
  size_t connections = 0;    // open now
  uint64_t accepted = 0;     // connections
  uint64_t made_room = 0;    // waiting connections closed for newer ones
  uint64_t turned_away = 0;  // closed at once: no room, or too many of one address
  uint64_t handshakes_failed = 0;
};

// How the proxies in front name whom they speak for. One way only: a proxy passes the other header
// on as the client sent it.
enum class ForwardedBy { kXForwardedFor, kForwarded };

struct ServerOptions {
  std::string listen = "127.0.0.1:0";
  std::optional<TlsServerOptions> tls{};  // absent: plain HTTP, for the ops port

  size_t io_threads = 1;
  size_t max_connections =
      1024;  // beyond it the longest idle one makes room, else the new one goes
  // Of one TCP peer, so that no single address holds them all; more are closed at once. 0: no such
  // limit. Trusted proxies are not counted.
  size_t max_connections_per_address = 0;
  size_t header_limit = 32 * 1024;
  size_t header_count_limit = 100;
  size_t target_limit = 8 * 1024;
  size_t body_limit = 512 * 1024;
  size_t body_memory_limit =
      32 * 1024 * 1024;  // of all unanswered requests together; beyond it 503

  absl::Duration handshake_timeout = absl::Seconds(10);
  absl::Duration header_timeout =
      absl::Seconds(10);                            // from the first byte to the end of the headers
  absl::Duration body_timeout = absl::Seconds(20);  // for the whole body
  absl::Duration write_timeout = absl::Seconds(20);  // for the whole answer
  absl::Duration idle_timeout = absl::Seconds(60);   // between requests
  absl::Duration linger_timeout =
      absl::Seconds(2);                           // reading on after a refusal, so that it is seen
  absl::Duration retry_after = absl::Seconds(2);  // told with a 503

  // The peers whose word about the client is believed: addresses or CIDRs, v4 and v6. Default:
  // nobody's (W7).
  std::vector<std::string> trusted_proxies{};
  ForwardedBy forwarded_by = ForwardedBy::kXForwardedFor;

  // Hosts (with port where it is not the default) that are ours; any other Host is 421. Empty: any.
  std::vector<std::string> hosts{};
  // Added to every answer that does not carry the same name itself.
  std::vector<Header> default_headers{};
  // A new id for each request; absent: requests carry none.
  std::function<std::string()> new_request_id{};
  // The body of 400, 408, 413, 414, 417, 421, 431, 500 and 503; absent: a small page. Must not
  // block.
  std::function<Response(const ServerRefusal&)> error_page{};
  // Asked on the event loop before the pool is: an answer here never waits for a worker. Must not
  // block. Nullopt: the handler runs on the pool.
  std::function<std::optional<Response>(Request&)> inline_handler{};
  // Told once for every request, after its answer. Runs on the event loop: must not block. The
  // record's texts live as long as the call.
  std::function<void(const RequestRecord&)> on_done{};
};

class Server {
 public:
  // Listens and serves when it returns. INVALID_ARGUMENT for unusable options (addresses, TLS
  // files), UNAVAILABLE when the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, Handler handler,
                                                       base::WorkerPool& pool);
  virtual ~Server() = default;

  // The port really listened on; differs from the option when that is 0.
  virtual int port() const = 0;

  // Reads the files of options.tls again. New handshakes use what they hold from then on, and
  // connections that are open stay; INVALID_ARGUMENT, and nothing changes, unless all of it is
  // usable: the chain parses and is not out of date, the key is the certificate's, the CA parses.
  // FAILED_PRECONDITION on a server without TLS. From any thread.
  virtual absl::Status ReloadTls() = 0;

  virtual ServerStats stats() const = 0;

  // How the event loops answer their heartbeats; posts the next ones. A loop that never answers is
  // stuck, and its connections with it. Thread-safe; nothing once stopping.
  virtual base::Heartbeats::Count Beat() = 0;

  // Stops accepting, closes idle connections, lets running requests finish for up to `drain`,
  // closes what is left. Returns after the last handler has returned, so that what handlers use may
  // go. A second call does nothing.
  virtual void Stop(absl::Duration drain) = 0;
};

}  // namespace va::http
