#include "lib/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/worker_pool.h"
#include "lib/http/client.h"
#include "lib/http/server_test_scene.h"
#include "lib/http/tls_context.h"
#include "lib/testing/test_pki.h"

namespace va::http {

TEST_CASE("Server: hands the parsed request to the handler and sends its answer",
          "[http][server]") {
  const Scene scene;
  RawClient client(scene.port());
  client.Send(
      "POST /a/b?c=d HTTP/1.1\r\nHost: localhost:1\r\nX-One: 1\r\nContent-Length: 4\r\n\r\nbody");
  const std::string answer = client.ReadAnswer();
  CHECK(StatusOf(answer) == 200);
  CHECK(absl::EndsWith(answer,
                       "POST /a/b [c=d] localhost:1 127.0.0.1 req-1 Host,X-One,Content-Length, "
                       "body"));
  CHECK_FALSE(absl::StrContains(answer, "Date:"));
  CHECK_FALSE(absl::StrContains(answer, "Server:"));
}

TEST_CASE("Server: keeps the connection, also for pipelined requests", "[http][server]") {
  const Scene scene;
  RawClient client(scene.port());
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n"
      "Connection: close\r\n\r\n");
  CHECK(absl::StrContains(client.ReadAnswer(), "GET /1"));
  CHECK(absl::EndsWith(client.ReadAnswer(), "abcde"));
  CHECK(absl::StrContains(client.ReadAnswer(), "Connection: close"));
  CHECK(client.Closed());
}

TEST_CASE("Server: a body that comes byte by byte is one body", "[http][server]") {
  const Scene scene;
  RawClient client(scene.port());
  for (const char c : std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "5\r\nhello\r\n0\r\n\r\n")) {
    REQUIRE(client.Send(absl::string_view(&c, 1)));
  }
  CHECK(absl::EndsWith(client.ReadAnswer(), "hello"));
}

