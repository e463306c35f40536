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

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "grpc/health/v1/health.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/caller_limits.h"
#include "lib/rpc/metadata.h"
#include "lib/rpc/reflection.h"
#include "lib/rpc/server_stream.h"
#include "lib/rpc/server_tls.h"
#include "lib/rpc/status.h"

namespace va::rpc {
namespace {

namespace health = grpc::health::v1;

constexpr absl::string_view kUnlisted = "unlisted";
constexpr absl::string_view kNeedsPool = "NEEDS_POOL";

using internal::Shape;
using MethodTable = std::map<std::string, internal::Method, std::less<>>;
using ServingStatus = health::HealthCheckResponse::ServingStatus;

// The first DNS name of the verified certificate that `callers` lists. A name with a NUL inside is
// compared with it and so never equals a listed one (attack G1).
absl::string_view ListedName(const grpc::AuthContext& auth,
                             const std::set<std::string, std::less<>>& callers) {
  if (!auth.IsPeerAuthenticated()) return "";
  for (const grpc::string_ref& name : auth.FindPropertyValues(GRPC_PEER_DNS_PROPERTY_NAME)) {
    const auto listed = callers.find(absl::string_view(name.data(), name.size()));
    if (listed != callers.end()) return *listed;
  }
  return "";
}

class GenericServer;

// One call, from the moment the server is ready to take it until both gRPC and the handler are done
// with it. Counts its references, because a completion, the client's going away, the deadline and a
// worker may each come last.
class CallState final : public internal::StreamCall {
 public:
  CallState(GenericServer& server, grpc::ServerCompletionQueue& queue);

  // Runs the handler; on the pool or on the queue's thread. Gives back one reference.
  void Handle();
  void HandleOnPool();
  void HandleInlineFirst();

  // Ends a stream of questions from outside of its own thread.
  void CancelStream() { context_.TryCancel(); }

  // Of a watch, under the server's lock of watches: tells what has changed, if nothing is on its
  // way yet, and ends once the server is stopping and has said so.
  void Tell();
  const std::string& connection() const { return connection_; }

  // Of a server stream.
  void StartWrite(const grpc::ByteBuffer& bytes) override { stream_.Write(bytes, &written_); }
  void Abort() override { context_.TryCancel(); }

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
  absl::Status FindMethod();
  void ReadMetadata();
  bool NamesDeadline() const;
  absl::Duration LongestTime() const;
  void SetDeadline();
  absl::Status EnterStream();
  absl::Status EnterWatch();
  void BeginStream();
  void BeginWatch(bool ok);
  void EndWatch(const absl::Status& status);
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
  base::TraceContext parent_;  // as a caller named it
  base::TraceContext trace_;   // of this call, once the caller is known
  CallContext call_;
  base::Stopwatch watch_;
  absl::Status outcome_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> answered_{false};
  std::atomic<int> references_{1};
  bool counted_ = false;                          // among the calls of its caller
  std::optional<internal::ServerStream> writer_;  // of a server stream that was let in
  // Of a stream of questions; touched by the queue's thread alone.
  size_t messages_ = 0;
  bool writing_ = false;
  // Of a watch; under the server's lock of watches, as `writing_` then is too.
  std::string connection_;
  bool service_known_ = true;
  bool watching_ = false;
  std::optional<ServingStatus> told_;

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
    for (const auto& [path, method] : methods_) {
      for (const std::string& caller : method.callers) limits_.Add(caller, clock_.Now());
      if (method.shape == Shape::kStream && writers_ == nullptr) {
        writers_ = std::make_unique<internal::ServerStreams>(options_.max_streams,
                                                             options_.max_streams_per_caller);
      }
    }
  }
  ~GenericServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Listen();

  int port() const override { return port_; }
  void SetServing(bool serving) override;
  absl::Status ReloadTls() override { return tls_->Reload(); }
  void UseTls(const TlsMaterial& material) override { tls_->Use(material); }
  base::Heartbeats::Count Beat() override;
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

  // What health says of a service that is known here.
  ServingStatus Serving() const {
    return serving_ && !stopping_ ? health::HealthCheckResponse::SERVING
                                  : health::HealthCheckResponse::NOT_SERVING;
  }
  bool stopping() const { return stopping_; }
  bool Knows(absl::string_view service) const;
  CallerLimits& limits() { return limits_; }
  // Where the table has a server stream.
  internal::ServerStreams& writers() { return *writers_; }

