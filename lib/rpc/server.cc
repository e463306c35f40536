#include "lib/rpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "grpc/health/v1/health.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/credentials.h"
#include "lib/rpc/reflection.h"
#include "lib/rpc/status.h"

namespace va::rpc {
namespace {

namespace health = grpc::health::v1;

constexpr char kRequestIdKey[] = "va-request-id";
constexpr size_t kMaxRequestId = 64;
constexpr absl::string_view kUnlisted = "unlisted";

using MethodTable = std::map<std::string, internal::Method>;

// An id is copied into logs: anything but a plain token is dropped.
bool IsRequestId(absl::string_view text) {
  return text.size() <= kMaxRequestId && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.';
         });
}

// The first DNS name of the verified certificate that `callers` lists. A name with a NUL inside is
// compared with it and so never equals a listed one.
std::string ListedName(const grpc::AuthContext& auth, const std::set<std::string>& callers) {
  if (!auth.IsPeerAuthenticated()) return "";
  for (const grpc::string_ref& name : auth.FindPropertyValues(GRPC_PEER_DNS_PROPERTY_NAME)) {
    std::string candidate(name.data(), name.size());
    if (callers.count(candidate) != 0) return candidate;
  }
  return "";
}

class GenericServer;

// One call, from the moment the server is ready to take it until both gRPC and the handler are done
// with it. Counts its references, because a completion, the client's going away, the deadline and a
// worker may each come last.
class CallState {
 public:
  CallState(GenericServer& server, grpc::ServerCompletionQueue& queue);

  // Runs the handler; on the pool or on the queue's thread. Gives back one reference.
  void Handle();

  // Ends a stream from outside of its own thread.
  void CancelStream() { context_.TryCancel(); }

  struct Tag {
    CallState* call;
    void (CallState::*on)(bool);
    void Fire(bool ok) { (call->*on)(ok); }
  };

 private:
  void OnArrived(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnAlarm(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);

  absl::Status Admit();
  void SetDeadline();
  void Answer(const absl::Status& status);
  absl::Status RunHandler();
  void AnswerNext();
  void Hold() { references_.fetch_add(1, std::memory_order_relaxed); }
  void Release();

  GenericServer& server_;
  grpc::ServerCompletionQueue& queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::optional<grpc::Alarm> alarm_;

  const internal::Method* method_ = nullptr;
  absl::string_view method_name_ = kUnlisted;
  CallContext call_;
  base::Stopwatch watch_;
  absl::Status outcome_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> answered_{false};
  std::atomic<int> references_{1};
  // Of a stream; touched by the queue's thread alone.
  size_t messages_ = 0;
  bool writing_ = false;

  Tag arrived_{this, &CallState::OnArrived};
  Tag read_{this, &CallState::OnRead};
  Tag written_{this, &CallState::OnWritten};
  Tag alarmed_{this, &CallState::OnAlarm};
  Tag finished_{this, &CallState::OnFinished};
  Tag done_{this, &CallState::OnDone};
};

class GenericServer final : public Server {
 public:
  GenericServer(ServerOptions options, MethodTable methods, base::WorkerPool& pool,
                const base::Clock& clock)
      : options_(std::move(options)), methods_(std::move(methods)), pool_(pool), clock_(clock) {
    AddHealth();
    if (options_.reflection) AddReflection();
  }
  ~GenericServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Listen();

  int port() const override { return port_; }
  void SetServing(bool serving) override { serving_ = serving; }
  void Stop(absl::Duration drain) override;

  const ServerOptions& options() const { return options_; }
  const MethodTable& methods() const { return methods_; }
  base::WorkerPool& pool() { return pool_; }
  const base::Clock& clock() const { return clock_; }
  grpc::AsyncGenericService& service() { return service_; }

  // Makes room for one more call; a no-op once stopping.
  void Rearm(grpc::ServerCompletionQueue& queue);
  void CallBegins();
  void CallEnds();
  // Streams are known, because the drain ends them before it waits.
  void StreamBegins(CallState& call);
  void StreamEnds(CallState& call);

 private:
  void AddHealth();
  void AddReflection();
  void Drain(absl::Duration drain);
  static void Serve(grpc::ServerCompletionQueue& queue);

  const ServerOptions options_;
  MethodTable methods_;
  base::WorkerPool& pool_;
  const base::Clock& clock_;
  grpc::AsyncGenericService service_;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::thread> threads_;
  int port_ = 0;
  std::atomic<bool> serving_{true};
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::condition_variable idle_;
  size_t live_calls_ = 0;
  std::set<CallState*> streams_;
};

// ---- one call

CallState::CallState(GenericServer& server, grpc::ServerCompletionQueue& queue)
    : server_(server), queue_(queue) {
  server_.CallBegins();
  context_.AsyncNotifyWhenDone(&done_);
  server_.service().RequestCall(&context_, &stream_, &queue_, &queue_, &arrived_);
}

void CallState::Release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  GenericServer& server = server_;
  if (method_ != nullptr && method_->stream) server.StreamEnds(*this);
  delete this;
  server.CallEnds();
}

