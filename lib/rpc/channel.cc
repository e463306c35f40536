#include "lib/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/sync_stream.h>

#include <atomic>
#include <mutex>
#include <optional>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpc/health/v1/health.pb.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/rpc/credentials.h"
#include "lib/rpc/metadata.h"
#include "lib/rpc/server.h"
#include "lib/rpc/status.h"

namespace va::rpc {
namespace {

using google::protobuf::MessageLite;

// Calls go round all addresses whose health stream says SERVING.
constexpr char kBalanced[] =
    R"({"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}})";

grpc::ChannelArguments Arguments(const std::string& server_name, bool balanced) {
  grpc::ChannelArguments args;
  if (!server_name.empty()) args.SetSslTargetNameOverride(server_name);
  if (balanced) args.SetServiceConfigJSON(kBalanced);
  // Nobody who answers for a name may tell us how to call.
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  args.SetMaxReceiveMessageSize(1 << 20);
  // A dead peer is noticed within forty seconds even when nothing is being asked.
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A restarted neighbour is found again quickly, at its old address or a new one.
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  // In spite of its name this is how long one attempt to connect may take, handshake included.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
  args.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 2'000);
  // Each target has a pool of its own, so that certificates of two channels never mix.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  args.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  args.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return args;
}

absl::Status NoDeadline() {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "DEADLINE_MISSING",
                         "a call needs a deadline");
}

double Random01() {
  thread_local absl::InsecureBitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

}  // namespace

namespace internal {

// What copies of a Channel share.
class ChannelCore {
 public:
  ChannelCore(std::string target, TlsOptions tls, std::string server_name, ChannelOptions options)
      : target_(std::move(target)),
        tls_(std::move(tls)),
        server_name_(std::move(server_name)),
        options_(std::move(options)) {}

  absl::Status Load();
  void Use(const TlsMaterial& material);
  std::shared_ptr<grpc::Channel> Current() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return channel_;
  }
  const ChannelOptions& options() const { return options_; }

 private:
  const std::string target_;
  const TlsOptions tls_;
  const std::string server_name_;
  const ChannelOptions options_;
  mutable std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;
};

absl::Status ChannelCore::Load() {
  const absl::StatusOr<TlsMaterial> material = LoadTlsMaterial(tls_);
  if (!material.ok()) return material.status();
  Use(*material);
  return absl::OkStatus();
}

// Makes a channel of them. The one before lives as long as the last call on it.
void ChannelCore::Use(const TlsMaterial& material) {
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = material.ca;
  ssl.pem_cert_chain = material.certificate;
  ssl.pem_private_key = material.private_key;
  auto channel = grpc::CreateCustomChannel(target_, grpc::SslCredentials(ssl),
                                           Arguments(server_name_, options_.balanced));
  const std::lock_guard<std::mutex> lock(mutex_);
  // Whoever calls already is about to call again: the handshake starts before that.
  if (channel_ != nullptr) channel->GetState(/*try_to_connect=*/true);
  channel_ = std::move(channel);
}

}  // namespace internal

namespace {

// What of the options travels with a call.
void Prepare(grpc::ClientContext& context, const CallOptions& options,
             const std::string& traceparent) {
  context.set_deadline(absl::ToChronoTime(options.deadline));
  context.set_wait_for_ready(options.wait_for_ready);
  if (!options.request_id.empty()) context.AddMetadata(kRequestIdKey, options.request_id);
  if (!traceparent.empty()) context.AddMetadata(kTraceparentKey, traceparent);
}

bool HasDeadline(const CallOptions& options) {
  return options.deadline != absl::InfinitePast() && options.deadline != absl::InfiniteFuture();
}

// As the options name it, when that is well-formed; otherwise of this call.
std::string TraceparentOf(const CallOptions& options, const base::TraceContext& trace) {
  if (options.traceparent.empty()) return base::ToTraceparent(trace);
  return IsTraceparent(options.traceparent) ? options.traceparent : "";
}

// What a server that stops has just let in, and cannot hand to anybody any more, ends like this: it
// is away, as one whose connection is gone.
absl::Status PeerStopping() {
  return base::MakeError(absl::StatusCode::kUnavailable, "PEER_STOPPING",
                         "the service ended the call", true);
}

absl::Status CallOnce(grpc::Channel& channel, const std::string& path, const MessageLite& request,
                      MessageLite& response, const CallOptions& options,
                      const std::string& traceparent) {
  grpc::ClientContext context;
  Prepare(context, options, traceparent);
  const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  const absl::Status status = FromGrpc(
      grpc::internal::BlockingUnaryCall<MessageLite, MessageLite, MessageLite, MessageLite>(
          &channel, method, &context, request, &response));
  if (status.code() != absl::StatusCode::kCancelled) return status;
  return PeerStopping();  // nothing here cancels a call
}

// Makes the call as often as it may be made; `attempts` counts.
absl::Status CallWithin(const internal::ChannelCore& core, absl::string_view full_method,
                        const MessageLite& request, MessageLite& response,
                        const CallOptions& options, const std::string& traceparent, int& attempts) {
  const std::string path = absl::StrCat("/", full_method);
  const base::Stopwatch watch;
  while (true) {
    ++attempts;
    absl::Status status = CallOnce(*core.Current(), path, request, response, options, traceparent);
    if (!options.repeatable || status.code() != absl::StatusCode::kUnavailable) return status;
    if (watch.Elapsed() >= core.options().retry_within) return status;
    const std::optional<absl::Duration> pause = resilience::NextPause(
        core.options().retry, attempts, base::SystemClock().Now(), options.deadline, Random01());
    if (!pause.has_value()) return status;
    absl::SleepFor(*pause);
  }
}

}  // namespace