  // Every state of a watch changes under this lock.
  std::mutex& watch_mutex() { return watch_mutex_; }
  // Under the lock. False when there are too many on this connection or at all.
  bool AddWatch(CallState& call);
  void RemoveWatch(CallState& call);

 private:
  void AddHealth();
  void AddReflection();
  void TellWatchers();
  void Drain(absl::Duration drain);
  // Works on the queue of that number until it is shut down and empty.
  void Serve(size_t number);

  const ServerOptions options_;
  MethodTable methods_;
  base::WorkerPool& pool_;
  const base::Clock& clock_;
  grpc::AsyncGenericService service_;
  std::shared_ptr<ServerTls> tls_;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::thread> threads_;
  // One for each queue. What an alarm's completion carries is the address of the alarm itself.
  std::mutex beat_mutex_;
  bool beating_ = false;  // guarded by it: a queue that is shut down takes no alarm
  std::vector<std::optional<grpc::Alarm>> alarms_;
  std::unique_ptr<base::Heartbeats> beats_;
  int port_ = 0;
  std::atomic<bool> serving_{true};
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::condition_variable idle_;
  size_t live_calls_ = 0;
  std::set<CallState*> streams_;

  // Held while a watch is written to, never while anything else of this server is locked.
  std::mutex watch_mutex_;
  std::set<CallState*> watches_;
  std::map<std::string, size_t, std::less<>> watches_of_connection_;

  CallerLimits limits_{options_.caller_rate, options_.max_calls_per_caller};
  std::unique_ptr<internal::ServerStreams> writers_;
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
  if (method_ != nullptr && method_->shape == Shape::kQuestions) server.StreamEnds(*this);
  if (writer_.has_value()) server.writers().Leave(call_.caller, *writer_);
  if (counted_) server.limits().End(call_.caller);
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
  // A watch lasts as long as its connection; the number of them is what is bounded.
  if (method_->shape != Shape::kWatch) SetDeadline();
  if (method_->shape == Shape::kQuestions) server_.StreamBegins(*this);
  // The reference of arrival goes on to the read.
  stream_.Read(&request_, &read_);
}

void CallState::ReadMetadata() {
  const auto& metadata = context_.client_metadata();
  const auto value_of = [&metadata](const char* key) -> absl::string_view {
    const auto found = metadata.find(key);
    if (found == metadata.end()) return "";
    return {found->second.data(), found->second.size()};
  };
  if (const auto id = value_of(kRequestIdKey); IsRequestId(id)) {
    call_.request_id = std::string(id);
  }
  if (const auto trace = value_of(kTraceparentKey); IsTraceparent(trace)) {
    call_.traceparent = std::string(trace);
    parent_ = base::ParseTraceparent(trace).value_or(base::TraceContext{});
  }
}

absl::Status CallState::Admit() {
  ReadMetadata();
  if (absl::Status found = FindMethod(); !found.ok()) return found;
  if (method_->shape == Shape::kWatch) return EnterWatch();  // these are counted apart
  switch (server_.limits().Begin(call_.caller, !method_->unlimited, server_.clock().Now())) {
    case CallerLimits::Verdict::kAdmitted:
      counted_ = true;
      return method_->shape == Shape::kStream ? EnterStream() : absl::OkStatus();
    case CallerLimits::Verdict::kTooOften:
      return base::MakeError(absl::StatusCode::kResourceExhausted, "RATE_LIMITED",
                             "this caller asks more often than it may", true);
    case CallerLimits::Verdict::kTooMany:
      return base::MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_CALLS",
                             "this caller has too many calls at once", true);
  }
  return absl::OkStatus();
}

absl::Status CallState::FindMethod() {
  // The table is keyed by the path exactly as it stands on the wire; any other spelling misses
  // (attack G2). One answer for unknown and forbidden, so that callers cannot map the surface.
  const auto found = server_.methods().find(context_.method());
  if (found != server_.methods().end()) {
    method_name_ = absl::StripPrefix(found->first, "/");
    call_.caller = std::string(ListedName(*context_.auth_context(), found->second.callers));
    if (!call_.caller.empty()) {
      trace_ = base::ChildOf(parent_);
      method_ = &found->second;
      return absl::OkStatus();
    }
  }
  return base::MakeError(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
                         "this caller may not call this method");
}