TEST_CASE("Server: HEAD gets the headers alone", "[http][server]") {
  const Scene scene;
  const std::string answer =
      scene.Exchange("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(StatusOf(answer) == 200);
  CHECK(absl::EndsWith(answer, "\r\n\r\n"));
}

TEST_CASE("Server: default headers are added unless the answer has its own", "[http][server]") {
  ServerOptions options;
  options.default_headers = {{"Cache-Control", "no-store"}, {"Content-Type", "x/y"}};
  const Scene scene(options);
  RawClient client(scene.port());
  client.Send(kGet);
  const std::string answer = client.ReadAnswer();
  CHECK(absl::StrContains(answer, "\r\nCache-Control: no-store\r\n"));
  CHECK(absl::StrContains(answer, "text/plain"));
  CHECK_FALSE(absl::StrContains(answer, "x/y"));
}

TEST_CASE("Server: a handler that throws is a 500 and the server lives", "[http][server]") {
  const Scene scene;
  RawClient client(scene.port());
  client.Send("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(StatusOf(client.ReadAnswer()) == 500);
  client.Send(kGet);
  CHECK(StatusOf(client.ReadAnswer()) == 200);
}

TEST_CASE("Server: the inline handler answers without the pool", "[http][server]") {
  ServerOptions options;
  options.inline_handler = [](Request& request) -> std::optional<Response> {
    if (request.path == "/inline") return Text(200, "inline");
    return std::nullopt;
  };
  Scene scene(options);
  RawClient client(scene.port());
  client.Send("GET /inline HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(absl::EndsWith(client.ReadAnswer(), "inline"));
  CHECK(scene.handled() == 0);
  client.Send(kGet);
  CHECK(StatusOf(client.ReadAnswer()) == 200);
  CHECK(scene.handled() == 1);
}

TEST_CASE("W1 Server: ambiguous framing is 400 and the connection ends", "[http][server][attack]") {
  const Scene scene;
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  // Each carries a second request that must never be seen as one.
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string rows[] = {
      post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: xchunked\r\n\r\n" + smuggled,
      post + "Content-Length: 0\r\nContent-Length: 37\r\n\r\n" + smuggled,
      post + "Content-Length: 99999999999999999999999\r\n\r\n" + smuggled,
      post + "X: a\r\n b\r\n\r\n" + smuggled,
      post + "X: a\n\r\n\r\n" + smuggled,
      "POST / HTTP/1.1\nHost: a\n\n" + smuggled,
      post + "X: a\rb\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n0;ext=1\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n1;a=\"\n\"\r\nx\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n 1\r\nx\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\n\r\n" + std::string(20000, '0') + smuggled,
  };
  for (const std::string& row : rows) {
    INFO(row.substr(0, 200));
    const std::string answer = scene.Exchange(row);
    CHECK(StatusOf(answer) == 400);
    CHECK(absl::StrContains(answer, "Connection: close"));
    CHECK_FALSE(absl::StrContains(answer, "smuggled"));
  }
  CHECK(scene.handled() == 0);
}

TEST_CASE("W1 Server: a chunk too large for any body is refused by size",
          "[http][server][attack]") {
  const Scene scene;
  const std::string answer = scene.Exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\nx\r\n");
  CHECK(StatusOf(answer) == 413);
}

TEST_CASE("W2 Server: the HTTP/2 preface is refused", "[http][server][attack]") {
  const Scene scene;
  CHECK(StatusOf(scene.Exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) == 400);
}

TEST_CASE("W4 Server: slow headers, a slow body and idle connections are closed by deadline",
          "[http][server][attack]") {
  const Scene scene(ShortTimeouts());
  RawClient idle(scene.port());
  CHECK(idle.Closed());

  RawClient slow_head(scene.port());
  slow_head.Send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  CHECK(StatusOf(slow_head.ReadAll()) == 408);

  RawClient slow_body(scene.port());
  slow_body.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(StatusOf(slow_body.ReadAll()) == 408);

  RawClient kept(scene.port());
  kept.Send(kGet);
  CHECK(StatusOf(kept.ReadAnswer()) == 200);
  CHECK(kept.Closed());
}

TEST_CASE("W4 Server: a dripping header does not push its deadline away",
          "[http][server][attack]") {
  const Scene scene(ShortTimeouts());
  const RawClient client(scene.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  // Each byte arrives well within any per-read timeout; only a total deadline ends this.
  timeval pause = {};
  pause.tv_usec = 5000;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
  int drips = 0;
  char byte = 0;
  while (drips < 2000 && ::recv(client.fd(), &byte, 1, 0) < 0 && client.Send("a")) ++drips;
  CHECK(drips < 2000);
  CHECK(scene.handled() == 0);
}

TEST_CASE("W4 Server: a client that never reads its answer is closed", "[http][server][attack]") {
  const Scene scene(ShortTimeouts());
  const RawClient client(scene.port());
  client.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  // Reads nothing for several write timeouts, told by connections that idle for as long each.
  for (int i = 0; i < 3; ++i) CHECK(RawClient(scene.port()).Closed());
  std::string got;
  char buffer[65536];
  ssize_t size = 0;
  while ((size = ::recv(client.fd(), buffer, sizeof(buffer), 0)) > 0) {
    got.append(buffer, static_cast<size_t>(size));
  }
  CHECK(got.size() < kLarge);
}

TEST_CASE("W4 Server: a crowd of idle connections does not keep the next person out",
          "[http][server][attack]") {
  ServerOptions options;
  options.max_connections = 16;
  const Scene scene(options);
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 100; ++i) {
    crowd.push_back(std::make_unique<RawClient>(scene.port()));
    crowd.back()->Send("GET / HT");
  }
  RawClient person(scene.port());
  person.Send(kGet);
  CHECK(StatusOf(person.ReadAnswer()) == 200);
  CHECK(crowd.front()->Closed());
}

TEST_CASE("W5 Server: oversize lines, headers and bodies are refused early",
          "[http][server][attack]") {
  const Scene scene;
  const std::string megabyte(1024 * 1024, 'a');
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "a:b\r\n";
  CHECK(StatusOf(scene.Exchange("GET /" + megabyte + " HTTP/1.1\r\nHost: a\r\n\r\n")) == 414);
  CHECK(StatusOf(scene.Exchange("GET / HTTP/1.1\r\nHost: a\r\nX: " + megabyte.substr(0, 65536) +
                                "\r\n\r\n")) == 431);
  CHECK(StatusOf(scene.Exchange("GET / HTTP/1.1\r\nHost: a\r\n" + many + "\r\n")) == 431);
  CHECK(StatusOf(scene.Exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5242880\r\n\r\n")) ==
        413);
  std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 5; ++i) absl::StrAppend(&chunked, "100000\r\n", megabyte, "\r\n");
  CHECK(StatusOf(scene.Exchange(chunked)) == 413);
  CHECK(scene.handled() == 0);
}

TEST_CASE("W5 Server: what is just within the limits is served", "[http][server]") {
  const Scene scene;
  RawClient client(scene.port());
  client.Send("GET /" + std::string(8 * 1024 - 1, 'a') +
              " HTTP/1.1\r\nHost: a\r\nX: " + std::string(20 * 1024, 'b') + "\r\n\r\n");
  CHECK(StatusOf(client.ReadAnswer()) == 200);
  const std::string body(512 * 1024, 'c');
  client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", body.size(),
                           "\r\n\r\n", body));
  CHECK(absl::EndsWith(client.ReadAnswer(), body));
}

TEST_CASE("W5 Server: many bodies within their limit cannot fill the memory together",
          "[http][server][attack]") {
  ServerOptions options;
  options.body_memory_limit = 100 * 1024;
  const Scene scene(options);
  const std::string half = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n";
  RawClient first(scene.port());
  first.Send(half + std::string(89999, 'x'));
  RawClient second(scene.port());
  second.Send(half + std::string(89999, 'x'));
  RawClient third(scene.port());
  third.Send(half + std::string(90000, 'x'));
  // Who comes too much is told to come again; who is left completes, and then there is room.
  first.Send("x");
  second.Send("x");
  std::multiset<int> statuses;
  for (RawClient* client : {&first, &second, &third}) {
    statuses.insert(StatusOf(client->ReadAnswer()));
  }
  CHECK(statuses.count(200) >= 1);
  CHECK(statuses.count(503) >= 1);
  CHECK(statuses.count(200) + statuses.count(503) == 3);
  RawClient later(scene.port());
  later.Send(half + std::string(90000, 'x'));
  CHECK(StatusOf(later.ReadAnswer()) == 200);
}

TEST_CASE("W6 Server: missing, doubled, foreign Host and absolute targets",
          "[http][server][attack]") {
  ServerOptions options;
  options.hosts = {"localhost:8443"};
  const Scene scene(options);
  CHECK(StatusOf(scene.Exchange("GET / HTTP/1.1\r\n\r\n")) == 400);
  CHECK(StatusOf(scene.Exchange("GET / HTTP/1.1\r\nHost: localhost:8443\r\nHost: evil\r\n\r\n")) ==
        400);
  CHECK(StatusOf(scene.Exchange("GET https://evil/ HTTP/1.1\r\nHost: localhost:8443\r\n\r\n")) ==
        400);
  CHECK(StatusOf(scene.Exchange("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")) == 421);
  CHECK(StatusOf(scene.Exchange("GET / HTTP/1.1\r\nHost: localhost:8444\r\n\r\n")) == 421);
  CHECK(StatusOf(scene.Exchange("GET / HTTP/1.1\r\nHost: localhost:8443@evil\r\n\r\n")) == 400);
  CHECK(StatusOf(scene.Exchange(
            "GET / HTTP/1.1\r\nHost: LOCALHOST:8443\r\nConnection: close\r\n\r\n")) == 200);
}

TEST_CASE("W7 Server: the peer is who connected, and underscore headers vanish",
          "[http][server][attack]") {
  const Scene scene;
  RawClient client(scene.port());
  client.Send(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\nX_Forwarded_For: 8.8.8.8\r\n\r\n");
  const std::string answer = client.ReadAnswer();
  CHECK(absl::StrContains(answer, " 127.0.0.1 "));
  CHECK_FALSE(absl::StrContains(answer, "X_Forwarded_For"));
}

TEST_CASE("W10 Server: TRACE and CONNECT never reach a handler", "[http][server][attack]") {
  const Scene scene;
  const std::string trace = scene.Exchange("TRACE / HTTP/1.1\r\nHost: a\r\nCookie: c=1\r\n\r\n");
  CHECK(StatusOf(trace) == 405);
  CHECK(absl::StrContains(trace, "Allow: "));
  CHECK_FALSE(absl::StrContains(trace, "c=1"));
  CHECK(StatusOf(scene.Exchange("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")) == 405);
  CHECK(scene.handled() == 0);
}

TEST_CASE("W13 Server: a handler's header with CRLF becomes a 500", "[http][server][attack]") {
  const Scene scene;
  RawClient client(scene.port());
  client.Send("GET /split HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.ReadAnswer();
  CHECK(StatusOf(answer) == 500);
  CHECK_FALSE(absl::StrContains(answer, "Set-Cookie"));
}

TEST_CASE("W14 Server: Expect and Upgrade are refused", "[http][server][attack]") {
  const Scene scene;
  CHECK(StatusOf(scene.Exchange(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")) ==
        417);
  CHECK(StatusOf(scene.Exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
                                "h2c\r\n\r\n")) == 400);
  CHECK(scene.handled() == 0);
}

TEST_CASE("B5 Server: a full pool sheds with 503 and Retry-After, and recovers",
          "[http][server][attack]") {
  Scene scene({}, /*threads=*/1, /*queue=*/0);
  scene.CloseDoor();
  RawClient first(scene.port());
  first.Send("GET /door HTTP/1.1\r\nHost: a\r\n\r\n");
  scene.WaitUntilAtDoor(1);
  RawClient second(scene.port());
  second.Send(kGet);
  const std::string shed = second.ReadAnswer();
  CHECK(StatusOf(shed) == 503);
  CHECK(absl::StrContains(shed, "Retry-After: 2\r\n"));
  CHECK(absl::StrContains(shed, "Request id req-"));
  scene.Open();
  CHECK(StatusOf(first.ReadAnswer()) == 200);
}

TEST_CASE("Server: refusals use the caller's page and tell why", "[http][server]") {
  ServerOptions options;
  std::string reason;
  options.error_page = [&reason](const ServerRefusal& refusal) {
    reason = refusal.reason;
    return Html(200, absl::StrCat("page ", refusal.status, " ", refusal.request_id));
  };
  const Scene scene(options);
  const std::string answer = scene.Exchange("GET / HTTP/1.1\r\n\r\n");
  CHECK(StatusOf(answer) == 400);  // whatever the page says, the status is honest
  CHECK(absl::EndsWith(answer, "page 400 req-1"));
  CHECK(reason == "HOST_MISSING");
}

TEST_CASE("Server: Stop lets a running request finish and closes idle connections",
          "[http][server]") {
  Scene scene;
  scene.CloseDoor();
  RawClient idle(scene.port());
  idle.Send(kGet);
  CHECK(StatusOf(idle.ReadAnswer()) == 200);
  RawClient running(scene.port());
  running.Send("GET /door HTTP/1.1\r\nHost: a\r\n\r\n");
  scene.WaitUntilAtDoor(1);
  std::thread stopper([&scene] { scene.server().Stop(absl::Seconds(5)); });
  CHECK(idle.Closed());
  scene.Open();
  const std::string answer = running.ReadAnswer();
  CHECK(StatusOf(answer) == 200);
  CHECK(absl::StrContains(answer, "Connection: close"));
  stopper.join();
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(scene.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0);
  ::close(fd);
}

TEST_CASE("Server: several io threads serve alike", "[http][server]") {
  ServerOptions options;
  options.io_threads = 3;
  const Scene scene(options);
  for (int i = 0; i < 9; ++i) {
    RawClient client(scene.port());
    client.Send(kGet);
    CHECK(StatusOf(client.ReadAnswer()) == 200);
  }
}

TEST_CASE("Server: unusable options are refused before anything listens", "[http][server]") {
  base::WorkerPool pool(1, 1);
  const auto start = [&pool](ServerOptions options) {
    return Server::Start(
               std::move(options), [](Request& /*request*/) { return Response(); }, pool)
        .status();
  };
  CHECK(absl::IsInvalidArgument(start({.listen = "nonsense"})));
  CHECK(absl::IsInvalidArgument(start({.listen = "127.0.0.1:99999"})));
  CHECK(absl::IsInvalidArgument(start({.listen = "127.0.0.1:"})));
  CHECK(absl::IsInvalidArgument(start({.listen = "localhost.invalid:0"})));
  ServerOptions no_files;
  no_files.tls = TlsServerOptions{"/nonexistent.crt", "/nonexistent.key", ""};
  CHECK(absl::IsInvalidArgument(start(no_files)));
  const Scene taken;
  CHECK(absl::IsUnavailable(start({.listen = absl::StrCat("127.0.0.1:", taken.port())})));
}

TEST_CASE("Server: a key that is not the certificate's is refused", "[http][server][tls]") {
  testing::TestPki pki;
  const testing::PemFiles one = pki.Issue({"localhost"});
  const testing::PemFiles two = pki.Issue({"other"});
  base::WorkerPool pool(1, 1);
  ServerOptions options;
  options.tls = TlsServerOptions{one.certificate_file, two.private_key_file, ""};
  CHECK(absl::IsInvalidArgument(Server::Start(
                                    options, [](Request& /*request*/) { return Response(); }, pool)
                                    .status()));
}

namespace {

// A TLS client that can be told to be old-fashioned. The agreed protocol and ALPN, or "refused".
std::string Handshake(int port, int max_version, absl::string_view alpn) {
  const RawClient tcp(port);
  const SslContext context(SSL_CTX_new(TLS_client_method()));
  // The client's own scruples must not be what fails.
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), 0);
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  const Ssl ssl(SSL_new(context.get()));
  if (!alpn.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                        static_cast<unsigned int>(alpn.size()));
  }
  SSL_set_fd(ssl.get(), tcp.fd());
  const int connected = SSL_connect(ssl.get());
  ERR_clear_error();
  if (connected != 1) return "refused";
  const unsigned char* agreed = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl.get(), &agreed, &size);
  return absl::StrCat(SSL_get_version(ssl.get()), " ",
                      absl::string_view(reinterpret_cast<const char*>(agreed), size));
}

}  // namespace

