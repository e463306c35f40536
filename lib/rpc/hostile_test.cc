// Callers that hold a good certificate and mean harm, and one whose certificate is a trick. What
// only raw HTTP/2 can say is in tests/interop/grpc_floods_test.py.
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/crypto/certificate_issuer.h"
#include "lib/rpc/house_testing.h"
#include "lib/rpc/status.h"

namespace va::rpc {
namespace {

crypto::CertificateRequest RequestOf(const std::string& name, bool authority) {
  const absl::Time now = base::SystemClock().Now();
  return {.common_name = name,
          .dns_names = {},
          .ip_addresses = {},
          .is_authority = authority,
          .not_before = now - absl::Hours(1),
          .not_after = now + absl::Hours(1)};
}

template <typename T, void (*Free)(T*)>
struct Freer {
  void operator()(T* thing) const { Free(thing); }
};
using Certificate = std::unique_ptr<X509, Freer<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;

Certificate ReadCertificate(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return certificate;
}

Key ReadKey(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Key key(PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return key;
}

std::string Pem(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

// Adds `name` byte by byte as a DNS name and signs again: no honest tool writes a NUL there.
std::string WithDnsName(const crypto::IssuedPair& leaf, const crypto::IssuedPair& authority,
                        const std::string& name) {
  const Certificate certificate = ReadCertificate(leaf.certificate_pem);
  const Key key = ReadKey(authority.private_key_pem);
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
  GENERAL_NAME* general = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(general, GEN_DNS, text);
  GENERAL_NAMES* names = sk_GENERAL_NAME_new_null();
  sk_GENERAL_NAME_push(names, general);
  REQUIRE(X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names, 0, 0) == 1);
  GENERAL_NAMES_free(names);
  REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  return Pem(certificate.get());
}

// A server under an authority whose key the test holds.
class OwnAuthority {
 public:
  OwnAuthority()
      : authority(crypto::IssueSelfSigned(RequestOf("An authority", true), crypto::NewKey::kEcP256)
                      .value()) {
    crypto::CertificateRequest request = RequestOf("server", false);
    request.dns_names = {"server.va.internal"};
    const auto pair = crypto::IssueSigned(request, crypto::NewKey::kEcP256, authority).value();
    ServerBuilder builder;
    builder.Unary<GetProfileRequest, GetProfileResponse>(kGet, &Echo);
    builder.Allow("gateway.va.internal", {kGet});
    ServerOptions options;
    options.tls = {dir_.Write("server.pem", pair.certificate_pem),
                   dir_.Write("server-key.pem", pair.private_key_pem),
                   dir_.Write("ca.pem", authority.certificate_pem)};
    server_ = builder.Start(std::move(options), pool_, clock_).value();
  }
  ~OwnAuthority() {
    server_->Stop(absl::Seconds(5));
    pool_.Shutdown();
  }

  // What somebody is told whose certificate has exactly this DNS name.
  grpc::StatusCode AskAs(const std::string& dns_name) const {
    const auto leaf = crypto::IssueSigned(RequestOf("gateway.va.internal", false),
                                          crypto::NewKey::kEcP256, authority)
                          .value();
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = authority.certificate_pem;
    tls.pem_cert_chain = WithDnsName(leaf, authority, dns_name);
    tls.pem_private_key = leaf.private_key_pem;
    grpc::ChannelArguments args;
    args.SetSslTargetNameOverride("server.va.internal");
    const auto channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                                   grpc::SslCredentials(tls), args);
    return RawSoon(*channel, std::string("/") + kGet).error_code();
  }

  const crypto::IssuedPair authority;

 private:
  testing::TempDir dir_;
  const base::SystemClock clock_;
  base::WorkerPool pool_{4, 64};
  std::unique_ptr<Server> server_;
};

}  // namespace

TEST_CASE("Server G1: a listed name followed by NUL is another name", "[rpc][G1]") {
  const OwnAuthority house;
  REQUIRE(house.AskAs("gateway.va.internal") == grpc::OK);
  for (const std::string& tail : {std::string("\0", 1), std::string("\0.elsewhere.test", 16)}) {
    CHECK(house.AskAs("gateway.va.internal" + tail) == grpc::PERMISSION_DENIED);
  }
  CHECK(house.AskAs(std::string("\0gateway.va.internal", 20)) == grpc::PERMISSION_DENIED);
}

TEST_CASE("Server G4: deadlines of a nanosecond leave nothing behind", "[rpc][G4]") {
  House house;
  const Channel channel = house.As("gateway");
  REQUIRE(CheckHealth(channel, Soon().deadline).ok());
  for (int i = 0; i < 50; ++i) {
    CallOptions call;
    call.deadline = house.clock().Now() + absl::Nanoseconds(1);
    const auto answer = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), call);
    // On the wire it may be rounded up to the next millisecond, in which we may have answered.
    CHECK((answer.ok() || answer.status().code() == absl::StatusCode::kDeadlineExceeded));
  }
  const base::Stopwatch watch;
  house.server().Stop(absl::Seconds(60));
  CHECK(watch.Elapsed() < absl::Seconds(30));
}

