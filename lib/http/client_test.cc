#include "lib/http/client.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"
#include "lib/testing/test_pki.h"

namespace va::http {
namespace {

// A server that answers a few paths; "/hang" waits until the scene ends.
class Site {
 public:
  explicit Site(std::optional<TlsServerOptions> tls = std::nullopt) : pool_(8, 32) {
    ServerOptions options;
    options.tls = std::move(tls);
    scheme_ = options.tls.has_value() ? "https" : "http";
    auto server = Server::Start(
        std::move(options), [this](Request& request) { return Handle(request); }, pool_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }
  ~Site() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
      changed_.notify_all();
    }
    server_.reset();
  }

  std::string Url(absl::string_view path, absl::string_view host = "localhost") const {
    return absl::StrCat(scheme_, "://", host, ":", server_->port(), path);
  }
  int port() const { return server_->port(); }
  int handled() const { return handled_; }

 private:
  Response Handle(Request& request) {
    ++handled_;
    if (request.path == "/hang") {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return over_; });
    }
    if (request.path == "/large") return Text(200, std::string(100 * 1024, 'x'));
    if (request.path == "/redirect") return Redirect(303, "/landed");
    if (request.path == "/loop") return Redirect(302, "/loop");
    std::string answer = absl::StrCat(request.method, " ", request.path, " ", request.body, "\n");
    for (const Header& header : request.headers) {
      absl::StrAppend(&answer, header.name, ": ", header.value, "\n");
    }
    Response response = Text(request.path == "/teapot" ? 422 : 200, answer);
    response.headers.Add("X-Twice", "1");
    response.headers.Add("X-Twice", "2");
    return response;
  }

  base::WorkerPool pool_;
  std::string scheme_;
  std::unique_ptr<Server> server_;
  std::atomic<int> handled_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

std::unique_ptr<CurlClient> PlainClient() {
  return *CurlClient::Create({.allow_plain_http = true});
}

ClientRequest Get(std::string url) {
  ClientRequest request;
  request.url = std::move(url);
  return request;
}

std::string Outcome(const absl::StatusOr<ClientResponse>& response) {
  if (response.ok()) return absl::StrCat(response->status);
  return absl::StrCat(absl::StatusCodeToString(response.status().code()), " ",
                      base::ReasonOf(response.status()));
}

}  // namespace

TEST_CASE("CurlClient: sends method, headers and body, and returns the whole answer",
          "[http][client]") {
  const Site site;
  const auto client = PlainClient();
  ClientRequest request = Get(site.Url("/teapot"));
  request.method = "POST";
  request.headers.Add("SOAPAction", "urn:x");
  request.headers.Add("Content-Type", "text/xml");
  request.headers.Add("X-Empty", "");
  request.body = std::string("a\0b", 3);
  const auto answer = client->Send(request);
  REQUIRE(answer.ok());
  CHECK(answer->status == 422);  // a status is an answer, not a fault
  CHECK(absl::StartsWith(answer->body, absl::string_view("POST /teapot a\0b\n", 17)));
  CHECK(absl::StrContains(answer->body, "SOAPAction: urn:x\n"));
  CHECK(absl::StrContains(answer->body, "X-Empty: \n"));
  CHECK(absl::StrContains(answer->body, "Content-Type: text/xml\n"));
  CHECK_FALSE(absl::StrContains(answer->body, "User-Agent"));
  CHECK_FALSE(absl::StrContains(answer->body, "Expect"));
  CHECK(answer->headers.GetAll("x-twice").size() == 2);
}

TEST_CASE("CurlClient: one request leaves nothing behind for the next", "[http][client]") {
  const Site site;
  const auto client = PlainClient();
  ClientRequest put = Get(site.Url("/put"));
  put.method = "PUT";
  put.body = "secret";
  put.headers.Add("Authorization", "Bearer t");
  CHECK(absl::StartsWith(client->Send(put)->body, "PUT /put secret"));
  const auto get = client->Send(Get(site.Url("/get")));
  CHECK(absl::StartsWith(get->body, "GET /get \n"));
  CHECK_FALSE(absl::StrContains(get->body, "Bearer"));
  ClientRequest head = Get(site.Url("/head"));
  head.method = "HEAD";
  CHECK(client->Send(head)->body.empty());
  ClientRequest remove = Get(site.Url("/delete"));
  remove.method = "DELETE";
  CHECK(absl::StartsWith(client->Send(remove)->body, "DELETE /delete"));
  CHECK(absl::StartsWith(client->Send(Get(site.Url("/again")))->body, "GET /again"));
}

TEST_CASE("CurlClient: redirects are followed only when asked", "[http][client]") {
  const Site site;
  const auto client = PlainClient();
  const auto direct = client->Send(Get(site.Url("/redirect")));
  CHECK(direct->status == 303);
  CHECK(direct->headers.Get("Location") == "/landed");
  ClientRequest follow = Get(site.Url("/redirect"));
  follow.follow_redirects = true;
  CHECK(absl::StartsWith(client->Send(follow)->body, "GET /landed"));
  follow.url = site.Url("/loop");
  CHECK(Outcome(client->Send(follow)) == "INVALID_ARGUMENT BAD_REQUEST");
}