TEST_CASE("W15 W2 Server: TLS 1.2 and up, HTTP/1.1 only", "[http][server][tls][attack]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  ServerOptions options;
  options.tls = TlsServerOptions{files.certificate_file, files.private_key_file, ""};
  const Scene scene(options);
  CHECK(Handshake(scene.port(), TLS1_3_VERSION, "\x08http/1.1") == "TLSv1.3 http/1.1");
  CHECK(Handshake(scene.port(), TLS1_2_VERSION, "\x02h2\x08http/1.1") == "TLSv1.2 http/1.1");
  CHECK(Handshake(scene.port(), TLS1_3_VERSION, "") == "TLSv1.3 ");
  CHECK(Handshake(scene.port(), TLS1_3_VERSION, "\x02h2") == "refused");
  CHECK(Handshake(scene.port(), TLS1_1_VERSION, "") == "refused");
  CHECK(Handshake(scene.port(), TLS1_VERSION, "") == "refused");
}

TEST_CASE("W15 Server: plain HTTP on the TLS port ends the connection",
          "[http][server][tls][attack]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  ServerOptions options;
  options.tls = TlsServerOptions{files.certificate_file, files.private_key_file, ""};
  const Scene scene(options);
  CHECK_FALSE(absl::StrContains(scene.Exchange(kGet), "200"));
  CHECK(scene.handled() == 0);
}

