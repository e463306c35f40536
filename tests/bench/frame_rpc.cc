#include "tests/bench/frame_rpc.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/keys.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"
#include "tests/bench/rounds.h"
#include "va/mpi/v1/mpi.grpc.pb.h"

namespace va::bench {
namespace {

using mpi::v1::GetProfileRequest;
using mpi::v1::GetProfileResponse;
using mpi::v1::MpiService;

constexpr char kGet[] = "va.mpi.v1.MpiService/GetProfile";
constexpr char kServerName[] = "server.va.internal";
constexpr double kRatioLimit = 1.3;

GetProfileRequest Question() {
  GetProfileRequest request;
  request.set_request_id("6f1c2d9e-0000-4000-8000-000000000001");
  request.mutable_by_identifier()->set_type(mpi::v1::IDENTIFIER_TYPE_ICN);
  request.mutable_by_identifier()->set_value("1008714701V416111");
  return request;
}

absl::Time Soon() { return base::SystemClock().Now() + absl::Seconds(30); }

absl::Duration ProcessCpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

// CPU of this process, so of both ends, for one of the calls that `run` makes.
absl::StatusOr<absl::Duration> CpuOfCall(int calls, const std::function<absl::Status()>& run) {
  const absl::Duration before = ProcessCpu();
  if (absl::Status ran = run(); !ran.ok()) return ran;
  return (ProcessCpu() - before) / calls;
}

// ---- the bare hop

struct Pem {
  std::string certificate;
  std::string key;
  std::string ca;
};

absl::StatusOr<Pem> ReadPem(const rpc::TlsOptions& files) {
  auto certificate = crypto::ReadPublicFile(files.certificate_file);
  if (!certificate.ok()) return certificate.status();
  auto key = crypto::ReadSecretFile(files.private_key_file);
  if (!key.ok()) return key.status();
  auto ca = crypto::ReadPublicFile(files.ca_file);
  if (!ca.ok()) return ca.status();
  return Pem{*certificate, *key, *ca};
}

// One completion queue, one thread, generated code: as the examples of gRPC have it.
class BareServer {
 public:
  explicit BareServer(const Pem& pem) {
    grpc::SslServerCredentialsOptions tls(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = pem.ca;
    tls.pem_key_cert_pairs.push_back({pem.key, pem.certificate});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port_);
    builder.RegisterService(&service_);
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return;
    for (int i = 0; i < 64; ++i) (new Call(service_, *queue_))->Await();
    thread_ = std::thread([this] {
      void* tag = nullptr;
      bool ok = false;
      while (queue_->Next(&tag, &ok)) static_cast<Call*>(tag)->Next(ok);
    });
  }
  ~BareServer() {
    if (server_ != nullptr) server_->Shutdown();
    queue_->Shutdown();
    if (thread_.joinable()) thread_.join();
  }
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;

  int port() const { return port_; }

 private:
  class Call {
   public:
    Call(MpiService::AsyncService& service, grpc::ServerCompletionQueue& queue)
        : service_(service), queue_(queue) {}
    void Await() {
      service_.RequestGetProfile(&context_, &request_, &writer_, &queue_, &queue_, this);
    }
    void Next(bool ok) {
      if (!ok || answered_) {
        delete this;
        return;
      }
      (new Call(service_, queue_))->Await();
      answered_ = true;
      GetProfileResponse response;
      response.set_message_id(request_.request_id());
      writer_.Finish(response, grpc::Status::OK, this);
    }

   private:
    MpiService::AsyncService& service_;
    grpc::ServerCompletionQueue& queue_;
    grpc::ServerContext context_;
    GetProfileRequest request_;
    grpc::ServerAsyncResponseWriter<GetProfileResponse> writer_{&context_};
    bool answered_ = false;
  };

  MpiService::AsyncService service_;
  int port_ = 0;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;
};

class BareClient {
 public:
  BareClient(const std::string& target, const Pem& pem) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = pem.ca;
    tls.pem_cert_chain = pem.certificate;
    tls.pem_private_key = pem.key;
    grpc::ChannelArguments args;
    args.SetSslTargetNameOverride(kServerName);
    stub_ = MpiService::NewStub(grpc::CreateCustomChannel(target, grpc::SslCredentials(tls), args));
  }

  // Keeps `in_flight` calls going until `calls` have been answered.
  absl::Status Run(int calls, int in_flight) {
    grpc::CompletionQueue queue;
    const GetProfileRequest question = Question();
    int asked = 0;
    int failed = 0;
    const auto ask = [&] {
      auto* call = new Call;
      call->context.set_deadline(absl::ToChronoTime(Soon()));
      call->reader = stub_->AsyncGetProfile(&call->context, question, &queue);
      call->reader->Finish(&call->response, &call->status, call);
      ++asked;
    };
    while (asked < std::min(calls, in_flight)) ask();
    for (int answered = 0; answered < calls; ++answered) {
      void* tag = nullptr;
      bool ok = false;
      if (!queue.Next(&tag, &ok)) break;
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      if (!ok || !call->status.ok()) ++failed;
      if (asked < calls) ask();
    }
    queue.Shutdown();
    return failed == 0 ? absl::OkStatus() : absl::InternalError("a bare call failed");
  }

