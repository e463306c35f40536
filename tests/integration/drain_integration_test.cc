// What is under way when a service is asked to stop comes to its proper end, over HTTP and over
// gRPC, while nothing new is taken. The real gateway, whose two tables a test holds locked, so that
// one request of each kind waits for exactly as long as the test wants.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/http/client.h"
#include "lib/rpc/channel.h"
#include "lib/testing/temp_postgres.h"
#include "tests/integration/child_process.h"
#include "tests/integration/service_files.h"
#include "va/session/v1/session.pb.h"

namespace va::integration {
namespace {

using session::v1::IntrospectRequest;
using session::v1::IntrospectResponse;

constexpr char kIntrospect[] = "va.session.v1.SessionService/Introspect";
constexpr absl::Duration kDrainTimeout = absl::Seconds(10);

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// A port nobody listens on. The gateway says in no log which one it got.
int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool Listens(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Loopback(port);
  const bool connected =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

std::unique_ptr<http::CurlClient> NewClient(http::TlsClientOptions options) {
  auto client = http::CurlClient::Create(std::move(options));
  REQUIRE(client.ok());
  return *std::move(client);
}

// Waits for what a test has brought about and another process has still to do.
template <typename Condition>
bool Eventually(Condition condition) {
  const base::Stopwatch waited;
  while (waited.Elapsed() < absl::Seconds(20)) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return false;
}

// Two tables that nobody else can use until Release.
class LockedTables {
 public:
  explicit LockedTables(const testing::TempDatabase& database) : database_(database) {
    // Ends by being terminated.
    holder_ = std::thread([this] {
      database_.Psql("LOCK TABLE flows, sessions IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)")
          .status()
          .IgnoreError();
    });
    REQUIRE(Eventually([this] { return Count("granted AND mode = 'AccessExclusiveLock'") >= 2; }));
  }
  ~LockedTables() { Release(); }
  LockedTables(const LockedTables&) = delete;
  LockedTables& operator=(const LockedTables&) = delete;

  // Statements of the service that wait.
  int Waiting() const { return Count("NOT granted"); }
  void Release() {
    if (!holder_.joinable()) return;
    database_
        .Psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE "
            "'%LOCK TABLE%' AND pid <> pg_backend_pid()")
        .status()
        .IgnoreError();
    holder_.join();
  }

 private:
  int Count(const char* which) const {
    const auto count = database_.Psql(
        absl::StrCat("SELECT count(*) FROM pg_locks WHERE relation IN "
                     "('flows'::regclass, 'sessions'::regclass) AND pid <> pg_backend_pid() AND ",
                     which));
    return count.ok() ? std::stoi(*count) : 0;
  }

  const testing::TempDatabase& database_;
  std::thread holder_;
};

// The gateway, and the two kinds of work it does.
class Serving {
 public:
  Serving() : public_port_(FreePort()) {
    auto database = testing::TempDatabase::Create("gateway");
    REQUIRE(database.ok());
    database_ = *std::move(database);
    files_.UseDatabase(*database_);
    files_.UseAlso(
        absl::StrCat("drain: {delay: 0s, timeout: ", absl::ToInt64Seconds(kDrainTimeout), "s}\n"));
    REQUIRE(files_.Run("auth-gateway", "--migrate")->Wait() == 0);
    process_ = files_.Run(
        "auth-gateway", "",
        {absl::StrCat("VA_AUTH_GATEWAY__PUBLIC__LISTEN=127.0.0.1:", public_port_),
         absl::StrCat("VA_AUTH_GATEWAY__PUBLIC__BASE_URL=https://localhost:", public_port_),
         absl::StrCat("VA_AUTH_GATEWAY__GRPC__CALLERS=other.va.internal=", kIntrospect)});
    const auto ready = process_->AwaitEvent("service.ready");
    REQUIRE(ready.has_value());
    ops_port_ = ready->at("ops_port");
    grpc_port_ = ready->at("grpc_port");
    http::TlsClientOptions tls;
    tls.ca_file = files_.At("roots.pem");
    browser_ = NewClient(tls);
    http::TlsClientOptions plain;
    plain.allow_plain_http = true;
    probe_ = NewClient(plain);
    const auto channel =
        rpc::Connect(absl::StrCat("127.0.0.1:", grpc_port_),
                     {files_.At("other.crt"), files_.At("other.key"), files_.At("roots.pem")},
                     "grpc.va.internal");
    REQUIRE(channel.ok());
    channel_ = std::make_unique<rpc::Channel>(*channel);
  }

