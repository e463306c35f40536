// Our side of every gRPC call: one generic asynchronous service behind a table of methods. A call
// is answered only if its full path stands in the table and the DNS name of the caller's verified
// certificate is listed for it; whatever else arrives is PERMISSION_DENIED before a byte of the
// message is read. The server owns its completion queues and threads; the pool is the caller's.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "lib/base/clock.h"
#include "lib/base/heartbeats.h"
#include "lib/base/trace_context.h"
#include "lib/base/worker_pool.h"
#include "lib/resilience/token_bucket.h"
#include "lib/rpc/stream_writer.h"
#include "lib/rpc/tls.h"

namespace grpc {
class ByteBuffer;
}

namespace va::rpc {

struct TlsMaterial;

// The health method every server answers itself, to every listed caller.
inline constexpr char kHealthCheckMethod[] = "grpc.health.v1.Health/Check";
// And the one by which a caller is told as soon as that answer changes.
inline constexpr char kHealthWatchMethod[] = "grpc.health.v1.Health/Watch";

// What a handler keeps for itself out of the time of a call.
inline constexpr absl::Duration kReplyMargin = absl::Milliseconds(100);

// What a handler may know about its call. `caller` comes from the certificate alone; metadata can
// never name it (attack G7).
struct CallContext {
  std::string caller;       // DNS name from the client certificate, as listed
  std::string request_id;   // metadata va-request-id, empty if absent or malformed
  std::string traceparent;  // W3C trace context from the metadata, empty if absent or malformed
  absl::Time deadline;      // always set: the client's, capped, or the server's default
  const std::atomic<bool>* cancelled = nullptr;
  bool may_block = true;  // false: this is the thread that received the call

  // When others who are asked for this call must have answered: a little before our caller gives
  // up, or it never learns whose fault it was, and nothing can be kept of what they said.
  absl::Time PeerDeadline() const { return deadline - kReplyMargin; }

  // The client went away or the deadline passed: long work should stop.
  bool IsCancelled() const { return cancelled != nullptr && cancelled->load(); }
};

// Where a handler runs.
enum class Dispatch {
  kInline,  // on the thread that received the call; must never block
  kPool,    // on the worker pool; may block until the deadline
  // On the thread that received the call, until the handler says NeedsPool(): then once more from
  // the beginning, on the worker pool. For a method of which few calls have to block. The handler
  // says so before it has done anything that can be seen.
  kInlineFirst,
};

// What a handler of kInlineFirst answers when it would have to block and `may_block` is false. It
// never leaves the server: said anywhere else it is INTERNAL (HANDLER_BLOCKS).
absl::Status NeedsPool();

// One finished call, for logs and metrics.
struct CallRecord {
  absl::string_view method;  // from the table; "unlisted" for any other path
  absl::string_view caller;  // empty when no listed name was presented
  absl::string_view request_id;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string reason;
  absl::string_view message;
  absl::Duration took;
  // Of this call, and of what the caller was doing; nothing valid when a listed caller sent none.
  base::TraceContext trace;
  base::TraceContext parent;
};

struct ServerOptions {
  std::string listen = "127.0.0.1:0";
  TlsOptions tls;
  absl::Duration default_deadline = absl::Seconds(10);  // when the client names none
  absl::Duration max_deadline = absl::Seconds(60);      // whatever the client names
  int max_message_bytes = 1 << 20;
  int max_metadata_bytes = 16 * 1024;
  int max_streams_per_connection = 256;
  size_t threads = 2;                     // completion queues, one thread each
  size_t pending_per_thread = 64;         // calls that can be accepted at the same moment
  bool reflection = false;                // development only; see lib/rpc/reflection.h
  size_t max_stream_requests = 256;       // questions on one stream of reflection
  size_t max_watches_per_connection = 8;  // streams of health at the same moment
  size_t max_watches = 4096;
  // A connection older than this (give or take a tenth) is asked to end after its calls, so that
  // callers look their addresses up again and new certificates come into use.
  absl::Duration max_connection_age = absl::Minutes(10);
  absl::Duration max_connection_age_grace = absl::Minutes(2);
  // What one caller (its certificate's name) may ask for; more is RESOURCE_EXHAUSTED
  // (RATE_LIMITED). Health is never limited.
  std::optional<resilience::Rate> caller_rate =
      resilience::Rate{.tokens = 5'000, .per = absl::Seconds(1), .burst = 10'000};
  // Calls of one caller at the same moment, over all its connections; more are RESOURCE_EXHAUSTED
  // (TOO_MANY_CALLS). gRPC holds only those to max_streams_per_connection who acknowledge it.
  size_t max_calls_per_caller = 1024;
  // Server streams take a thread each, so they are few: in all, and of one caller over all its
  // connections; more are RESOURCE_EXHAUSTED (TOO_MANY_STREAMS). Each names a deadline.
  size_t max_streams = 64;
  size_t max_streams_per_caller = 16;
  absl::Duration max_stream_deadline = absl::Minutes(30);
  std::function<void(const CallRecord&)> on_done;  // must not block
};

class Server {
 public:
  virtual ~Server() = default;