TEST_CASE("Server G4: callers that vanish in the middle of a call leave nothing behind",
          "[rpc][G4]") {
  Gate gate;
  std::atomic<int> noticed{0};
  constexpr int kCallers = 8;
  House house(
      [&](const CallContext& context,
          const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
        gate.Pass();
        while (!context.IsCancelled() && base::SystemClock().Now() < context.deadline) {
          std::this_thread::yield();
        }
        noticed += context.IsCancelled() ? 1 : 0;
        return GetProfileResponse();
      },
      Dispatch::kPool, ServerOptions(), kCallers);
  const auto files = house.pki().IssueService("gateway");
  {
    grpc::CompletionQueue queue;
    std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
    std::vector<std::unique_ptr<grpc::GenericClientAsyncResponseReader>> calls;
    std::vector<std::shared_ptr<grpc::Channel>> channels;
    std::vector<grpc::ByteBuffer> answers(kCallers);
    std::vector<grpc::Status> statuses(kCallers);
    const grpc::Slice nothing;
    const grpc::ByteBuffer empty(&nothing, 1);
    for (size_t i = 0; i < kCallers; ++i) {
      grpc::ChannelArguments args;
      args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      channels.push_back(house.Foreign(files, args));
      contexts.push_back(std::make_unique<grpc::ClientContext>());
      grpc::GenericStub stub(channels.back());
      calls.push_back(
          stub.PrepareUnaryCall(contexts.back().get(), std::string("/") + kGet, empty, &queue));
      calls.back()->StartCall();
      calls.back()->Finish(&answers[i], &statuses[i], nullptr);
    }
    gate.AwaitArrivals(kCallers);
    for (const auto& context : contexts) context->TryCancel();
    void* tag = nullptr;
    bool ok = false;
    for (int i = 0; i < kCallers; ++i) REQUIRE(queue.Next(&tag, &ok));
    queue.Shutdown();
  }
  gate.Open();
  house.server().Stop(absl::Seconds(60));
  CHECK(noticed == kCallers);
}

TEST_CASE("Server G4: a caller's deadline that has passed stops the work further down",
          "[rpc][G4]") {
  // The last one in the row only waits to be told to stop.
  std::atomic<bool> stopped{false};
  Gate gate;
  House last([&](const CallContext& context,
                 const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
    gate.Pass();
    const base::Stopwatch patience;
    while (!context.IsCancelled() && patience.Elapsed() < absl::Seconds(30)) {
      std::this_thread::yield();
    }
    stopped = context.IsCancelled();
    return GetProfileResponse();
  });
  const Channel to_last = last.As("gateway");
  absl::Time named;
  House middle([&](const CallContext& context, const GetProfileRequest& request) {
    named = context.PeerDeadline();
    return Call<GetProfileResponse>(to_last, kGet, request, {.deadline = context.PeerDeadline()});
  });
  gate.Open();
  const Channel to_middle = middle.As("gateway");
  // So that both handshakes are over before the time begins.
  REQUIRE(CheckHealth(to_last, Soon().deadline).ok());
  REQUIRE(CheckHealth(to_middle, Soon().deadline).ok());
  CallOptions call;
  call.deadline = middle.clock().Now() + absl::Seconds(1);
  const auto answer = Call<GetProfileResponse>(to_middle, kGet, GetProfileRequest(), call);
  CHECK(answer.status().code() == absl::StatusCode::kDeadlineExceeded);
  // The middle one passed on what was left, less its own margin.
  CHECK(named < call.deadline);
  last.server().Stop(absl::Seconds(30));
  CHECK(stopped);
  CHECK(last.calls() == 1);
}

