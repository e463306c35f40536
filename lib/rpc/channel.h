// Our side as a client: one shared, self-healing connection to one service with mutual TLS, and a
// blocking unary call over it. A call without a deadline does not exist. Failures come back as the
// absl::Status the other service returned, reason and retryability included.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
#include "lib/rpc/tls.h"

namespace grpc {
class Channel;
}

namespace va::rpc {

// A connection to one service. Thread-safe; copies share the connection.
class Channel {
 public:
  explicit Channel(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)) {}

  grpc::Channel& native() const { return *channel_; }
  const std::shared_ptr<grpc::Channel>& shared() const { return channel_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

struct CallOptions {
  absl::Time deadline = absl::InfinitePast();  // required: left out, the call fails at once
  std::string request_id = {};                 // travels as metadata va-request-id when not empty
  bool wait_for_ready = false;  // wait for a connection until the deadline instead of failing fast
};

// Prepares a channel to `target` ("host:port" or any gRPC name). The server's certificate must
// carry `server_name`; empty means the host of `target`. Connects on first use. INVALID_ARGUMENT
// (TLS_FILES) if the files cannot be used.
absl::StatusOr<Channel> Connect(const std::string& target, const TlsOptions& tls,
                                const std::string& server_name = "");

// The untyped call behind Call().
absl::Status CallUnary(const Channel& channel, absl::string_view full_method,
                       const google::protobuf::MessageLite& request,
                       google::protobuf::MessageLite& response, const CallOptions& options);

// Calls "va.mpi.v1.MpiService/GetProfile" and waits for the answer.
template <typename Response, typename Request>
absl::StatusOr<Response> Call(const Channel& channel, absl::string_view full_method,
                              const Request& request, const CallOptions& options) {
  Response response;
  if (absl::Status status = CallUnary(channel, full_method, request, response, options);
      !status.ok()) {
    return status;
  }
  return response;
}

// Asks the standard health method; OK only when the service says SERVING.
absl::Status CheckHealth(const Channel& channel, absl::Time deadline);

}  // namespace va::rpc