TEST_CASE("CurlClient: faults are typed", "[http][client]") {
  const Site site;
  const auto client = PlainClient();
  ClientRequest hang = Get(site.Url("/hang"));
  hang.timeout = absl::Milliseconds(50);
  CHECK(Outcome(client->Send(hang)) == "DEADLINE_EXCEEDED TIMEOUT");
  hang.timeout = absl::ZeroDuration();
  CHECK(Outcome(client->Send(hang)) == "DEADLINE_EXCEEDED TIMEOUT");

  ClientRequest large = Get(site.Url("/large"));
  large.max_response = 1000;
  CHECK(Outcome(client->Send(large)) == "RESOURCE_EXHAUSTED RESPONSE_TOO_LARGE");
  large.max_response = 100 * 1024;
  CHECK(Outcome(client->Send(large)) == "200");

  int closed_port = 0;
  {
    const Site gone;
    closed_port = gone.port();
  }
  const auto refused = client->Send(Get(absl::StrCat("http://127.0.0.1:", closed_port, "/?ssn=1")));
  CHECK(Outcome(refused) == "UNAVAILABLE CONNECT");
  CHECK(base::IsRetryable(refused.status()));
  CHECK_FALSE(absl::StrContains(refused.status().message(), "ssn"));
}

TEST_CASE("CurlClient: what must not be sent is refused before anything is", "[http][client]") {
  const Site site;
  const auto client = PlainClient();
  const std::string url = site.Url("/");
  ClientRequest request = Get(url);
  SECTION("header value with CRLF") { request.headers.Add("X", "a\r\nY: b"); }
  SECTION("header name with a colon") { request.headers.Add("X: y", "a"); }
  SECTION("method that is no token") { request.method = "GET / HTTP/1.1\r\nX:"; }
  SECTION("another scheme") { request.url = "file:///etc/passwd"; }
  SECTION("userinfo") { request.url = absl::StrCat("http://user:x@localhost:", site.port(), "/"); }
  SECTION("control character in the URL") { request.url = url + "\r\nX: y"; }
  CHECK(Outcome(client->Send(request)) == "INVALID_ARGUMENT BAD_REQUEST");
  CHECK(site.handled() == 0);
}

TEST_CASE("CurlClient: plain http is off unless allowed", "[http][client]") {
  const Site site;
  const auto client = *CurlClient::Create({});
  CHECK(Outcome(client->Send(Get(site.Url("/")))) == "INVALID_ARGUMENT BAD_REQUEST");
}

TEST_CASE("CurlClient: proxies of the environment are not used", "[http][client]") {
  const Site site;
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("https_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  CHECK(Outcome(PlainClient()->Send(Get(site.Url("/")))) == "200");
  ::unsetenv("http_proxy");
  ::unsetenv("https_proxy");
  ::unsetenv("ALL_PROXY");
}

TEST_CASE("CurlClient: many threads share one client", "[http][client]") {
  const Site site;
  const auto client = PlainClient();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string path = absl::StrCat("/", t, "-", i);
        const auto answer = client->Send(Get(site.Url(path)));
        if (answer.ok() && absl::StartsWith(answer->body, absl::StrCat("GET ", path, " "))) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 160);
}

TEST_CASE("CurlClient: files that are missing or half a pair are refused at once",
          "[http][client]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"client"});
  CHECK_FALSE(CurlClient::Create({.ca_file = "/nonexistent"}).ok());
  CHECK_FALSE(CurlClient::Create({.certificate_file = files.certificate_file}).ok());
  CHECK_FALSE(CurlClient::Create({.private_key_file = files.private_key_file}).ok());
}

TEST_CASE("H9 CurlClient: a certificate that does not convince ends the call",
          "[http][client][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki stranger;
  const auto serve = [](const testing::PemFiles& files) {
    return TlsServerOptions{files.certificate_file, files.private_key_file, ""};
  };
  const auto client = *CurlClient::Create({.ca_file = pki.ca_file()});

  const Site good(serve(pki.Issue({"localhost"})));
  CHECK(Outcome(client->Send(Get(good.Url("/")))) == "200");

  const Site other_host(serve(pki.Issue({"other.example"})));
  CHECK(Outcome(client->Send(Get(other_host.Url("/")))) == "UNAVAILABLE TLS");
  CHECK(other_host.handled() == 0);

  const Site other_ca(serve(stranger.Issue({"localhost"})));
  CHECK(Outcome(client->Send(Get(other_ca.Url("/")))) == "UNAVAILABLE TLS");

  const Site self_signed(serve(pki.SelfSignedRsa("localhost")));
  CHECK(Outcome(client->Send(Get(self_signed.Url("/")))) == "UNAVAILABLE TLS");

  const absl::Time now = base::SystemClock().Now();
  const Site expired(
      serve(pki.IssueValid({"localhost", "old"}, now - absl::Hours(48), now - absl::Hours(24))));
  const auto answer = client->Send(Get(expired.Url("/")));
  CHECK(Outcome(answer) == "UNAVAILABLE TLS");
  CHECK_FALSE(base::IsRetryable(answer.status()));

  // Without a CA file nothing is trusted, the system's roots included.
  CHECK(Outcome((*CurlClient::Create({}))->Send(Get(good.Url("/")))) == "UNAVAILABLE TLS");

  // A server that speaks no TLS at all.
  const Site plain;
  CHECK(Outcome(client->Send(Get(absl::StrCat("https://localhost:", plain.port(), "/")))) ==
        "UNAVAILABLE TLS");
}

}  // namespace va::http
