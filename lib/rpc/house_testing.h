// What the tests of this folder share: one authority, one server whose handler the test chooses,
// and clients of it, ours and foreign ones that send whatever they like.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "va/mhv/v1/mhv.pb.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::rpc {

using google::protobuf::MessageLite;
using mpi::v1::GetProfileRequest;
using mpi::v1::GetProfileResponse;
using testing::PemFiles;
using testing::TestPki;

inline constexpr char kGet[] = "va.mpi.v1.MpiService/GetProfile";
inline constexpr char kOther[] = "va.mhv.v1.MhvAccountService/EnsureAccount";

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A door that a handler waits at until the test opens it.
class Gate {
 public:
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitArrivals(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this, count] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

using GetHandler = ServerBuilder::Handler<GetProfileRequest, GetProfileResponse>;

inline absl::StatusOr<GetProfileResponse> Echo(const CallContext& /*context*/,
                                               const GetProfileRequest& request) {
  GetProfileResponse response;
  response.set_message_id(request.request_id());
  return response;
}

// One authority, one server whose handler the test chooses, and clients of it. "gateway" may call
// GetProfile, "batch" may call EnsureAccount; any other name of the same authority nothing.
class House {
 public:
  explicit House(GetHandler handler = &Echo, Dispatch dispatch = Dispatch::kPool,
                 ServerOptions options = {}, size_t threads = 4, size_t queue = 16,
                 const std::function<void(ServerBuilder&)>& add_more = {})
      : pool_(threads, queue) {
    ServerBuilder builder;
    builder.Unary<GetProfileRequest, GetProfileResponse>(
        kGet,
        [this, handler = std::move(handler)](const CallContext& context,
                                             const GetProfileRequest& request) {
          ++calls_;
          return handler(context, request);
        },
        dispatch);
    builder.Unary<mhv::v1::EnsureAccountRequest, mhv::v1::EnsureAccountResponse>(
        kOther, [](const CallContext&, const mhv::v1::EnsureAccountRequest&) {
          return mhv::v1::EnsureAccountResponse();
        });
    builder.Allow("gateway.va.internal", {kGet});
    builder.Allow("batch.va.internal", {kOther});
    if (add_more) add_more(builder);
    options.tls = Files(pki_.IssueService("server"));
    auto server = builder.Start(std::move(options), pool_, clock_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }

  TlsOptions Files(const PemFiles& files) const {
    return {files.certificate_file, files.private_key_file, pki_.ca_file()};
  }
  std::string target() const { return "127.0.0.1:" + std::to_string(server_->port()); }

  Channel As(const std::string& service, ChannelOptions options = {}) {
    auto channel = Connect(target(), Files(pki_.IssueService(service)), "server.va.internal",
                           std::move(options));
    REQUIRE(channel.ok());
    return *channel;
  }

  // A client outside of our own library, with whatever it likes to present.
  std::shared_ptr<grpc::Channel> Foreign(const std::optional<PemFiles>& certificate,
                                         grpc::ChannelArguments args = {}) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadAll(pki_.ca_file());
    if (certificate) {
      options.pem_cert_chain = ReadAll(certificate->certificate_file);
      options.pem_private_key = ReadAll(certificate->private_key_file);
    }
    args.SetSslTargetNameOverride("server.va.internal");
    args.SetMaxSendMessageSize(-1);
    return grpc::CreateCustomChannel(target(), grpc::SslCredentials(options), args);
  }

  TestPki& pki() { return pki_; }
  Server& server() { return *server_; }
  int calls() const { return calls_; }
  const base::Clock& clock() const { return clock_; }

 private:
  TestPki pki_;
  base::SystemClock clock_;
  std::atomic<int> calls_{0};
  base::WorkerPool pool_;
  std::unique_ptr<Server> server_;
};

inline CallOptions Soon(std::string request_id = "") {
  CallOptions options;
  options.deadline = base::SystemClock().Now() + absl::Seconds(10);
  options.request_id = std::move(request_id);
  return options;
}

// A call with the exact path given, over any channel.
inline grpc::Status Raw(grpc::Channel& channel, const std::string& path, const MessageLite& request,
                        grpc::ClientContext& context) {
  const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  GetProfileResponse response;
  return grpc::internal::BlockingUnaryCall<MessageLite, MessageLite, MessageLite, MessageLite>(
      &channel, method, &context, request, &response);
}

inline grpc::Status RawSoon(grpc::Channel& channel, const std::string& path,
                            const MessageLite& request = GetProfileRequest()) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(Soon().deadline));
  return Raw(channel, path, request, context);
}

// Sends bytes as they are, whatever they mean.
inline grpc::Status RawBytes(grpc::Channel& channel, const std::string& path,
                             const std::string& bytes,
                             grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(Soon().deadline));
  context.set_compression_algorithm(compression);
  const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  return grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer,
                                           grpc::ByteBuffer>(&channel, method, &context, request,
                                                             &response);
}

}  // namespace va::rpc