// Counted before its message has come, like a watch, and for the same reason.
absl::Status CallState::EnterStream() {
  if (!NamesDeadline()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "DEADLINE_MISSING",
                           "a stream needs a deadline");
  }
  writer_.emplace(*this);
  if (server_.writers().Enter(call_.caller, *writer_)) return absl::OkStatus();
  writer_.reset();
  return base::MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                         "too many streams, of this caller or at all", true);
}

bool CallState::NamesDeadline() const {
  const auto wire = context_.raw_deadline();
  return gpr_time_cmp(wire, gpr_inf_future(wire.clock_type)) != 0;
}

absl::Duration CallState::LongestTime() const {
  if (writer_.has_value()) return server_.options().max_stream_deadline;
  return NamesDeadline() ? server_.options().max_deadline : server_.options().default_deadline;
}

void CallState::SetDeadline() {
  const absl::Time client =
      NamesDeadline() ? absl::FromChrono(context_.deadline()) : absl::InfiniteFuture();
  const absl::Duration limit = LongestTime();
  const absl::Time now = server_.clock().Now();
  call_.deadline = std::min(client, now + limit);
  if (client <= call_.deadline) return;
  // gRPC enforces what the client named; ours needs a clock of its own, or a client that names none
  // and never sends its message would hold the call for ever (attack G4).
  alarm_.emplace();
  Hold();
  alarm_->Set(&queue_, absl::ToChronoTime(call_.deadline), &alarmed_);
}

void CallState::OnRead(bool ok) {
  if (method_->shape == Shape::kWatch) return BeginWatch(ok);
  if (method_->shape == Shape::kQuestions) {
    if (ok && !answered_) return AnswerNext();
    Answer(absl::OkStatus());  // the client has no more questions
    return Release();
  }
  if (!ok) {
    Answer(base::MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_MESSAGE",
                           "the call carries no message"));
    return Release();
  }
  if (writer_.has_value()) return BeginStream();
  switch (method_->dispatch) {
    case Dispatch::kInline:
      call_.may_block = false;
      return Handle();
    case Dispatch::kPool:
      return HandleOnPool();
    case Dispatch::kInlineFirst:
      return HandleInlineFirst();
  }
}

void CallState::HandleOnPool() {
  if (server_.pool().TrySubmit([this] { Handle(); })) return;
  Answer(
      base::MakeError(absl::StatusCode::kUnavailable, "OVERLOADED", "all workers are busy", true));
  Release();
}

// First on this thread. A handler that would have to block is asked again from the beginning, with
// the same message; what it said until then is seen by nobody, so the call is answered, counted and
// recorded once.
void CallState::HandleInlineFirst() {
  grpc::ByteBuffer kept = request_;  // shares its bytes; reading a message uses a buffer up
  call_.may_block = false;
  const absl::Status handled = RunHandler();
  if (base::ReasonOf(handled) == kNeedsPool) {
    call_.may_block = true;
    request_.Swap(&kept);
    return HandleOnPool();
  }
  Answer(handled);
  Release();
}

void CallState::Handle() {
  absl::Status handled = RunHandler();
  // There is no other place to go to: a mistake of the handler's, and no advice to try again.
  if (base::ReasonOf(handled) == kNeedsPool) {
    handled = base::MakeError(absl::StatusCode::kInternal, "HANDLER_BLOCKS",
                              "the handler asked for a place to block, and had one or may not");
  }
  Answer(writer_.has_value() ? writer_->Settle(handled) : handled);
  Release();
}

void CallState::BeginStream() {
  writer_->Begin();
  if (server_.writers().Run([this] { Handle(); })) return;
  Answer(base::MakeError(absl::StatusCode::kUnavailable, "OVERLOADED", "no thread is free", true));
  Release();
}

absl::Status CallState::RunHandler() {
  // Nobody waits any more: whatever the handler would do is wasted, or worse, unobserved.
  if (call_.IsCancelled() || server_.clock().Now() >= call_.deadline) {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE",
                           "the deadline passed before the call was handled", true);
  }
  // What the handler asks of others belongs to this call.
  const base::TraceScope scope(trace_);
  try {
    if (writer_.has_value()) return method_->stream(call_, request_, *writer_);
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

// Counted before its message has come: a watch has no deadline, so one that never sends it would
// stay, uncounted, as long as its connection (attack G6).
absl::Status CallState::EnterWatch() {
  const std::lock_guard<std::mutex> lock(server_.watch_mutex());
  connection_ = context_.peer();
  if (!server_.AddWatch(*this)) {
    return base::MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHES",
                           "too many streams of health");
  }
  Tell();
  return absl::OkStatus();
}