TEST_CASE("Server G6: streams that never end hold neither workers nor the server", "[rpc][G6]") {
  ServerOptions options;
  options.default_deadline = absl::Milliseconds(500);
  options.max_streams_per_connection = 64;
  House house(&Echo, Dispatch::kPool, options, 2, 4);
  const auto files = house.pki().IssueService("gateway");
  const auto hostile = house.Foreign(files);
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(hostile);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::GenericClientAsyncReaderWriter>> calls;
  // Opened, nothing sent, no end: as many as the connection takes and as many again that wait.
  constexpr int kStreams = 128;
  for (int i = 0; i < kStreams; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    calls.push_back(stub.PrepareCall(contexts.back().get(), std::string("/") + kGet, &queue));
    calls.back()->StartCall(nullptr);
  }
  // Somebody else is answered meanwhile.
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto honest = house.Foreign(files, args);
  for (int i = 0; i < 50; ++i) CHECK(RawSoon(*honest, std::string("/") + kGet).ok());
  // Every one of them is ended by the server, without a word from its client.
  std::vector<grpc::Status> statuses(kStreams);
  void* tag = nullptr;
  bool ok = false;
  for (int i = 0; i < kStreams; ++i) REQUIRE(queue.Next(&tag, &ok));
  for (size_t i = 0; i < kStreams; ++i) calls[i]->Finish(&statuses[i], &statuses[i]);
  for (int i = 0; i < kStreams; ++i) REQUIRE(queue.Next(&tag, &ok));
  for (const grpc::Status& status : statuses) {
    CHECK(status.error_code() == grpc::DEADLINE_EXCEEDED);
  }
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  CHECK(house.calls() == 50);
}

TEST_CASE("Server G6: a storm of connections is survived", "[rpc][G6]") {
  House house;
  const auto files = house.pki().IssueService("gateway");
  std::vector<std::thread> storm;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    storm.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        grpc::ChannelArguments args;
        args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        if (RawSoon(*house.Foreign(files, args), std::string("/") + kGet).ok()) ++good;
      }
    });
  }
  for (std::thread& thread : storm) thread.join();
  CHECK(good == 200);
}

TEST_CASE("Server G7: no identity in metadata gives a caller what its certificate does not",
          "[rpc][G7]") {
  CallContext seen;
  House house([&seen](const CallContext& context, const GetProfileRequest& request) {
    seen = context;
    return Echo(context, request);
  });
  const auto channel = house.Foreign(house.pki().IssueService("batch"));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(Soon().deadline));
  for (const char* name : {"x-va-caller", "x-forwarded-user", "authorization", "x-ssl-client-dn",
                           "x-spiffe-id", "grpc-peer-identity"}) {
    context.AddMetadata(name, "gateway.va.internal");
  }
  CHECK(Raw(*channel, std::string("/") + kGet, GetProfileRequest(), context).error_code() ==
        grpc::PERMISSION_DENIED);
  CHECK(house.calls() == 0);
}

TEST_CASE("Server G8: neither reflection nor channelz is there unless asked for", "[rpc][G8]") {
  CHECK_FALSE(ServerOptions().reflection);
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  for (const char* path :
       {"/grpc.channelz.v1.Channelz/GetServers", "/grpc.channelz.v1.Channelz/GetTopChannels",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus"}) {
    CAPTURE(path);
    CHECK(RawSoon(*channel, path).error_code() == grpc::PERMISSION_DENIED);
  }
}

}  // namespace va::rpc