void CallState::OnArrived(bool ok) {
  // Not matched with a call: the server is going down, and gRPC never delivers the done tag.
  if (!ok) return Release();
  Hold();  // for the done tag
  server_.Rearm(queue_);
  watch_ = base::Stopwatch();
  call_.cancelled = &cancelled_;
  if (const absl::Status admitted = Admit(); !admitted.ok()) {
    Answer(admitted);
    return Release();
  }
  SetDeadline();
  if (method_->stream) server_.StreamBegins(*this);
  // The reference of arrival goes on to the read.
  stream_.Read(&request_, &read_);
}

absl::Status CallState::Admit() {
  const auto id = context_.client_metadata().find(kRequestIdKey);
  if (id != context_.client_metadata().end()) {
    const absl::string_view text(id->second.data(), id->second.size());
    if (IsRequestId(text)) call_.request_id = std::string(text);
  }
  // The table is keyed by the path exactly as it stands on the wire; any other spelling misses
  // (attack G2). One answer for unknown and forbidden, so that callers cannot map the surface.
  const auto found = server_.methods().find(context_.method());
  if (found != server_.methods().end()) {
    method_name_ = absl::StripPrefix(found->first, "/");
    call_.caller = ListedName(*context_.auth_context(), found->second.callers);
    if (!call_.caller.empty()) {
      method_ = &found->second;
      return absl::OkStatus();
    }
  }
  return base::MakeError(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
                         "this caller may not call this method");
}

void CallState::SetDeadline() {
  const absl::Time now = server_.clock().Now();
  const auto wire = context_.raw_deadline();
  const bool named = gpr_time_cmp(wire, gpr_inf_future(wire.clock_type)) != 0;
  const absl::Time client = named ? absl::FromChrono(context_.deadline()) : absl::InfiniteFuture();
  const absl::Duration limit =
      named ? server_.options().max_deadline : server_.options().default_deadline;
  call_.deadline = std::min(client, now + limit);
  if (client <= call_.deadline) return;
  // gRPC enforces what the client named; ours needs a clock of its own, or a client that names none
  // and never sends its message would hold the call for ever (attack G4).
  alarm_.emplace();
  Hold();
  alarm_->Set(&queue_, absl::ToChronoTime(call_.deadline), &alarmed_);
}

void CallState::OnRead(bool ok) {
  if (method_->stream) {
    if (ok && !answered_) return AnswerNext();
    Answer(absl::OkStatus());  // the client has no more questions
    return Release();
  }
  if (!ok) {
    Answer(base::MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_MESSAGE",
                           "the call carries no message"));
    return Release();
  }
  if (method_->dispatch == Dispatch::kInline) return Handle();
  if (server_.pool().TrySubmit([this] { Handle(); })) return;
  Answer(
      base::MakeError(absl::StatusCode::kUnavailable, "OVERLOADED", "all workers are busy", true));
  Release();
}

void CallState::Handle() {
  Answer(RunHandler());
  Release();
}

absl::Status CallState::RunHandler() {
  // Nobody waits any more: whatever the handler would do is wasted, or worse, unobserved.
  if (call_.IsCancelled() || server_.clock().Now() >= call_.deadline) {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE",
                           "the deadline passed before the call was handled", true);
  }
  try {
    return method_->handler(call_, request_, response_);
  } catch (const std::exception&) {
    return base::MakeError(absl::StatusCode::kInternal, "HANDLER_THREW", "the handler failed");
  }
}

// One message of a stream: read, answered, written, and only then the next one is read, so that a
// client cannot make us hold more than one answer.
void CallState::AnswerNext() {
  if (++messages_ > server_.options().max_stream_requests) {
    Answer(base::MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_REQUESTS",
                           "too many questions on one stream"));
    return Release();
  }
  if (const absl::Status handled = RunHandler(); !handled.ok()) {
    Answer(handled);
    return Release();
  }
  writing_ = true;
  stream_.Write(response_, &written_);
}

void CallState::OnWritten(bool ok) {
  writing_ = false;
  if (!ok) {
    Answer(base::MakeError(absl::StatusCode::kCancelled, "CLIENT_GONE", "the client went away"));
    return Release();
  }
  response_.Clear();
  request_.Clear();
  stream_.Read(&request_, &read_);
}