absl::Status Channel::ReloadTls() const { return core_->Load(); }

void Channel::UseTls(const TlsMaterial& material) const { core_->Use(material); }

std::shared_ptr<grpc::Channel> Channel::shared() const { return core_->Current(); }

absl::StatusOr<Channel> Connect(const std::string& target, const TlsOptions& tls,
                                const std::string& server_name, ChannelOptions options) {
  auto core = std::make_shared<internal::ChannelCore>(target, tls, server_name, std::move(options));
  if (absl::Status loaded = core->Load(); !loaded.ok()) return loaded;
  return Channel(std::move(core));
}

absl::Status CallUnary(const Channel& channel, absl::string_view full_method,
                       const MessageLite& request, MessageLite& response,
                       const CallOptions& options) {
  if (!HasDeadline(options)) return NoDeadline();
  const internal::ChannelCore& core = channel.core();
  const base::Stopwatch watch;
  const base::TraceContext& parent = base::CurrentTrace();
  const base::TraceContext trace = base::ChildOf(parent);
  const std::string traceparent = TraceparentOf(options, trace);
  int attempts = 0;
  absl::Status status =
      CallWithin(core, full_method, request, response, options, traceparent, attempts);
  if (core.options().on_done) {
    core.options().on_done({core.options().peer, full_method, status.code(), watch.Elapsed(),
                            attempts, trace, parent});
  }
  return status;
}

class ReadStream::Impl {
 public:
  Impl(const Channel& channel, absl::string_view full_method, const MessageLite& request,
       const CallOptions& options)
      : channel_(channel),
        method_name_(full_method),
        path_(absl::StrCat("/", full_method)),
        method_(path_.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING),
        request_(request.New()) {
    request_->CheckTypeAndMergeFrom(request);
    if (!HasDeadline(options)) {
      outcome_ = NoDeadline();
      return;
    }
    Prepare(context_, options, TraceparentOf(options, trace_));
  }
  ~Impl() {
    if (outcome_.has_value()) return;
    Cancel();
    Finish().IgnoreError();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool Read(MessageLite& response) {
    if (outcome_.has_value()) return false;
    if (reader_ == nullptr) Begin();
    if (reader_->Read(&response)) return true;
    at_end_ = true;
    return false;
  }

  absl::Status Finish() {
    if (outcome_.has_value()) return *outcome_;
    outcome_ = End();
    const ChannelOptions& options = channel_.core().options();
    if (options.on_done) {
      options.on_done(
          {options.peer, method_name_, outcome_->code(), watch_.Elapsed(), 1, trace_, parent_});
    }
    return *outcome_;
  }

  void Cancel() {
    cancelled_ = true;
    context_.TryCancel();
  }

 private:
  // Sends the question; waits for a connection until the deadline at the longest, or a Cancel.
  void Begin() {
    grpc_channel_ = channel_.shared();
    reader_.reset(grpc::internal::ClientReaderFactory<MessageLite>::Create(
        grpc_channel_.get(), method_, &context_, *request_));
  }

  absl::Status End() {
    if (reader_ == nullptr) {
      return base::MakeError(absl::StatusCode::kCancelled, "STREAM_CANCELLED", "never begun");
    }
    // What was not read would keep the end waiting.
    if (!at_end_) Cancel();
    const absl::Status status = FromGrpc(reader_->Finish());
    if (status.code() != absl::StatusCode::kCancelled) return status;
    if (!cancelled_) return PeerStopping();
    return base::MakeError(absl::StatusCode::kCancelled, "STREAM_CANCELLED",
                           "the stream was cancelled here");
  }

  const Channel channel_;
  const std::string method_name_;
  const std::string path_;
  const grpc::internal::RpcMethod method_;
  const std::unique_ptr<MessageLite> request_;
  const base::Stopwatch watch_;
  const base::TraceContext parent_ = base::CurrentTrace();
  const base::TraceContext trace_ = base::ChildOf(parent_);
  grpc::ClientContext context_;
  std::shared_ptr<grpc::Channel> grpc_channel_;  // of the moment it began; lives as long
  std::unique_ptr<grpc::ClientReader<MessageLite>> reader_;
  std::atomic<bool> cancelled_{false};
  bool at_end_ = false;
  std::optional<absl::Status> outcome_;
};

ReadStream::ReadStream(const Channel& channel, absl::string_view full_method,
                       const MessageLite& request, const CallOptions& options)
    : impl_(std::make_unique<Impl>(channel, full_method, request, options)) {}
ReadStream::~ReadStream() = default;
bool ReadStream::Read(MessageLite& response) { return impl_->Read(response); }
absl::Status ReadStream::Finish() { return impl_->Finish(); }
void ReadStream::Cancel() { impl_->Cancel(); }

absl::Status CheckHealth(const Channel& channel, absl::Time deadline) {
  namespace health = grpc::health::v1;
  const CallOptions options{.deadline = deadline, .repeatable = true};
  const auto answer = Call<health::HealthCheckResponse>(channel, kHealthCheckMethod,
                                                        health::HealthCheckRequest(), options);
  if (!answer.ok()) return answer.status();
  if (answer->status() == health::HealthCheckResponse::SERVING) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kUnavailable, "NOT_SERVING",
                         "the service does not take calls", true);
}

}  // namespace va::rpc
