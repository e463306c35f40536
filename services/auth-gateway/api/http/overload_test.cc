// Attack B5: the database's connections all in use or its answers slow. The gateway turns people
// away with 503 and Retry-After, on every route, and is itself again as soon as the database is.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <latch>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/worker_pool.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "services/auth-gateway/api/http/consent_handlers.h"
#include "services/auth-gateway/api/http/gateway_testing.h"
#include "services/auth-gateway/api/http/terms_handlers.h"
#include "services/auth-gateway/web/assets.h"

namespace va::gateway {
namespace {

using testing::TestGateway;

bool SaysWhen(const http::Response& response) {
  return response.status == 503 && response.headers.Has("Retry-After");
}

// The gateway's routes behind a real server with one worker, which the test holds.
class BusyServer {
 public:
  BusyServer() {
    http::ServerOptions options;
    options.inline_handler = [this](http::Request& request) -> std::optional<http::Response> {
      if (FindAsset(request.path) == nullptr) return std::nullopt;
      return gateway_.Route(request);
    };
    auto server = http::Server::Start(
        options,
        [this](http::Request& request) {
          if (request.path == "/terms-of-use/") {
            ++slow;
            query_ended.wait();
          }
          return gateway_.Route(request);
        },
        pool_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
    auto client = http::CurlClient::Create({.allow_plain_http = true});
    REQUIRE(client.ok());
    client_ = *std::move(client);
  }
  ~BusyServer() { server_->Stop(absl::Seconds(5)); }

  absl::StatusOr<http::ClientResponse> Ask(const std::string& method, const std::string& path) {
    http::ClientRequest request;
    request.method = method;
    request.url = absl::StrCat("http://127.0.0.1:", server_->port(), path);
    if (method == "POST") request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
    return client_->Send(request);
  }

  std::atomic<int> slow{0};
  std::latch query_ended{1};

 private:
  TestGateway gateway_;
  base::WorkerPool pool_{1, 0};
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::CurlClient> client_;
};

}  // namespace

TEST_CASE(
    "Gateway B5: with every connection to the database in use each route says when to come back",
    "[edge][overload]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  const std::string session = gateway.SignedIn();
  const TestGateway::Attempt attempt = gateway.Start();
  gateway.flows.down = true;
  CHECK(SaysWhen(gateway.Get("/v1/sessions/idme/new")));
  CHECK(SaysWhen(gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_a2"))));
  CHECK(SaysWhen(gateway.Get("/v0/user", session)));
  CHECK(SaysWhen(gateway.Post("/v0/logout", session, "")));
  CHECK(SaysWhen(gateway.Get(kTermsPath, session)));
  CHECK(SaysWhen(gateway.Get(kConsentPath, session)));

  // What could not be done was not done, and all of it works again at once.
  gateway.flows.down = false;
  CHECK(gateway.Get("/v0/user", session).status == 200);
  CHECK(gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_a2")).status == 303);
  CHECK(gateway.Post("/v0/logout", session, "").status == 204);
}

TEST_CASE("Gateway B5: slow queries hold the workers, and nobody else waits behind them",
          "[edge][overload]") {
  BusyServer server;
  auto slow = std::async(std::launch::async, [&] { return server.Ask("GET", "/terms-of-use/"); });
  while (server.slow < 1) std::this_thread::yield();
  const std::pair<const char*, const char*> routes[] = {{"GET", "/v1/sessions/idme/new"},
                                                        {"POST", "/v1/sessions/callback"},
                                                        {"GET", "/v0/user"},
                                                        {"POST", "/v0/logout"},
                                                        {"GET", "/sign-in/"},
                                                        {"GET", "/none"},
                                                        {"POST", "/terms-of-use/"},
                                                        {"GET", "/auth/login/callback"},
                                                        {"GET", kConsentPath}};
  for (const auto& [method, path] : routes) {
    CAPTURE(method, path);
    const auto answer = server.Ask(method, path);
    REQUIRE(answer.ok());
    CHECK(answer->status == 503);
    CHECK(answer->headers.Has("Retry-After"));
  }
  CHECK(server.slow == 1);
  CHECK(server.Ask("GET", "/assets/site.css")->status == 200);

  server.query_ended.count_down();
  CHECK(slow.get().ok());
  // The worker is free again a moment after its answer went out.
  absl::StatusOr<http::ClientResponse> again = server.Ask("GET", "/sign-in/");
  for (int i = 0; i < 1000 && again.ok() && again->status == 503; ++i) {
    again = server.Ask("GET", "/sign-in/");
  }
  REQUIRE(again.ok());
  CHECK(again->status == 200);
}

}  // namespace va::gateway