void CallState::Answer(const absl::Status& status) {
  if (answered_.exchange(true)) return;
  Hold();
  outcome_ = status;
  if (status.ok() && method_ != nullptr && method_->stream) {
    stream_.Finish(grpc::Status::OK, &finished_);
  } else if (status.ok()) {
    stream_.WriteAndFinish(response_, grpc::WriteOptions(), grpc::Status::OK, &finished_);
  } else {
    stream_.Finish(ToGrpc(status), &finished_);
  }
}

void CallState::OnAlarm(bool ok) {
  if (ok) {
    cancelled_ = true;
    // A client that does not read what it asked for gets no status either: what is on its way to it
    // would never arrive.
    if (writing_ || answered_) {
      context_.TryCancel();
    } else {
      Answer(base::MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE",
                             "the server's deadline passed", true));
    }
  }
  Release();
}

void CallState::OnFinished(bool /*ok*/) {
  if (alarm_.has_value()) alarm_->Cancel();
  if (server_.options().on_done) {
    CallRecord record;
    record.method = method_name_;
    record.caller = call_.caller;
    record.request_id = call_.request_id;
    record.code = outcome_.code();
    record.reason = base::ReasonOf(outcome_);
    record.message = outcome_.message();
    record.took = watch_.Elapsed();
    server_.options().on_done(record);
  }
  Release();
}

void CallState::OnDone(bool /*ok*/) {
  if (context_.IsCancelled()) cancelled_ = true;
  Release();
}

// ---- the server

void GenericServer::AddHealth() {
  internal::Method& method = methods_[absl::StrCat("/", kHealthCheckMethod)];
  method.dispatch = Dispatch::kInline;
  method.handler = [this](const CallContext& /*context*/, grpc::ByteBuffer& in,
                          grpc::ByteBuffer& out) -> absl::Status {
    health::HealthCheckRequest request;
    if (absl::Status decoded = internal::Decode(in, request); !decoded.ok()) return decoded;
    const bool known =
        request.service().empty() ||
        std::any_of(methods_.begin(), methods_.end(), [&request](const auto& entry) {
          return absl::StartsWith(entry.first, absl::StrCat("/", request.service(), "/"));
        });
    if (!known) {
      return base::MakeError(absl::StatusCode::kNotFound, "UNKNOWN_SERVICE",
                             "no such service here");
    }
    health::HealthCheckResponse response;
    response.set_status(serving_ && !stopping_ ? health::HealthCheckResponse::SERVING
                                               : health::HealthCheckResponse::NOT_SERVING);
    return internal::Encode(response, out);
  };
}

// What list_services tells: what is in the table, health included, reflection itself not.
std::vector<std::string> ServicesOf(const MethodTable& methods) {
  std::set<std::string> names;
  for (const auto& [path, method] : methods) {
    if (path != absl::StrCat("/", kReflectionMethod)) {
      names.insert(path.substr(1, path.rfind('/') - 1));
    }
  }
  return {names.begin(), names.end()};
}

void GenericServer::AddReflection() {
  internal::Method& method = methods_[absl::StrCat("/", kReflectionMethod)];
  method.dispatch = Dispatch::kInline;
  method.stream = true;
  method.handler = [services = ServicesOf(methods_)](const CallContext& /*context*/,
                                                     grpc::ByteBuffer& in,
                                                     grpc::ByteBuffer& out) -> absl::Status {
    grpc::reflection::v1alpha::ServerReflectionRequest request;
    if (absl::Status decoded = internal::Decode(in, request); !decoded.ok()) return decoded;
    return internal::Encode(
        Reflect(request, services, *google::protobuf::DescriptorPool::generated_pool()), out);
  };
}

void Configure(grpc::ServerBuilder& builder, const ServerOptions& options) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, options.max_metadata_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams_per_connection);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  // A port that is taken is an error, not something to share silently.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Our own clients ping every 30 s; whoever pings much faster is sent away (attack G6).
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 15'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // No message of ours is compressed, so nothing can inflate here either (attack G3).
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.SetResourceQuota(grpc::ResourceQuota("va_rpc").Resize(256 << 20));
}

absl::Status GenericServer::Listen() {
  absl::StatusOr<TlsMaterial> material = LoadTlsMaterial(options_.tls);
  if (!material.ok()) return material.status();
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = material->ca;
  tls.pem_key_cert_pairs.push_back({material->private_key, material->certificate});

  grpc::ServerBuilder builder;
  Configure(builder, options_);
  builder.AddListeningPort(options_.listen, grpc::SslServerCredentials(tls), &port_);
  builder.RegisterAsyncGenericService(&service_);
  for (size_t i = 0; i < std::max<size_t>(options_.threads, 1); ++i) {
    queues_.push_back(builder.AddCompletionQueue());
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return base::MakeError(absl::StatusCode::kUnavailable, "PORT_UNAVAILABLE",
                           absl::StrCat("cannot listen on ", options_.listen));
  }
  for (const auto& queue : queues_) {
    for (size_t i = 0; i < options_.pending_per_thread; ++i) Rearm(*queue);
    threads_.emplace_back([&queue = *queue] { Serve(queue); });
  }
  return absl::OkStatus();
}