void CallState::BeginWatch(bool ok) {
  health::HealthCheckRequest request;
  const absl::Status status =
      ok ? internal::Decode(request_, request)
         : base::MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_MESSAGE",
                           "the call carries no message");
  const std::lock_guard<std::mutex> lock(server_.watch_mutex());
  if (!status.ok()) return EndWatch(status);
  watching_ = true;
  service_known_ = server_.Knows(request.service());
  Tell();
}

void CallState::Tell() {
  // One that has not said what it watches is not waited for.
  if (!watching_ && !answered_ && server_.stopping()) context_.TryCancel();
  if (writing_ || !watching_) return;
  if (cancelled_) {
    return EndWatch(
        base::MakeError(absl::StatusCode::kCancelled, "CLIENT_GONE", "the client went away"));
  }
  const ServingStatus now =
      service_known_ ? server_.Serving() : health::HealthCheckResponse::SERVICE_UNKNOWN;
  if (told_ == now) {
    if (server_.stopping()) EndWatch(absl::OkStatus());
    return;
  }
  health::HealthCheckResponse response;
  response.set_status(now);
  response_.Clear();
  if (absl::Status encoded = internal::Encode(response, response_); !encoded.ok()) {
    return EndWatch(encoded);
  }
  told_ = now;
  writing_ = true;
  stream_.Write(response_, &written_);
}

void CallState::EndWatch(const absl::Status& status) {
  watching_ = false;
  server_.RemoveWatch(*this);
  Answer(status);
  Release();
}

void CallState::OnWritten(bool ok) {
  if (writer_.has_value()) return writer_->Written(ok);
  if (method_->shape == Shape::kWatch) {
    const std::lock_guard<std::mutex> lock(server_.watch_mutex());
    writing_ = false;
    if (!ok) cancelled_ = true;
    return Tell();
  }
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
  if (status.ok() && method_->shape != Shape::kUnary) {
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
    if (writer_.has_value()) {
      writer_->EndBy(internal::ServerStream::End::kDeadline);
      return Release();
    }
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
    if (trace_.valid()) {
      record.trace = trace_;
      record.parent = parent_;
    }
    server_.options().on_done(record);
  }
  Release();
}

void CallState::OnDone(bool /*ok*/) {
  if (context_.IsCancelled()) cancelled_ = true;
  if (cancelled_ && writer_.has_value()) writer_->EndBy(internal::ServerStream::End::kGone);
  if (method_ != nullptr && method_->shape == Shape::kWatch) {
    const std::lock_guard<std::mutex> lock(server_.watch_mutex());
    Tell();
  }
  Release();
}

// ---- the server

bool GenericServer::Knows(absl::string_view service) const {
  if (service.empty()) return true;
  const std::string prefix = absl::StrCat("/", service, "/");
  const auto first = methods_.lower_bound(prefix);
  return first != methods_.end() && absl::StartsWith(first->first, prefix);
}

void GenericServer::AddHealth() {
  internal::Method& watch = methods_[absl::StrCat("/", kHealthWatchMethod)];
  watch.shape = Shape::kWatch;
  watch.unlimited = true;
  internal::Method& method = methods_[absl::StrCat("/", kHealthCheckMethod)];
  method.dispatch = Dispatch::kInline;
  method.unlimited = true;
  method.handler = [this](const CallContext& /*context*/, grpc::ByteBuffer& in,
                          grpc::ByteBuffer& out) -> absl::Status {
    health::HealthCheckRequest request;
    if (absl::Status decoded = internal::Decode(in, request); !decoded.ok()) return decoded;
    if (!Knows(request.service())) {
      return base::MakeError(absl::StatusCode::kNotFound, "UNKNOWN_SERVICE",
                             "no such service here");
    }
    health::HealthCheckResponse response;
    response.set_status(Serving());
    return internal::Encode(response, out);
  };
}

