// Rows W4-W14, C2 and L5 of the attack list against a server on a real socket: slow and greedy
// peers, forwarded and forged headers, refusals that tell nothing.
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/http/server.h"
#include "lib/http/server_test_scene.h"

namespace va::http {
namespace {

// The body of an answer.
std::string BodyOf(const std::string& answer) {
  const size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

void SetReceiveTimeout(const RawClient& client, int microseconds) {
  timeval pause = {};
  pause.tv_usec = microseconds;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
}

// Sends one byte after the other, each well within any timeout per read, until the server has had
// enough or `most` are gone.
int Drip(const RawClient& client, int most) {
  SetReceiveTimeout(client, 5000);
  int drips = 0;
  char byte = 0;
  while (drips < most && ::recv(client.fd(), &byte, 1, 0) < 0 && client.Send("1")) ++drips;
  return drips;
}

// Connections held by a process of their own, so that theirs and the server's descriptors have a
// limit each. Made before anything in this process starts a thread.
class Crowd {
 public:
  Crowd() {
    REQUIRE(::pipe(orders_.data()) == 0);
    REQUIRE(::pipe(answers_.data()) == 0);
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      ::close(orders_[1]);
      Run(orders_[0], answers_[1]);
    }
  }
  ~Crowd() {
    ::close(orders_[1]);
    int status = 0;
    ::waitpid(child_, &status, 0);
    for (const int fd : {orders_[0], answers_[0], answers_[1]}) ::close(fd);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // How many of `count` connections to `port` stand. A third of them has sent nothing, a third
  // half a line, a third everything but the end.
  int Connect(int port, int count) const {
    const std::array<int, 2> order = {port, count};
    REQUIRE(::write(orders_[1], order.data(), sizeof(order)) == sizeof(order));
    int made = 0;
    REQUIRE(::read(answers_[0], &made, sizeof(made)) == sizeof(made));
    return made;
  }

 private:
  [[noreturn]] static void Run(int orders, int answers) {
    std::array<int, 2> order = {};
    if (::read(orders, order.data(), sizeof(order)) != sizeof(order)) ::_exit(1);
    rlimit limit = {};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(order[0]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    constexpr absl::string_view kStarts[] = {"", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n"};
    int made = 0;
    for (; made < order[1]; ++made) {
      const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
        break;
      }
      const absl::string_view start = kStarts[made % 3];
      if (!start.empty() && ::send(fd, start.data(), start.size(), MSG_NOSIGNAL) < 0) break;
    }
    if (::write(answers, &made, sizeof(made)) != sizeof(made)) ::_exit(1);
    char byte = 0;
    ::_exit(::read(orders, &byte, 1) == 0 ? 0 : 1);  // until the test is over
  }

  std::array<int, 2> orders_{};
  std::array<int, 2> answers_{};
  pid_t child_ = -1;
};

// The slowest of the fastest 90 % of requests, each on a connection of its own.
absl::Duration UsualLatency(int port) {
  std::vector<absl::Duration> took;
  for (int i = 0; i < 200; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    RawClient client(port);
    client.Send(kGet);
    REQUIRE(StatusOf(client.ReadAnswer()) == 200);
    took.push_back(absl::FromChrono(std::chrono::steady_clock::now() - begin));
  }
  std::sort(took.begin(), took.end());
  return took[took.size() * 9 / 10];
}

// Whether people are served about as quickly as when they are alone. The machine has other things
// to do, so one good look of several counts: what a crowd costs everybody, it costs in each of
// them.
bool AsQuickAs(absl::Duration alone, int port) {
  for (int look = 0; look < 10; ++look) {
    if (UsualLatency(port) <= 4 * alone + absl::Milliseconds(10)) return true;
  }
  return false;
}

// Lets this process open this many descriptors, for the life of the object.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = std::min(most, before_.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("W4 Server: ten thousand idle connections do not slow the next person down",
          "[http][server][attack]") {
  constexpr int kCrowd = 10000;
  const Crowd crowd;
  const DescriptorLimit limit(kCrowd + 2000);
  ServerOptions options;
  options.max_connections = kCrowd + 1000;
  options.header_timeout = absl::Minutes(5);
  Scene scene(options);
  const absl::Duration alone = UsualLatency(scene.port());
  REQUIRE(crowd.Connect(scene.port(), kCrowd) == kCrowd);
  // Whoever waited for even one of their deadlines, or paid for each of them, would be far beyond.
  CHECK(AsQuickAs(alone, scene.port()));
  CHECK(scene.server().stats().connections >= kCrowd);
}

TEST_CASE("W4 Server: a crowd at the limit costs each newcomer one connection, not a search",
          "[http][server][attack]") {
  constexpr int kCrowd = 4000;
  const Crowd crowd;
  const DescriptorLimit limit(kCrowd + 1000);
  ServerOptions options;
  options.max_connections = kCrowd;
  options.header_timeout = absl::Minutes(5);
  Scene scene(options);
  const absl::Duration alone = UsualLatency(scene.port());
  REQUIRE(crowd.Connect(scene.port(), 2 * kCrowd) >= kCrowd);
  const bool quick = AsQuickAs(alone, scene.port());
  const ServerStats stats = scene.server().stats();
  CHECK(stats.connections <= kCrowd + 1);
  CHECK(stats.made_room >= kCrowd);
  CHECK(stats.turned_away == 0);
  CHECK(quick);
}

TEST_CASE("W4 Server: who makes room is who said nothing for the longest time, not who came first",
          "[http][server][attack]") {
  ServerOptions options;
  options.max_connections = 3;
  const Scene scene(options);
  RawClient regular(scene.port());
  regular.Send(kGet);
  CHECK(StatusOf(regular.ReadAnswer()) == 200);
  RawClient silent(scene.port());
  silent.Send(kGet);
  CHECK(StatusOf(silent.ReadAnswer()) == 200);
  RawClient third(scene.port());
  third.Send(kGet);
  CHECK(StatusOf(third.ReadAnswer()) == 200);
  regular.Send(kGet);
  CHECK(StatusOf(regular.ReadAnswer()) == 200);
  RawClient newcomer(scene.port());
  newcomer.Send(kGet);
  CHECK(StatusOf(newcomer.ReadAnswer()) == 200);
  CHECK(silent.Closed());
  regular.Send(kGet);
  CHECK(StatusOf(regular.ReadAnswer()) == 200);
}

TEST_CASE("W4 Server: a body that comes a byte at a time ends at its deadline",
          "[http][server][attack]") {
  const Scene scene(ShortTimeouts());
  const RawClient client(scene.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  CHECK(Drip(client, 2000) < 2000);
  CHECK(scene.handled() == 0);
}

TEST_CASE("W4 Server: a chunk size that comes a digit at a time ends at its deadline",
          "[http][server][attack]") {
  const Scene scene(ShortTimeouts());
  const RawClient client(scene.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(Drip(client, 2000) < 2000);
  CHECK(scene.handled() == 0);
}

TEST_CASE("W4 Server: an answer that is read a little at a time ends at its deadline",
          "[http][server][attack]") {
  const Scene scene(ShortTimeouts());
  RawClient client(scene.port());
  client.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  // Some progress within any timeout per write, but never the whole answer within its time.
  size_t got = 0;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t size = ::recv(client.fd(), buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    got += static_cast<size_t>(size);
    ::poll(nullptr, 0, 1);  // a millisecond of being slow
  }
  CHECK(got < kLarge);
}

TEST_CASE("W4 Server: who goes on sending after a refusal is not listened to for long",
          "[http][server][attack]") {
  const Scene scene(ShortTimeouts());
  const RawClient client(scene.port());
  client.Send("BAD\x01\r\n\r\n");
  CHECK(StatusOf(RawClient(scene.port()).ReadAnswer()) ==
        0);  // meanwhile: idle, closed by deadline
  int sent = 0;
  while (sent < 5000 && client.Send("x")) {
    ++sent;
    ::poll(nullptr, 0, 1);  // a millisecond of being slow
  }
  CHECK(sent < 5000);
}

TEST_CASE("W4 Server: one address cannot hold all connections", "[http][server][attack]") {
  ServerOptions options;
  options.max_connections_per_address = 4;
  Scene scene(options);
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<RawClient>(scene.port()));
    held.back()->Send(kGet);
    CHECK(StatusOf(held.back()->ReadAnswer()) == 200);
  }
  RawClient fifth(scene.port());
  fifth.Send(kGet);
  CHECK(StatusOf(fifth.ReadAnswer()) == 0);
  CHECK(scene.server().stats().turned_away == 1);
  RawClient neighbour(scene.port(), /*source=*/2);
  neighbour.Send(kGet);
  CHECK(StatusOf(neighbour.ReadAnswer()) == 200);
  // Who lets go of one may have another.
  held.front()->Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(StatusOf(held.front()->ReadAnswer()) == 200);
  CHECK(held.front()->Closed());
  RawClient again(scene.port());
  again.Send(kGet);
  CHECK(StatusOf(again.ReadAnswer()) == 200);
}

TEST_CASE("W4 Server: a trusted proxy may hold as many connections as it needs",
          "[http][server][attack]") {
  ServerOptions options;
  options.max_connections_per_address = 1;
  options.trusted_proxies = {"127.0.0.1"};
  const Scene scene(options);
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<RawClient>(scene.port()));
    held.back()->Send(kGet);
    CHECK(StatusOf(held.back()->ReadAnswer()) == 200);
  }
}

TEST_CASE("W5 Server: the refusal of a body by its length comes before the body",
          "[http][server][attack]") {
  const Scene scene;
  RawClient client(scene.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5242880\r\n\r\n");
  CHECK(StatusOf(client.ReadAnswer()) == 413);  // nothing of it was sent
}

TEST_CASE("W6 Server: tricks with the port of the Host header", "[http][server][attack]") {
  ServerOptions options;
  options.hosts = {"va.example", "va.example:443"};
  const Scene scene(options);
  const auto status = [&scene](absl::string_view host) {
    return StatusOf(scene.Exchange(
        absl::StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\nConnection: close\r\n\r\n")));
  };
  CHECK(status("va.example") == 200);
  CHECK(status("VA.example:443") == 200);
  for (const absl::string_view foreign :
       {"va.example:0443", "va.example:80", "va.example.", "va.example.evil.test",
        "evil.va.example", "xn--va-example", "127.0.0.1"}) {
    INFO(foreign);
    CHECK(status(foreign) == 421);
  }
  for (const absl::string_view malformed :
       {"va.example:", "va.example:443:443", "va.example:4a3", "va.example:999999",
        "va.example, evil.test", "va.example/evil", "va.example#", "va.example?x",
        "user@va.example", "va.example evil", "[::1", "", "%76a.example"}) {
    INFO(malformed);
    CHECK(status(malformed) == 400);
  }
  CHECK(scene.handled() == 2);
}

TEST_CASE("W7 Server: by default no peer may speak for another", "[http][server][attack]") {
  const Scene scene;
  RawClient client(scene.port());
  client.Send(
      "GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\n"
      "X-Real-IP: 9.9.9.9\r\nTrue-Client-IP: 9.9.9.9\r\nX_Forwarded_For: 9.9.9.9\r\n\r\n");
  CHECK(BodyOf(client.ReadAnswer()) == "127.0.0.1");
}

TEST_CASE("W7 Server: a listed proxy names the client, in the header it is known to write",
          "[http][server][attack]") {
  ServerOptions options;
  options.trusted_proxies = {"127.0.0.1"};
  const Scene scene(options);
  const auto who = [&scene](absl::string_view headers, uint32_t source = 1) {
    RawClient client(scene.port(), source);
    client.Send(absl::StrCat("GET /who HTTP/1.1\r\nHost: a\r\n", headers, "\r\n"));
    return BodyOf(client.ReadAnswer());
  };
  CHECK(who("X-Forwarded-For: 6.6.6.6, 9.9.9.9\r\n") == "9.9.9.9");
  CHECK(who("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 9.9.9.9\r\n") == "9.9.9.9");
  CHECK(who("X-Forwarded-For: [2001:db8::9]:4711\r\n") == "2001:db8::9");
  CHECK(who("X-Forwarded-For: nonsense\r\n") == "127.0.0.1");
  // The others it passes on as the client sent them.
  CHECK(who("Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n") == "127.0.0.1");
  CHECK(who("X-Forwarded_For: 6.6.6.6\r\n") == "127.0.0.1");
  // Somebody else's word does not count beside it.
  CHECK(who("X-Forwarded-For: 9.9.9.9\r\n", /*source=*/2) == "127.0.0.2");
  // The next request on a connection says who it is itself.
  RawClient proxy(scene.port());
  proxy.Send("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n");
  CHECK(BodyOf(proxy.ReadAnswer()) == "9.9.9.9");
  proxy.Send("GET /who HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(BodyOf(proxy.ReadAnswer()) == "127.0.0.1");
}

TEST_CASE("W7 Server: refusals are counted to the client, not to its proxy",
          "[http][server][attack]") {
  ServerOptions options;
  options.trusted_proxies = {"127.0.0.1"};
  options.hosts = {"a"};
  std::string blamed;
  options.error_page = [&blamed](const ServerRefusal& refusal) {
    blamed = absl::StrCat(refusal.client_address, " by ", refusal.peer_address);
    return Html(refusal.status, "no");
  };
  const Scene scene(options);
  scene.Exchange("GET / HTTP/1.1\r\nHost: b\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n");
  CHECK(blamed == "9.9.9.9 by 127.0.0.1");
  scene.Exchange("GET / HTTP/1.1\r\n\r\n");
  CHECK(blamed == "127.0.0.1 by 127.0.0.1");
}

TEST_CASE("W8 W10 Server: no claim of identity, method or target reaches a handler",
          "[http][server][attack]") {
  ServerOptions options;
  options.trusted_proxies = {"127.0.0.1"};  // not even from a listed one
  const Scene scene(options);
  RawClient client(scene.port());
  client.Send(
      "GET /real HTTP/1.1\r\nHost: a\r\nX-Remote-User: admin\r\nRemote-User: admin\r\n"
      "X-Auth-Request-Email: e\r\nX-User-Id: 1\r\nva_eauth_gcids: g\r\nX-VA-Icn: i\r\n"
      "X-SSL-Client-Verify: SUCCESS\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: evil\r\n"
      "X-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\nX-HTTP-Method-Override: DELETE\r\n"
      "Accept: */*\r\n\r\n");
  CHECK(BodyOf(client.ReadAnswer()) == "GET /real [] a 127.0.0.1 req-1 Host,Accept, ");
}

TEST_CASE("W14 Server: no upgrade of any kind", "[http][server][attack]") {
  const Scene scene;
  for (const absl::string_view upgrade : {"websocket", "h2c", "TLS/1.2", "h2c, websocket", ""}) {
    INFO(upgrade);
    const std::string answer = scene.Exchange(absl::StrCat(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ", upgrade,
        "\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"));
    CHECK(StatusOf(answer) == 400);
    CHECK(absl::StrContains(answer, "Connection: close"));
  }
  for (const absl::string_view expect : {"100-continue", "100-Continue", "200-maybe", ""}) {
    INFO(expect);
    CHECK(StatusOf(scene.Exchange(
              absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: ", expect,
                           "\r\n\r\n"))) == 417);
  }
  CHECK(scene.handled() == 0);
}

TEST_CASE("C2 Server: out of descriptors it makes room, and serves again without a restart",
          "[http][server][attack]") {
  Scene scene;
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 8; ++i) {
    idle.push_back(std::make_unique<RawClient>(scene.port()));
    idle.back()->Send(kGet);
    CHECK(StatusOf(idle.back()->ReadAnswer()) == 200);
  }
  // The next socket takes the last descriptor that there is.
  const int next = ::dup(0);
  ::close(next);
  // Judged afterwards: a sanitizer needs descriptors itself.
  int served = 0;
  bool closed = false;
  {
    const DescriptorLimit limit(static_cast<rlim_t>(next) + 1);
    RawClient person(scene.port());
    person.Send(kGet);
    served = StatusOf(person.ReadAnswer());
    closed = idle.front()->Closed();
  }
  CHECK(served == 200);
  CHECK(closed);
  CHECK(scene.server().stats().made_room >= 1);
  RawClient later(scene.port());
  later.Send(kGet);
  CHECK(StatusOf(later.ReadAnswer()) == 200);
}

TEST_CASE("C2 Server: out of descriptors with nobody to send away, it waits for better times",
          "[http][server][attack]") {
  Scene scene;
  scene.CloseDoor();
  RawClient busy(scene.port());
  busy.Send("GET /door HTTP/1.1\r\nHost: a\r\n\r\n");
  scene.WaitUntilAtDoor(1);
  const int next = ::dup(0);
  ::close(next);
  std::unique_ptr<RawClient> person;
  ssize_t got = 0;
  int finished = 0;
  {
    const DescriptorLimit limit(static_cast<rlim_t>(next) + 1);
    person = std::make_unique<RawClient>(scene.port());
    person->Send(kGet);
    // Not accepted, and the running request is not disturbed.
    SetReceiveTimeout(*person, 100000);
    char byte = 0;
    got = ::recv(person->fd(), &byte, 1, 0);
    scene.Open();
    finished = StatusOf(busy.ReadAnswer());
  }
  CHECK(got < 0);
  CHECK(finished == 200);
  SetReceiveTimeout(*person, 0);
  CHECK(StatusOf(person->ReadAnswer()) == 200);
}

TEST_CASE("L5 Server: its own pages tell nothing of the inside and repeat nothing of the request",
          "[http][server][attack]") {
  ServerOptions options;
  options.hosts = {"a"};
  const Scene scene(options);
  const std::string rows[] = {
      "GET /canary HTTP/1.1\r\n\r\n",
      "GET /canary HTTP/1.1\r\nHost: canary\r\n\r\n",
      "canary\r\n\r\n",
      "TRACE /canary HTTP/1.1\r\nHost: a\r\nX: canary\r\n\r\n",
      "POST /canary HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\ncanary",
      "POST /canary HTTP/1.1\r\nHost: a\r\nExpect: canary\r\n\r\n",
      "GET /" + std::string(10000, 'c') + " HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /throw?canary HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "GET /split?canary HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  };
  for (const std::string& row : rows) {
    INFO(row.substr(0, 100));
    const std::string answer = scene.Exchange(row);
    CHECK(StatusOf(answer) >= 400);
    for (const absl::string_view inside : {"canary", "boom", "std::", "exception", "Boost", "Beast",
                                           "OpenSSL", "Server:", "127.0.0", ".cc", "CRLF", "_"}) {
      INFO(inside);
      CHECK_FALSE(absl::StrContains(absl::AsciiStrToLower(answer), absl::AsciiStrToLower(inside)));
    }
  }
}

namespace {

// What on_done told, in words.
class Told {
 public:
  void Add(const RequestRecord& record) {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.push_back(absl::StrCat(record.method, " ", record.route, " ", record.status, " ",
                                  record.refusal, record.complete ? "" : " incomplete"));
    sane_ = sane_ && record.took >= absl::ZeroDuration() && record.took < absl::Minutes(1) &&
            (record.status == 0) == (record.bytes_out == 0);
    changed_.notify_all();
  }
  std::vector<std::string> Wait(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10),
                      [this, count] { return lines_.size() >= count; });
    CHECK(sane_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  bool sane_ = true;
};

}  // namespace

TEST_CASE("Server: tells once of every request, by pattern and never by path", "[http][server]") {
  Told told;
  Router router;
  router.Add("GET", "/people/{id}", [](Request& /*request*/) { return Text(200, "x"); });
  router.Add("GET", "/close", [](Request& /*request*/) {
    Response response;
    response.status = kNoAnswer;
    return response;
  });
  router.Add("GET", "/throw", [](Request& /*request*/) -> Response { throw 1; });
  ServerOptions options;
  options.on_done = [&told](const RequestRecord& record) { told.Add(record); };
  options.hosts = {"a"};
  base::WorkerPool pool(1, 4);
  const auto server = Server::Start(
      options, [&router](Request& request) { return router.Route(request); }, pool);
  REQUIRE(server.ok());
  std::vector<std::string> expected;
  const auto ask = [&](absl::string_view request, absl::string_view line) {
    RawClient client((*server)->port());
    client.Send(request);
    client.ReadAnswer();
    expected.emplace_back(line);
    CHECK(told.Wait(expected.size()) == expected);
  };
  ask("GET /people/123-45-6789 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /people/{id} 200 ");
  ask("BREW /people/1 HTTP/1.1\r\nHost: a\r\n\r\n", "other /people/{id} 405 ");
  ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "GET  404 ");
  ask("GET /close HTTP/1.1\r\nHost: a\r\n\r\n", "GET /close 0 ");
  ask("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n", "GET /throw 500 HANDLER_THREW");
  ask("GET / HTTP/1.1\r\nHost: b\r\n\r\n", "GET  421 FOREIGN_HOST");
  ask("GET / HTTP/1.1\r\n\r\n", "  400 HOST_MISSING");
  {
    // Gone in the middle of its own body.
    const RawClient client((*server)->port());
    client.Send("POST /people/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  }
  expected.emplace_back("POST  0  incomplete");
  CHECK(told.Wait(expected.size()) == expected);
}

}  // namespace va::http