TEST_CASE("W4 Server: a handshake that never comes is closed by deadline",
          "[http][server][tls][attack]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  ServerOptions options = ShortTimeouts();
  options.tls = TlsServerOptions{files.certificate_file, files.private_key_file, ""};
  const Scene scene(options);
  RawClient client(scene.port());
  CHECK(client.Closed());
}

TEST_CASE("W15 Server: where a client certificate is demanded there is no way around it",
          "[http][server][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki other_pki;
  const testing::PemFiles server_files = pki.Issue({"localhost"});
  const testing::PemFiles client_files = pki.IssueService("mpi-adapter");
  const testing::PemFiles stranger = other_pki.IssueService("mpi-adapter");
  ServerOptions options;
  options.tls =
      TlsServerOptions{server_files.certificate_file, server_files.private_key_file, pki.ca_file()};
  const Scene scene(options);
  ClientRequest request;
  request.url = absl::StrCat("https://localhost:", scene.port(), "/peer");

  TlsClientOptions good{.ca_file = pki.ca_file(),
                        .certificate_file = client_files.certificate_file,
                        .private_key_file = client_files.private_key_file};
  const auto answer = (*CurlClient::Create(good))->Send(request);
  REQUIRE(answer.ok());
  CHECK(absl::StartsWith(answer->body, "mpi-adapter.va.internal "));

  CHECK_FALSE((*CurlClient::Create({.ca_file = pki.ca_file()}))->Send(request).ok());
  TlsClientOptions wrong_ca = good;
  wrong_ca.certificate_file = stranger.certificate_file;
  wrong_ca.private_key_file = stranger.private_key_file;
  CHECK_FALSE((*CurlClient::Create(wrong_ca))->Send(request).ok());
  CHECK(scene.handled() == 1);
}

TEST_CASE("Server: large bodies go both ways over TLS", "[http][server][tls]") {
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  ServerOptions options;
  options.tls = TlsServerOptions{files.certificate_file, files.private_key_file, ""};
  const Scene scene(options);
  const auto client = *CurlClient::Create({.ca_file = pki.ca_file()});
  ClientRequest request;
  request.method = "POST";
  request.url = absl::StrCat("https://localhost:", scene.port(), "/");
  request.body = std::string(300 * 1024, 'x');
  const auto answer = client->Send(request);
  REQUIRE(answer.ok());
  CHECK(absl::EndsWith(answer->body, request.body));
  request.body = std::string(600 * 1024, 'x');
  const auto refused = client->Send(request);
  REQUIRE(refused.ok());
  CHECK(refused->status == 413);
}

}  // namespace va::http
