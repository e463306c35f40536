// Our side as a client: one shared, self-healing connection to one service with mutual TLS, and a
// blocking unary call over it. The service may have several processes: calls go round those that
// say they serve. A call without a deadline does not exist. Failures come back as the absl::Status
// the other service returned, reason and retryability included.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
#include "lib/base/trace_context.h"
#include "lib/resilience/retry.h"
#include "lib/rpc/tls.h"

namespace grpc {
class Channel;
}

namespace va::rpc {

struct TlsMaterial;

// One call as our side saw it, every attempt counted in. For metrics; holds nothing of the answer.
struct ClientCallRecord {
  absl::string_view peer;    // ChannelOptions::peer
  absl::string_view method;  // "va.mpi.v1.MpiService/GetProfile"
  absl::StatusCode code = absl::StatusCode::kOk;
  absl::Duration took;
  int attempts = 1;
  // Of this call, and of the work it was made for; nothing valid outside of every trace.
  base::TraceContext trace = {};
  base::TraceContext parent = {};
};

struct ChannelOptions {
  // Who is called, as logs and metrics name it: "mpi-adapter".
  std::string peer = {};
  // The target may name several processes: calls go round all that health checks say are serving,
  // and a process that drains gets no new call. The caller must be listed there, or no call leaves
  // here at all (UNAVAILABLE). Without it the first address that answers gets everything.
  bool balanced = false;
  // Must not block; runs on the caller's thread.
  std::function<void(const ClientCallRecord&)> on_done = {};
  // For calls marked CallOptions::repeatable.
  resilience::RetryPolicy retry = {
      .max_attempts = 4, .first = absl::Milliseconds(20), .longest = absl::Milliseconds(500)};
  // No attempt is made again later than this since the call began. What failed slowly waited for
  // somebody behind the peer, and each hop that waits again multiplies what people wait.
  absl::Duration retry_within = absl::Seconds(1);
};

namespace internal {
class ChannelCore;
}

// A connection to one service. Thread-safe; copies share the connection.
class Channel {
 public:
  explicit Channel(std::shared_ptr<internal::ChannelCore> core) : core_(std::move(core)) {}

  // Reads the files of its TlsOptions again, checks them whole and uses them for all calls from now
  // on; calls in flight finish where they are. INVALID_ARGUMENT (TLS_FILES): nothing changed.
  absl::Status ReloadTls() const;
  // The same with what LoadTlsMaterial has read and checked; never fails.
  void UseTls(const TlsMaterial& material) const;

  // gRPC's own channel as it is now.
  std::shared_ptr<grpc::Channel> shared() const;

  internal::ChannelCore& core() const { return *core_; }

 private:
  std::shared_ptr<internal::ChannelCore> core_;
};

struct CallOptions {
  absl::Time deadline = absl::InfinitePast();  // required: left out, the call fails at once
  std::string request_id = {};                 // travels as metadata va-request-id when not empty
  bool wait_for_ready = false;  // wait for a connection until the deadline instead of failing fast
  // Asked twice it changes nothing more than asked once: UNAVAILABLE is tried again, with growing
  // pauses, while the deadline and ChannelOptions::retry_within leave time. Any other call is sent
  // once: gRPC alone repeats it, and only where the server is known not to have taken it.
  bool repeatable = false;
  // W3C trace context; sent only when well-formed. Empty: a call for what this thread works for.
  std::string traceparent = {};
};

// Prepares a channel to `target` ("host:port", "ipv4:10.0.0.1:1,10.0.0.2:1" or any gRPC name). The
// server's certificate must carry `server_name`; empty means the host of `target`. Connects on
// first use. INVALID_ARGUMENT (TLS_FILES) if the files cannot be used.
absl::StatusOr<Channel> Connect(const std::string& target, const TlsOptions& tls,
                                const std::string& server_name = "", ChannelOptions options = {});

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

// The answers of a server stream, one after another. One thread reads; any may cancel. The end has
// a status of its own: OK when the service had nothing more to say.
class ReadStream {
 public:
  // Begins when the first answer is asked for; fails then as a call does.
  ReadStream(const Channel& channel, absl::string_view full_method,
             const google::protobuf::MessageLite& request, const CallOptions& options);
  // Ends the stream when it has not ended.
  ~ReadStream();
  ReadStream(const ReadStream&) = delete;
  ReadStream& operator=(const ReadStream&) = delete;

  // Waits for the next answer. False: the stream has ended, and Finish says how.
  bool Read(google::protobuf::MessageLite& response);

  // Of the stream that has ended, or ends by this. CANCELLED (STREAM_CANCELLED): by Cancel.
  absl::Status Finish();

  // Ends a Read that waits and every later one; from any thread.
  void Cancel();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Asks the standard health method; OK only when the service says SERVING.
absl::Status CheckHealth(const Channel& channel, absl::Time deadline);

}  // namespace va::rpc