bool GenericServer::AddWatch(CallState& call) {
  if (watches_.size() >= options_.max_watches) return false;
  size_t& on_connection = watches_of_connection_[call.connection()];
  if (on_connection >= options_.max_watches_per_connection) return false;
  ++on_connection;
  watches_.insert(&call);
  return true;
}

void GenericServer::RemoveWatch(CallState& call) {
  watches_.erase(&call);
  const auto on_connection = watches_of_connection_.find(call.connection());
  if (--on_connection->second == 0) watches_of_connection_.erase(on_connection);
}

void GenericServer::TellWatchers() {
  const std::lock_guard<std::mutex> lock(watch_mutex_);
  // A watch that ends takes itself out.
  const std::vector<CallState*> watches(watches_.begin(), watches_.end());
  for (CallState* watch : watches) watch->Tell();
}

void GenericServer::SetServing(bool serving) {
  serving_ = serving;
  TellWatchers();
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
  method.shape = Shape::kQuestions;
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
  const auto ms = [](absl::Duration time) {
    return static_cast<int>(absl::ToInt64Milliseconds(time));
  };
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, ms(options.max_connection_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             ms(options.max_connection_age_grace));
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
  absl::StatusOr<std::shared_ptr<ServerTls>> tls = ServerTls::Create(options_.tls);
  if (!tls.ok()) return tls.status();
  tls_ = *std::move(tls);

  grpc::ServerBuilder builder;
  Configure(builder, options_);
  builder.AddListeningPort(options_.listen, tls_, &port_);
  builder.RegisterAsyncGenericService(&service_);
  for (size_t i = 0; i < std::max<size_t>(options_.threads, 1); ++i) {
    queues_.push_back(builder.AddCompletionQueue());
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return base::MakeError(absl::StatusCode::kUnavailable, "PORT_UNAVAILABLE",
                           absl::StrCat("cannot listen on ", options_.listen));
  }
  alarms_.resize(queues_.size());
  beats_ = std::make_unique<base::Heartbeats>(queues_.size());
  for (size_t number = 0; number < queues_.size(); ++number) {
    for (size_t i = 0; i < options_.pending_per_thread; ++i) Rearm(*queues_[number]);
    threads_.emplace_back([this, number] { Serve(number); });
  }
  const std::lock_guard<std::mutex> lock(beat_mutex_);
  beating_ = true;
  return absl::OkStatus();
}

void GenericServer::Serve(size_t number) {
  grpc::ServerCompletionQueue& queue = *queues_[number];
  const void* const beat = number < alarms_.size() ? &alarms_[number] : nullptr;
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
    if (tag == beat) {
      beats_->Answer(number);
    } else {
      static_cast<CallState::Tag*>(tag)->Fire(ok);
    }
  }
}

base::Heartbeats::Count GenericServer::Beat() {
  const std::lock_guard<std::mutex> lock(beat_mutex_);
  if (!beating_) return {};
  return beats_->Beat([this](size_t number) {
    alarms_[number].emplace();
    alarms_[number]->Set(queues_[number].get(), gpr_now(GPR_CLOCK_MONOTONIC), &alarms_[number]);
  });
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
  TellWatchers();
  if (writers_ != nullptr) writers_->EndAll();
  if (server_ != nullptr) Drain(drain);
  {
    const std::lock_guard<std::mutex> lock(beat_mutex_);
    beating_ = false;
  }
  for (const auto& queue : queues_) queue->Shutdown();
  for (std::thread& thread : threads_) thread.join();
  // Queues nobody served (the port was taken) must be emptied before they go.
  if (threads_.empty()) {
    for (size_t number = 0; number < queues_.size(); ++number) Serve(number);
  }
}

}  // namespace

absl::Status NeedsPool() {
  // Never leaves the server: see HandleInlineFirst and Handle.
  return base::MakeError(absl::StatusCode::kUnavailable, kNeedsPool, "has to block", true);
}

// ---- the builder

void ServerBuilder::Add(absl::string_view full_method, internal::Method method) {
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
  internal::Method& watch = methods_[absl::StrCat("/", kHealthWatchMethod)];
  if (options.reflection) methods_[absl::StrCat("/", kReflectionMethod)];
  for (const auto& [caller, names] : allowed_) {
    check.callers.insert(caller);
    watch.callers.insert(caller);
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