 private:
  struct Call {
    grpc::ClientContext context;
    GetProfileResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<GetProfileResponse>> reader;
  };
  std::unique_ptr<MpiService::Stub> stub_;
};

// ---- ours

absl::Status RunOurs(const rpc::Channel& channel, int calls, int in_flight) {
  const GetProfileRequest question = Question();
  std::atomic<int> left{calls};
  std::atomic<int> failed{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < in_flight; ++i) {
    callers.emplace_back([&] {
      while (left.fetch_sub(1) > 0) {
        const auto answer = rpc::Call<GetProfileResponse>(
            channel, kGet, question, {.deadline = Soon(), .request_id = question.request_id()});
        if (!answer.ok()) ++failed;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  return failed == 0 ? absl::OkStatus() : absl::InternalError("a call of ours failed");
}

absl::StatusOr<std::unique_ptr<rpc::Server>> StartOurs(const rpc::TlsOptions& tls,
                                                       rpc::Dispatch dispatch,
                                                       base::WorkerPool& pool,
                                                       const base::Clock& clock) {
  rpc::ServerBuilder builder;
  builder.Unary<GetProfileRequest, GetProfileResponse>(
      kGet,
      [](const rpc::CallContext&,
         const GetProfileRequest& request) -> absl::StatusOr<GetProfileResponse> {
        GetProfileResponse response;
        response.set_message_id(request.request_id());
        return response;
      },
      dispatch);
  builder.Allow("gateway.va.internal", {kGet});
  rpc::ServerOptions options;
  options.tls = tls;
  options.threads = 1;
  // What it costs is measured too, but nothing is refused.
  options.caller_rate = resilience::Rate{.tokens = 1'000'000, .burst = 1'000'000};
  options.on_done = [](const rpc::CallRecord&) {};
  return builder.Start(std::move(options), pool, clock);
}

}  // namespace

absl::Status MeasureRpc(const RpcRounds& how, Report& report) {
  testing::TestPki pki;
  const auto files = [&pki](const char* name) {
    const testing::PemFiles pem = pki.IssueService(name);
    return rpc::TlsOptions{pem.certificate_file, pem.private_key_file, pki.ca_file()};
  };
  const rpc::TlsOptions server_files = files("server");
  const rpc::TlsOptions client_files = files("gateway");
  const auto server_pem = ReadPem(server_files);
  if (!server_pem.ok()) return server_pem.status();
  const auto client_pem = ReadPem(client_files);
  if (!client_pem.ok()) return client_pem.status();

  BareServer bare_server(*server_pem);
  if (bare_server.port() == 0) return absl::UnavailableError("no port for the bare server");
  const auto at = [](int port) { return absl::StrCat("127.0.0.1:", port); };
  BareClient bare(at(bare_server.port()), *client_pem);

  const base::SystemClock clock;
  base::WorkerPool pool(64, 256);
  std::vector<std::unique_ptr<rpc::Server>> servers;
  std::vector<Candidate> candidates;
  candidates.push_back({"bare", [&bare, &how] {
                          return CpuOfCall(how.calls,
                                           [&] { return bare.Run(how.calls, how.in_flight); });
                        }});
  for (const auto& [name, dispatch] :
       {std::pair("inline", rpc::Dispatch::kInline), std::pair("pool", rpc::Dispatch::kPool)}) {
    auto server = StartOurs(server_files, dispatch, pool, clock);
    if (!server.ok()) return server.status();
    servers.push_back(*std::move(server));
    auto channel =
        rpc::Connect(at(servers.back()->port()), client_files, kServerName,
                     {.peer = "server", .balanced = true, .on_done = [](const auto&) {}});
    if (!channel.ok()) return channel.status();
    candidates.push_back(
        {name, [channel = *channel, &how] {
           return CpuOfCall(how.calls, [&] { return RunOurs(channel, how.calls, how.in_flight); });
         }});
  }
  // Threads wait on the pool and the servers in this order.
  const auto measured = RunRounds(candidates, how.rounds, 2);
  for (const auto& server : servers) server->Stop(absl::Seconds(5));
  pool.Shutdown();
  if (!measured.ok()) return measured.status();
  report.Cost(*measured, "bare", "a bare asynchronous hop, CPU of both ends");
  report.Cost(*measured, "inline", "a call of ours, handled where it arrives");
  report.Cost(*measured, "pool", "a call of ours, handled by a worker");
  report.Say(absl::StrCat("inline / bare ", measured->RatioOf("inline", "bare")));
  // Handlers of the services may block, so most are handled by a worker.
  report.AtMost("rpc_ratio", measured->RatioOf("pool", "bare"), kRatioLimit);
  return absl::OkStatus();
}

}  // namespace va::bench