  // A sign-in begins: a row of `flows` is written. 0 when no connection was to be had.
  int BeginSignIn() {
    http::ClientRequest request;
    request.url = absl::StrCat("https://localhost:", public_port_, "/v1/sessions/idme/new");
    request.timeout = absl::Seconds(15);
    const auto response = browser_->Send(request);
    return response.ok() ? response->status : 0;
  }
  // A token is looked up in `sessions`.
  absl::StatusOr<IntrospectResponse> Introspect() {
    IntrospectRequest request;
    request.set_token("unknown");
    return rpc::Call<IntrospectResponse>(*channel_, kIntrospect, request,
                                         {base::SystemClock().Now() + absl::Seconds(15)});
  }
  absl::Status GrpcHealth() {
    return rpc::CheckHealth(*channel_, base::SystemClock().Now() + absl::Seconds(5));
  }
  int Readiness() {
    http::ClientRequest request;
    request.url = absl::StrCat("http://127.0.0.1:", ops_port_, "/readyz");
    const auto response = probe_->Send(request);
    return response.ok() ? response->status : 0;
  }

  int public_port() const { return public_port_; }
  int grpc_port() const { return grpc_port_; }
  const testing::TempDatabase& database() const { return *database_; }
  ChildProcess& process() { return *process_; }

 private:
  ServiceFiles files_;
  const int public_port_;
  int ops_port_ = 0;
  int grpc_port_ = 0;
  std::unique_ptr<testing::TempDatabase> database_;
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<http::CurlClient> browser_;
  std::unique_ptr<http::CurlClient> probe_;
  std::unique_ptr<rpc::Channel> channel_;
};

}  // namespace

TEST_CASE(
    "Drain: a sign-in and a call under way at SIGTERM get their answers, new work is refused, "
    "and the program ends with 0 within its time",
    "[service][drain]") {
  Serving serving;
  const int begun = serving.BeginSignIn();
  REQUIRE(begun == 200);
  REQUIRE(serving.Introspect().ok());
  REQUIRE(serving.GrpcHealth().ok());

  LockedTables locked(serving.database());
  auto sign_in = std::async(std::launch::async, [&serving] { return serving.BeginSignIn(); });
  auto call = std::async(std::launch::async, [&serving] { return serving.Introspect(); });
  REQUIRE(Eventually([&locked] { return locked.Waiting() == 2; }));

  const base::Stopwatch stopping;
  serving.process().Signal(SIGTERM);
  REQUIRE(serving.process().AwaitEvent("service.stopping").has_value());
  CHECK(serving.Readiness() == 503);
  CHECK(Eventually([&serving] { return !Listens(serving.public_port()); }));
  CHECK(Eventually([&serving] { return !Listens(serving.grpc_port()); }));
  CHECK(serving.BeginSignIn() == 0);
  CHECK(serving.GrpcHealth().code() == absl::StatusCode::kUnavailable);
  // Both still wait, and nothing new does.
  CHECK(locked.Waiting() == 2);

  locked.Release();
  CHECK(sign_in.get() == begun);
  const auto answer = call.get();
  INFO(answer.status());
  REQUIRE(answer.ok());
  CHECK_FALSE(answer->active());
  CHECK(serving.process().Wait() == 0);
  CHECK(stopping.Elapsed() < kDrainTimeout);
  CHECK(absl::StrContains(serving.process().out(), "\"ev\":\"service.stopped\""));
}

}  // namespace va::integration
