// Outgoing HTTP: a port (`Client`) that adapters and tests implement or fake, and `CurlClient`, its
// one real form over libcurl. A client owns its connections and is shared by all threads of a
// service.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/http/message.h"

namespace va::http {

struct ClientRequest {
  std::string method = "GET";
  std::string url{};
  Headers headers{};
  std::string body{};
  absl::Duration timeout = absl::Seconds(10);  // for everything, connecting included
  size_t max_response = 2 * 1024 * 1024;
  bool follow_redirects = false;
  // Whether the peer may see it twice: when a kept connection dies before the first byte of the
  // answer, nobody knows whether the request was heard. GET and HEAD always may.
  bool repeatable = false;
};

struct ClientResponse {
  int status = 0;
  Headers headers{};
  std::string body{};
};

class Client {
 public:
  virtual ~Client() = default;

  // Any HTTP answer, of whatever status, is a response. Faults, by base::ReasonOf:
  //   UNAVAILABLE         CONNECT (nothing was sent), TLS, CONNECTION_LOST
  //   DEADLINE_EXCEEDED   TIMEOUT
  //   RESOURCE_EXHAUSTED  RESPONSE_TOO_LARGE
  //   INVALID_ARGUMENT    BAD_REQUEST
  // Messages name the host, never path, query, header or body, which may hold personal data.
  virtual absl::StatusOr<ClientResponse> Send(const ClientRequest& request) = 0;
};

struct TlsClientOptions {
  std::string ca_file{};           // the only roots trusted; the system's are not
  std::string certificate_file{};  // with private_key_file: the client certificate; both or none
  std::string private_key_file{};
  bool allow_plain_http = false;  // http:// URLs are refused unless set
  absl::Duration connect_timeout = absl::Seconds(3);
  size_t idle_handles = 16;  // connections kept for reuse
  std::string user_agent{};  // empty: the header is not sent
};

class CurlClient : public Client {
 public:
  // INVALID_ARGUMENT when a named file is unusable or only half of the pair is given.
  static absl::StatusOr<std::unique_ptr<CurlClient>> Create(TlsClientOptions options);
  ~CurlClient() override;

  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  absl::StatusOr<ClientResponse> Send(const ClientRequest& request) override;

  // Reads the files of the options again. New connections use what they hold from then on; requests
  // under way finish on what they have. INVALID_ARGUMENT, and nothing changes, unless all of it is
  // usable: the key is the certificate's, the certificate is not out of date, the CAs parse. What
  // was read is kept in memory: no handshake ever sees a half-written file. From any thread.
  absl::Status ReloadTls();

 private:
  class Impl;
  explicit CurlClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace va::http