void GenericServer::Serve(grpc::ServerCompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) static_cast<CallState::Tag*>(tag)->Fire(ok);
}

void GenericServer::Rearm(grpc::ServerCompletionQueue& queue) {
  // The call owns itself until its last completion.
  if (!stopping_) new CallState(*this, queue);  // NOLINT(cppcoreguidelines-owning-memory)
}

void GenericServer::CallBegins() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++live_calls_;
}

void GenericServer::CallEnds() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (--live_calls_ == 0) idle_.notify_all();
}

void GenericServer::StreamBegins(CallState& call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  streams_.insert(&call);
  if (stopping_) call.CancelStream();
}

void GenericServer::StreamEnds(CallState& call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  streams_.erase(&call);
}

// gRPC's own graceful shutdown also waits until every idle connection has acknowledged that it
// ends, which a client that makes no call does seconds later. What matters is the calls: once the
// last has ended the connections are closed.
void GenericServer::Drain(absl::Duration drain) {
  const auto deadline = absl::ToChronoTime(clock_.Now() + drain);
  std::thread closing([this, deadline] { server_->Shutdown(deadline); });
  const auto idle = [this] { return live_calls_ == 0; };
  {
    // The calls that wait for a client count as well, so none is left only when gRPC has begun.
    std::unique_lock<std::mutex> lock(mutex_);
    // A stream may wait for a question that never comes; nothing is lost when it ends.
    for (CallState* stream : streams_) stream->CancelStream();
    idle_.wait_until(lock, deadline, idle);
  }
  grpc_server_cancel_all_calls(server_->c_server());
  closing.join();
  // A handler may still be at work on a cancelled call, and a queue that is shut down must not be
  // used any more.
  std::unique_lock<std::mutex> lock(mutex_);
  idle_.wait(lock, idle);
}

void GenericServer::Stop(absl::Duration drain) {
  if (stopping_.exchange(true)) return;
  if (server_ != nullptr) Drain(drain);
  for (const auto& queue : queues_) queue->Shutdown();
  for (std::thread& thread : threads_) thread.join();
  // Queues nobody served (the port was taken) must be emptied before they go.
  if (threads_.empty()) {
    for (const auto& queue : queues_) Serve(*queue);
  }
}

}  // namespace

// ---- the builder

void ServerBuilder::Add(absl::string_view full_method, Dispatch dispatch,
                        internal::ErasedHandler handler) {
  internal::Method method;
  method.handler = std::move(handler);
  method.dispatch = dispatch;
  if (!methods_.emplace(absl::StrCat("/", full_method), std::move(method)).second) {
    twice_.emplace_back(full_method);
  }
}

void ServerBuilder::Allow(absl::string_view caller, const std::vector<std::string>& methods) {
  std::vector<std::string>& list = allowed_[std::string(caller)];
  list.insert(list.end(), methods.begin(), methods.end());
}

std::vector<std::string> ServerBuilder::Methods() const {
  std::vector<std::string> names;
  for (const auto& [path, method] : methods_) names.emplace_back(absl::StripPrefix(path, "/"));
  return names;
}

absl::StatusOr<std::unique_ptr<Server>> ServerBuilder::Start(ServerOptions options,
                                                             base::WorkerPool& pool,
                                                             const base::Clock& clock) {
  if (!twice_.empty()) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "METHOD_TWICE",
                           absl::StrCat("registered twice: ", absl::StrJoin(twice_, ", ")));
  }
  internal::Method& check = methods_[absl::StrCat("/", kHealthCheckMethod)];
  if (options.reflection) methods_[absl::StrCat("/", kReflectionMethod)];
  for (const auto& [caller, names] : allowed_) {
    check.callers.insert(caller);
    for (const std::string& name : names) {
      const auto found = methods_.find(absl::StrCat("/", name));
      if (found == methods_.end()) {
        return base::MakeError(
            absl::StatusCode::kFailedPrecondition, "UNKNOWN_METHOD",
            absl::StrCat("caller ", caller, " is allowed an unknown method: ", name));
      }
      found->second.callers.insert(caller);
    }
  }
  auto server =
      std::make_unique<GenericServer>(std::move(options), std::move(methods_), pool, clock);
  methods_.clear();
  allowed_.clear();
  if (absl::Status listening = server->Listen(); !listening.ok()) return listening;
  return server;
}

}  // namespace va::rpc
