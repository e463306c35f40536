// What CurlClient does when names do not resolve, peers die and certificates change: rows C3, H9
// and K2 of the attack list.
#include <dlfcn.h>
#include <netdb.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/http/server_test_scene.h"
#include "lib/testing/test_pki.h"

namespace va::http {
namespace {

// The resolver of this program: it stands before the C library's, for libcurl too. Names below
// "fake.test" go as the test wants them, everything else as ever.
class Resolver {
 public:
  static Resolver& Get() {
    static auto* const resolver = new Resolver;
    return *resolver;
  }

  int Resolve(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
    const absl::string_view host = name == nullptr ? "" : name;
    if (!absl::EndsWith(host, ".fake.test")) return Real()(name, service, hints, result);
    ++asked_;
    if (host == "missing.fake.test") return EAI_NONAME;
    if (host == "slow.fake.test") {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return released_; });
      return EAI_AGAIN;
    }
    return Real()("127.0.0.1", service, hints, result);
  }

  void Release() {
    const std::lock_guard<std::mutex> lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  int asked() const { return asked_; }

 private:
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static Function Real() {
    static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return real;
  }

  std::atomic<int> asked_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
};

std::string Contents(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Overwrite(const std::string& file, absl::string_view content) {
  std::ofstream(file, std::ios::trunc) << content;
}

std::string Outcome(const absl::StatusOr<ClientResponse>& answer) {
  if (answer.ok()) return absl::StrCat(answer->status);
  return absl::StrCat(absl::StatusCodeToString(answer.status().code()), " ",
                      base::ReasonOf(answer.status()));
}

ClientRequest To(absl::string_view scheme, absl::string_view host, int port,
                 absl::string_view method = "GET") {
  ClientRequest request;
  request.method = std::string(method);
  request.url = absl::StrCat(scheme, "://", host, ":", port, "/");
  request.timeout = absl::Seconds(10);
  if (method != "GET") request.body = "amount=1";
  return request;
}

// Answers one request on each connection, reads the next one, and dies over it.
class DyingServer {
 public:
  // `last_words` go out before it dies.
  explicit DyingServer(std::string last_words = "")
      : last_words_(std::move(last_words)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    socklen_t size = sizeof(address);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~DyingServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  DyingServer(const DyingServer&) = delete;
  DyingServer& operator=(const DyingServer&) = delete;

  int port() const { return port_; }
  int heard() const { return heard_; }

 private:
  void Run() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      if (Hear(fd)) {
        constexpr absl::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        ::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
        Hear(fd);
        ::send(fd, last_words_.data(), last_words_.size(), MSG_NOSIGNAL);
      }
      ::close(fd);
    }
  }

  // Reads a request with its body, if any.
  bool Hear(int fd) {
    std::string request;
    char buffer[4096];
    for (;;) {
      const size_t end = request.find("\r\n\r\n");
      if (end != std::string::npos) {
        const bool has_body = absl::StartsWith(request, "POST") &&
                              !absl::StrContains(request, "Content-Length: 0\r\n");
        if (!has_body || request.size() >= end + 4 + 8) break;
      }
      const ssize_t size = ::recv(fd, buffer, sizeof(buffer), 0);
      if (size <= 0) return false;
      request.append(buffer, static_cast<size_t>(size));
    }
    ++heard_;
    return true;
  }

  const std::string last_words_;
  int listener_;
  int port_ = 0;
  std::atomic<int> heard_{0};
  std::thread thread_;
};

// The TLS server of another age: from 1.0 up to `most`, with every cipher it ever had. Counts who
// comes and who agrees with it; answers nobody.
class OldTlsServer {
 public:
  OldTlsServer(const testing::PemFiles& files, int most)
      : context_(SSL_CTX_new(TLS_server_method())), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), most);
    REQUIRE(SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0") == 1);
    REQUIRE(SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate_file.c_str()) ==
            1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context_.get(), files.private_key_file.c_str(),
                                        SSL_FILETYPE_PEM) == 1);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    socklen_t size = sizeof(address);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~OldTlsServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  OldTlsServer(const OldTlsServer&) = delete;
  OldTlsServer& operator=(const OldTlsServer&) = delete;

  int port() const { return port_; }
  int met() const { return met_; }
  int agreed() const { return agreed_; }

 private:
  struct ContextFreer {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  void Serve() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      SSL* const ssl = SSL_new(context_.get());
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) == 1) ++agreed_;
      ERR_clear_error();
      ++met_;
      SSL_free(ssl);
      ::close(fd);
    }
  }

  std::unique_ptr<SSL_CTX, ContextFreer> context_;
  int listener_;
  int port_ = 0;
  std::atomic<int> met_{0};
  std::atomic<int> agreed_{0};
  std::thread thread_;
};