  // The port really listened on; differs from the option when that is 0.
  virtual int port() const = 0;

  // What health answers from now on; whoever watches is told at once.
  virtual void SetServing(bool serving) = 0;

  // Reads the files of its TlsOptions again, checks them whole and uses them for every handshake
  // from now on. Connections that stand live on until their age ends them. INVALID_ARGUMENT
  // (TLS_FILES): nothing changed. Thread-safe.
  virtual absl::Status ReloadTls() = 0;
  // The same with what LoadTlsMaterial has read and checked; never fails.
  virtual void UseTls(const TlsMaterial& material) = 0;

  // How the completion threads answer their heartbeats; posts the next ones. A thread that never
  // answers is stuck, and calls that arrive there with it. Thread-safe; nothing after Stop.
  virtual base::Heartbeats::Count Beat() = 0;

  // Health says NOT_SERVING, new calls are refused, running ones may finish for up to `drain` and
  // are cancelled then. Returns after the last handler has returned. A second call does nothing.
  virtual void Stop(absl::Duration drain) = 0;
};

namespace internal {

// INVALID_ARGUMENT, reason MALFORMED_MESSAGE, if `bytes` is not such a message or holds a number
// outside one of its enumerations.
absl::Status Decode(grpc::ByteBuffer& bytes, google::protobuf::Message& message);
absl::Status Encode(const google::protobuf::MessageLite& message, grpc::ByteBuffer& bytes);

using ErasedHandler =
    std::function<absl::Status(const CallContext&, grpc::ByteBuffer& in, grpc::ByteBuffer& out)>;
using ErasedStreamHandler =
    std::function<absl::Status(const CallContext&, grpc::ByteBuffer& in, StreamSink& out)>;

enum class Shape {
  kUnary,
  kStream,     // one message, then answers from a thread of its own
  kQuestions,  // one answer per message until the client ends; always inline
  kWatch,      // health: one message, then an answer whenever the state changes
};

struct Method {
  ErasedHandler handler;
  Dispatch dispatch = Dispatch::kPool;
  std::set<std::string, std::less<>> callers;
  Shape shape = Shape::kUnary;
  bool unlimited = false;           // not counted against the caller's rate
  ErasedStreamHandler stream = {};  // of kStream, instead of the handler
};

}  // namespace internal

// Collects the table, then starts the server. Used by one thread.
class ServerBuilder {
 public:
  template <typename Request, typename Response>
  using Handler = std::function<absl::StatusOr<Response>(const CallContext&, const Request&)>;

  // Adds "va.mpi.v1.MpiService/GetProfile". Each name once.
  template <typename Request, typename Response>
  void Unary(absl::string_view full_method, Handler<Request, Response> handler,
             Dispatch dispatch = Dispatch::kPool) {
    internal::Method method;
    method.dispatch = dispatch;
    method.handler = [handler = std::move(handler)](const CallContext& context,
                                                    grpc::ByteBuffer& in,
                                                    grpc::ByteBuffer& out) -> absl::Status {
      Request request;
      if (absl::Status decoded = internal::Decode(in, request); !decoded.ok()) return decoded;
      absl::StatusOr<Response> response = handler(context, request);
      if (!response.ok()) return response.status();
      return internal::Encode(*response, out);
    };
    Add(full_method, std::move(method));
  }

  template <typename Request, typename Response>
  using StreamHandler =
      std::function<absl::Status(const CallContext&, const Request&, StreamWriter<Response>&)>;

  // Adds a method that answers one message with any number of them. Its handlers run on threads of
  // the server, one for each stream, and return when they have said everything or a write fails.
  template <typename Request, typename Response>
  void Stream(absl::string_view full_method, StreamHandler<Request, Response> handler) {
    internal::Method method;
    method.shape = internal::Shape::kStream;
    method.stream = [handler = std::move(handler)](const CallContext& context, grpc::ByteBuffer& in,
                                                   internal::StreamSink& out) -> absl::Status {
      Request request;
      if (absl::Status decoded = internal::Decode(in, request); !decoded.ok()) return decoded;
      StreamWriter<Response> writer(out);
      return handler(context, request, writer);
    };
    Add(full_method, std::move(method));
  }

  // Lets the certificate name `caller` use `methods` and the health check. The method of reflection
  // exists when the server is started with it.
  void Allow(absl::string_view caller, const std::vector<std::string>& methods);

  // Names of all methods added, without those the server answers itself.
  std::vector<std::string> Methods() const;

  // Listens and serves when it returns. FAILED_PRECONDITION (UNKNOWN_METHOD) if a caller is allowed
  // a method that does not exist, INVALID_ARGUMENT for unusable files, UNAVAILABLE
  // (PORT_UNAVAILABLE). `pool` and `clock` outlive the server. The builder is empty afterwards.
  absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, base::WorkerPool& pool,
                                                const base::Clock& clock);

 private:
  void Add(absl::string_view full_method, internal::Method method);

  std::map<std::string, internal::Method, std::less<>> methods_;
  std::map<std::string, std::vector<std::string>> allowed_;
  std::vector<std::string> twice_;
};

}  // namespace va::rpc
