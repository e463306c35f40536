#include "lib/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/credentials.h"
#include "lib/rpc/server.h"
#include "lib/rpc/status.h"

namespace va::rpc {
namespace {

grpc::ChannelArguments Arguments(const std::string& server_name) {
  grpc::ChannelArguments args;
  if (!server_name.empty()) args.SetSslTargetNameOverride(server_name);
  args.SetMaxReceiveMessageSize(1 << 20);
  // A dead peer is noticed within forty seconds even when nothing is being asked.
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A restarted neighbour is found again quickly.
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
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

}  // namespace

absl::StatusOr<Channel> Connect(const std::string& target, const TlsOptions& tls,
                                const std::string& server_name) {
  absl::StatusOr<TlsMaterial> material = LoadTlsMaterial(tls);
  if (!material.ok()) return material.status();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = material->ca;
  options.pem_cert_chain = material->certificate;
  options.pem_private_key = material->private_key;
  return Channel(
      grpc::CreateCustomChannel(target, grpc::SslCredentials(options), Arguments(server_name)));
}

absl::Status CallUnary(const Channel& channel, absl::string_view full_method,
                       const google::protobuf::MessageLite& request,
                       google::protobuf::MessageLite& response, const CallOptions& options) {
  if (options.deadline == absl::InfinitePast() || options.deadline == absl::InfiniteFuture()) {
    return NoDeadline();
  }
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(options.deadline));
  context.set_wait_for_ready(options.wait_for_ready);
  if (!options.request_id.empty()) context.AddMetadata("va-request-id", options.request_id);
  const std::string path = absl::StrCat("/", full_method);
  const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  return FromGrpc(grpc::internal::BlockingUnaryCall<
                  google::protobuf::MessageLite, google::protobuf::MessageLite,
                  google::protobuf::MessageLite, google::protobuf::MessageLite>(
      &channel.native(), method, &context, request, &response));
}

absl::Status CheckHealth(const Channel& channel, absl::Time deadline) {
  namespace health = grpc::health::v1;
  CallOptions options;
  options.deadline = deadline;
  const auto answer = Call<health::HealthCheckResponse>(channel, kHealthCheckMethod,
                                                        health::HealthCheckRequest(), options);
  if (!answer.ok()) return answer.status();
  if (answer->status() == health::HealthCheckResponse::SERVING) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kUnavailable, "NOT_SERVING",
                         "the service does not take calls", true);
}

}  // namespace va::rpc