// Takes every connection and never says a word. Counts those on which the peer has spoken.
class HushedServer {
 public:
  HushedServer() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listener_, 256) == 0);
    socklen_t size = sizeof(address);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~HushedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }
  HushedServer(const HushedServer&) = delete;
  HushedServer& operator=(const HushedServer&) = delete;

  int port() const { return port_; }
  int begun() const { return begun_; }

 private:
  void Accept() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      threads_.emplace_back([this, fd] {
        char buffer[4096];
        if (::recv(fd, buffer, sizeof(buffer), 0) > 0) ++begun_;
        while (::recv(fd, buffer, sizeof(buffer), 0) > 0) {
        }
        ::close(fd);
      });
    }
  }

  int listener_;
  int port_ = 0;
  std::atomic<int> begun_{0};
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

std::unique_ptr<CurlClient> PlainClient() {
  return *CurlClient::Create({.allow_plain_http = true});
}

}  // namespace
}  // namespace va::http

// NOLINTNEXTLINE: the C library's name and signature
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  return va::http::Resolver::Get().Resolve(name, service, hints, result);
}

namespace va::http {

TEST_CASE("C3 CurlClient: a name that does not exist is told at once", "[http][client][attack]") {
  const auto client = PlainClient();
  const int before = Resolver::Get().asked();
  CHECK(Outcome(client->Send(To("http", "missing.fake.test", 80))) == "UNAVAILABLE CONNECT");
  CHECK(Resolver::Get().asked() > before);
}

TEST_CASE("C3 CurlClient: a resolver that does not answer costs no more than the deadline",
          "[http][client][attack]") {
  {
    const auto client = PlainClient();
    ClientRequest request = To("http", "slow.fake.test", 80);
    request.timeout = absl::Milliseconds(150);
    const auto begin = std::chrono::steady_clock::now();
    CHECK(Outcome(client->Send(request)) == "DEADLINE_EXCEEDED TIMEOUT");
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    // Nor does the end of the client wait for it.
  }
  Resolver::Get().Release();
}

TEST_CASE("C3 CurlClient: an address that was given away speaks to nobody but the right name",
          "[http][client][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki other_pki;
  const testing::PemFiles right = pki.Issue({"bank.fake.test"});
  const testing::PemFiles wrong = pki.Issue({"evil.fake.test"});
  const testing::PemFiles forged = other_pki.Issue({"bank.fake.test"});
  const auto client = *CurlClient::Create({.ca_file = pki.ca_file()});
  const auto answer_of = [&client](const testing::PemFiles& files) {
    ServerOptions options;
    options.tls = TlsServerOptions{files.certificate_file, files.private_key_file, ""};
    const Scene scene(options);
    const auto answer = client->Send(To("https", "bank.fake.test", scene.port(), "POST"));
    CHECK(scene.handled() == (answer.ok() ? 1 : 0));
    return Outcome(answer);
  };
  CHECK(answer_of(right) == "200");
  CHECK(answer_of(wrong) == "UNAVAILABLE TLS");
  CHECK(answer_of(forged) == "UNAVAILABLE TLS");
}

TEST_CASE("H9 CurlClient: TLS 1.0 and 1.1 are refused, and nothing else is tried in their place",
          "[http][client][tls][attack]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  const int most = GENERATE(TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION);
  const OldTlsServer server(files, most);
  const auto client = *CurlClient::Create({.ca_file = pki.ca_file()});
  const std::string outcome =
      Outcome(client->Send(To("https", "localhost", server.port(), "POST")));
  const bool modern = most == TLS1_2_VERSION;
  // With 1.2 they agree, and the server hangs up over the request.
  CHECK(outcome == (modern ? "UNAVAILABLE CONNECTION_LOST" : "UNAVAILABLE TLS"));
  while (server.met() == 0) std::this_thread::yield();
  CHECK(server.met() == 1);
  CHECK(server.agreed() == (modern ? 1 : 0));
}

TEST_CASE(
    "CurlClient: a crowd makes its handshakes 64 at a time, and nobody waits past the deadline",
    "[http][client][tls]") {
  testing::TestPki pki;
  const HushedServer server;
  const auto client = *CurlClient::Create({.ca_file = pki.ca_file()});
  std::atomic<int> begun_at_first_end = -1;
  std::atomic<int> late = 0;
  std::vector<std::thread> crowd;
  const base::Stopwatch watch;
  crowd.reserve(100);
  for (int i = 0; i < 100; ++i) {
    crowd.emplace_back([&] {
      ClientRequest request = To("https", "localhost", server.port(), "POST");
      request.timeout = absl::Milliseconds(1500);
      if (Outcome(client->Send(request)) == "DEADLINE_EXCEEDED TIMEOUT") ++late;
      int none = -1;
      begun_at_first_end.compare_exchange_strong(none, server.begun());
    });
  }
  for (std::thread& thread : crowd) thread.join();
  CHECK(late == 100);
  CHECK(begun_at_first_end > 0);
  CHECK(begun_at_first_end < 90);  // 64, and who took the places of the first to end
  CHECK(watch.Elapsed() < absl::Seconds(6));
}

TEST_CASE("CurlClient: a POST on a kept connection that dies over it goes out once",
          "[http][client]") {
  for (const absl::string_view body : {"amount=1", ""}) {
    const DyingServer server;
    const auto client = PlainClient();
    REQUIRE(Outcome(client->Send(To("http", "127.0.0.1", server.port()))) == "200");
    ClientRequest post = To("http", "127.0.0.1", server.port(), "POST");
    post.body = std::string(body);
    CHECK(Outcome(client->Send(post)) == "UNAVAILABLE CONNECTION_LOST");
    CHECK(server.heard() == 2);
    // The client is none the worse for it.
    CHECK(Outcome(client->Send(post)) == "200");
  }
}

TEST_CASE("CurlClient: a POST whose peer dies after an interim answer goes out once",
          "[http][client]") {
  const DyingServer server("HTTP/1.1 100 Continue\r\n\r\n");
  const auto client = PlainClient();
  REQUIRE(Outcome(client->Send(To("http", "127.0.0.1", server.port()))) == "200");
  ClientRequest post = To("http", "127.0.0.1", server.port(), "POST");
  post.body = "amount=1";
  CHECK(Outcome(client->Send(post)) == "UNAVAILABLE CONNECTION_LOST");
  CHECK(server.heard() == 2);
}

TEST_CASE("CurlClient: what may be repeated is, on a new connection", "[http][client]") {
  const DyingServer server;
  const auto client = PlainClient();
  REQUIRE(Outcome(client->Send(To("http", "127.0.0.1", server.port()))) == "200");
  CHECK(Outcome(client->Send(To("http", "127.0.0.1", server.port()))) == "200");
  CHECK(server.heard() == 3);
  ClientRequest query = To("http", "127.0.0.1", server.port(), "POST");
  query.repeatable = true;
  CHECK(Outcome(client->Send(query)) == "200");
  CHECK(server.heard() == 5);
}

TEST_CASE("CurlClient: a POST finds a connection that was closed while idle, and opens another",
          "[http][client]") {
  ServerOptions options;
  options.idle_timeout = absl::Milliseconds(40);
  Scene scene(options);
  const auto client = PlainClient();
  REQUIRE(Outcome(client->Send(To("http", "127.0.0.1", scene.port(), "POST"))) == "200");
  RawClient witness(scene.port());
  witness.Send(kGet);
  witness.ReadAnswer();
  CHECK(witness.Closed());  // idle since later, so the client's is closed too
  CHECK(Outcome(client->Send(To("http", "127.0.0.1", scene.port(), "POST"))) == "200");
  CHECK(scene.handled() == 3);
}

TEST_CASE("K2 CurlClient: handshakes use what was read, not what the files hold meanwhile",
          "[http][client][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki new_pki;
  const testing::PemFiles server_files = pki.Issue({"localhost"});
  const testing::PemFiles own = pki.IssueService("mpi-adapter");
  const testing::PemFiles own_new = new_pki.IssueService("mpi-adapter");
  const std::string roots = pki.dir().Write("roots.crt", Contents(pki.ca_file()));
  ServerOptions options;
  options.tls =
      TlsServerOptions{server_files.certificate_file, server_files.private_key_file, pki.ca_file()};
  const std::string old_certificate = Contents(own.certificate_file);
  const std::string old_key = Contents(own.private_key_file);
  const auto client = *CurlClient::Create({.ca_file = roots,
                                           .certificate_file = own.certificate_file,
                                           .private_key_file = own.private_key_file});
  const auto send = [&client](const ServerOptions& with) {
    const Scene scene(with);  // a new server, so a new handshake
    return Outcome(client->Send(To("https", "localhost", scene.port())));
  };
  CHECK(send(options) == "200");

  // Half-written: every handshake still uses the whole of the old one, and a reload is refused.
  Overwrite(own.certificate_file, old_certificate.substr(0, 100));
  Overwrite(roots, "");
  CHECK(send(options) == "200");
  CHECK(absl::IsInvalidArgument(client->ReloadTls()));
  CHECK(send(options) == "200");
  Overwrite(roots, Contents(pki.ca_file()));
  Overwrite(own.certificate_file, Contents(own_new.certificate_file));
  CHECK(absl::IsInvalidArgument(client->ReloadTls()));  // the key is still the old one
  CHECK(send(options) == "200");

  // Complete: the new identity is used, also towards a server that knew the old one.
  Overwrite(own.private_key_file, Contents(own_new.private_key_file));
  REQUIRE(client->ReloadTls().ok());
  CHECK_FALSE(absl::StartsWith(send(options), "200"));
  options.tls->client_ca_file = new_pki.ca_file();
  CHECK(send(options) == "200");

  // New roots: the old server is no longer believed.
  Overwrite(roots, Contents(new_pki.ca_file()));
  REQUIRE(client->ReloadTls().ok());
  CHECK(send(options) == "UNAVAILABLE TLS");
}

TEST_CASE("CurlClient: ReloadTls lets go of kept connections; a running request finishes",
          "[http][client][tls]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  ServerOptions options;
  options.tls = TlsServerOptions{files.certificate_file, files.private_key_file, ""};
  Scene scene(options);
  const auto client = *CurlClient::Create({.ca_file = pki.ca_file()});
  REQUIRE(Outcome(client->Send(To("https", "localhost", scene.port()))) == "200");
  CHECK(scene.server().stats().accepted == 1);
  scene.CloseDoor();
  std::string outcome;
  std::thread running([&] {
    ClientRequest request = To("https", "localhost", scene.port());
    request.url += "door";
    outcome = Outcome(client->Send(request));
  });
  scene.WaitUntilAtDoor(1);
  REQUIRE(client->ReloadTls().ok());
  scene.Open();
  running.join();
  CHECK(outcome == "200");
  REQUIRE(Outcome(client->Send(To("https", "localhost", scene.port()))) == "200");
  CHECK(scene.server().stats().accepted == 2);
}

TEST_CASE("K2 CurlClient: certificates are read anew over and over while a crowd asks",
          "[http][client][tls][attack]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  const testing::PemFiles own = pki.IssueService("mpi-adapter");
  ServerOptions options;
  options.tls = TlsServerOptions{files.certificate_file, files.private_key_file, pki.ca_file()};
  Scene scene(options);
  const auto client = *CurlClient::Create({.ca_file = pki.ca_file(),
                                           .certificate_file = own.certificate_file,
                                           .private_key_file = own.private_key_file});
  std::atomic<int> answered = 0;
  std::vector<std::thread> crowd;
  crowd.reserve(4);
  for (int i = 0; i < 4; ++i) {
    crowd.emplace_back([&] {
      for (int round = 0; round < 25; ++round) {
        if (Outcome(client->Send(To("https", "localhost", scene.port()))) == "200") ++answered;
      }
    });
  }
  int reloads = 0;
  bool always = true;
  while (answered < 90 && reloads < 20000) {
    always = client->ReloadTls().ok() && always;
    ++reloads;
  }
  for (std::thread& thread : crowd) thread.join();
  CHECK(always);
  CHECK(answered == 100);
  CHECK(reloads > 1);
}

}  // namespace va::http
