// MPI as a hostile or failing peer: the rows of the attack list that need a socket. The codec's own
// rows are in hl7/, those that need no socket in soap_mpi_gateway_test.cc.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/barrier.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/crypto/random.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/testing/test_pki.h"
#include "services/mpi-adapter/adapters/guarded_mpi.h"
#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"
#include "services/mpi-adapter/hl7/answer_samples.h"

namespace va::mpi {
namespace {

using resilience::BreakerState;

Question AskIcn() {
  return ByIdentifier{IdentifierType::kIcn, identity::CspId::FromWire(hl7::kSampleIcn)};
}

Change AddSomebody() {
  AddPerson add;
  add.idme_uuid = identity::CspId::FromWire("54e78de6140d473f87960f211be49c08");
  add.first_name = identity::PersonText::FromWire("Zoltan");
  add.last_name = identity::PersonText::FromWire("Sample");
  add.birth_date = identity::BirthDate::FromWire("19700101");
  return add;
}

std::string Extension(const std::string& body, const std::string& root) {
  const size_t at = body.find(absl::StrCat("root=\"", root, "\" extension=\""));
  if (at == std::string::npos) return "";
  const size_t from = body.find("extension=\"", at) + 11;
  return body.substr(from, body.find('"', from) - from);
}

std::string AnswerTo(const std::string& request) {
  return hl7::Readdressed(hl7::MatchAnswer(), Extension(request, "1.2.840.114350.1.13.0.1.7.1.1"),
                          Extension(request, "1.2.840.114350.1.13.28.1.18.5.999"));
}

std::string Http(const std::string& body, const std::string& status = "200 OK",
                 const std::string& type = "text/xml;charset=UTF-8") {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", type,
                      "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

// One connection of RawMpi, as its script sees it.
class Wire {
 public:
  Wire(int fd, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}

  // A whole request with its body; empty when the peer has gone.
  std::string Read() const {
    std::string request;
    char buffer[8192];
    for (;;) {
      const size_t end = request.find("\r\n\r\n");
      if (end != std::string::npos && request.size() >= end + 4 + LengthOf(request)) return request;
      const ssize_t size = ::recv(fd_, buffer, sizeof(buffer), 0);
      if (size <= 0) return "";
      request.append(buffer, static_cast<size_t>(size));
    }
  }
  // False once the peer has had enough, or the test.
  bool Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      if (stopping_) return false;
      const ssize_t size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      written_ += static_cast<size_t>(size);
      bytes.remove_prefix(static_cast<size_t>(size));
    }
    return true;
  }
  // Says nothing until the peer hangs up.
  void WaitForEnd() const {
    char byte = 0;
    while (::recv(fd_, &byte, 1, 0) > 0) {
    }
  }
  bool IsGoneWithin(absl::Duration patience) const {
    pollfd peer = {fd_, POLLRDHUP, 0};
    return ::poll(&peer, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) != 0;
  }
  size_t written() const { return written_; }

 private:
  static size_t LengthOf(const std::string& request) {
    const size_t at = request.find("Content-Length: ");
    size_t length = 0;
    if (at == std::string::npos ||
        !absl::SimpleAtoi(request.substr(at + 16, request.find('\r', at) - at - 16), &length)) {
      return 0;
    }
    return length;
  }

  const int fd_;
  const std::atomic<bool>& stopping_;
  size_t written_ = 0;
};

// A plain TCP server whose every connection goes as the script says, and ends with it.
class RawMpi {
 public:
  using Script = std::function<void(Wire&)>;

  explicit RawMpi(Script script)
      : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
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
  ~RawMpi() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }
  RawMpi(const RawMpi&) = delete;
  RawMpi& operator=(const RawMpi&) = delete;

  std::string Url() const { return absl::StrCat("http://127.0.0.1:", port_, "/mpi"); }
  int connections() const { return connections_; }

 private:
  void Accept() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      ++connections_;
      const std::lock_guard<std::mutex> lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] {
        Wire wire(fd, stopping_);
        script_(wire);
        const std::lock_guard<std::mutex> done(mutex_);
        open_.erase(std::find(open_.begin(), open_.end(), fd));
        ::close(fd);
      });
    }
  }

  const Script script_;
  const int listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// Everything of ours between a caller and the wire.
struct Ours {
  explicit Ours(const std::string& url, http::TlsClientOptions tls = {.allow_plain_http = true},
                const GuardSettings& guards = {})
      : client(*http::CurlClient::Create(std::move(tls))),
        soap({*client, clock, ids}, Settings(url)),
        guarded({soap, soap, clock, ids, metrics, [](absl::Duration) {}}, guards) {}

  static SoapSettings Settings(const std::string& url) {
    SoapSettings settings;
    settings.url = url;
    settings.timeout = absl::Seconds(30);
    return settings;
  }
  // One question, once.
  Answer Find(absl::Duration left = absl::Seconds(10)) {
    absl::StatusOr<Answer> answer = soap.Find(AskIcn(), clock.Now() + left);
    REQUIRE(answer.ok());
    return *std::move(answer);
  }
  Answer FindGuarded(absl::Duration left = absl::Seconds(10)) {
    absl::StatusOr<Answer> answer = guarded.Find(AskIcn(), clock.Now() + left);
    REQUIRE(answer.ok());
    return *std::move(answer);
  }

  std::unique_ptr<http::CurlClient> client;
  base::SystemClock clock;
  crypto::SystemIdGenerator ids;
  telemetry::Metrics metrics;
  SoapMpiGateway soap;
  GuardedMpi guarded;
};

template <typename AnswerType>
void CheckEnds(const AnswerType& answer, Outcome outcome, const std::string& reason) {
  CHECK(std::string(OutcomeName(answer.outcome)) == std::string(OutcomeName(outcome)));
  CHECK(answer.reason == reason);
}

}  // namespace

TEST_CASE("MPI over the wire: H6 a body without end is cut off at 2 MiB", "[mpi][attack]") {
  std::atomic<size_t> written = 0;
  RawMpi mpi([&written](Wire& wire) {
    wire.Read();
    wire.Write("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = absl::StrCat("10000\r\n", std::string(65536, ' '), "\r\n");
    while (wire.Write(chunk)) {
    }
    written = wire.written();
  });
  {
    Ours ours(mpi.Url());
    const Answer answer = ours.Find();
    CheckEnds(answer, Outcome::kUnparseable, "RESPONSE_TOO_LARGE");
    CHECK_FALSE(answer.profile.has_value());
  }
  while (written == 0) std::this_thread::yield();
  // What stands in the buffers of both ends, not more.
  CHECK(written < 32U * 1024 * 1024);
}

TEST_CASE("MPI over the wire: H6 headers without end are cut off", "[mpi][attack]") {
  RawMpi mpi([](Wire& wire) {
    wire.Read();
    wire.Write("HTTP/1.1 200 OK\r\n");
    const std::string header = absl::StrCat("X-More: ", std::string(1000, 'a'), "\r\n");
    while (wire.Write(header)) {
    }
  });
  CHECK(Ours(mpi.Url()).Find().outcome != Outcome::kOk);
  CHECK_FALSE(Ours(mpi.Url()).Find().outcome == Outcome::kTimeout);
}

TEST_CASE("MPI over the wire: H6 a body that drips ends at the caller's deadline",
          "[mpi][attack]") {
  RawMpi mpi([](Wire& wire) {
    wire.Read();
    wire.Write("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100000\r\n\r\n");
    while (wire.Write(" ") && !wire.IsGoneWithin(absl::Milliseconds(5))) {
    }
  });
  Ours ours(mpi.Url());
  const base::Stopwatch watch;
  CheckEnds(ours.Find(absl::Milliseconds(300)), Outcome::kTimeout, "TIMEOUT");
  CHECK(watch.Elapsed() >= absl::Milliseconds(290));
  CHECK(watch.Elapsed() < absl::Seconds(3));
}

TEST_CASE("MPI over the wire: H6 a body of 1 GB that is announced is refused before it begins",
          "[mpi][attack]") {
  RawMpi mpi([](Wire& wire) {
    wire.Read();
    wire.Write("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1073741824\r\n\r\n");
    wire.WaitForEnd();  // never sends a byte of it
  });
  const base::Stopwatch watch;
  CheckEnds(Ours(mpi.Url()).Find(absl::Seconds(20)), Outcome::kUnparseable, "RESPONSE_TOO_LARGE");
  CHECK(watch.Elapsed() < absl::Seconds(10));
}

TEST_CASE("MPI over the wire: H6 a packed body is never unpacked, because none was asked for",
          "[mpi][attack]") {
  // "bomb" as gzip: whatever it holds, nothing of it is inflated.
  const std::string packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xca\xcf\x4d\x02\x00\x6b\x74\x26\x52\x04\x00\x00"
      "\x00",
      24);
  std::string asked;
  RawMpi mpi([&](Wire& wire) {
    asked = wire.Read();
    wire.Write(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: ",
                            "gzip\r\nContent-Length: ", packed.size(), "\r\n\r\n", packed));
    wire.WaitForEnd();
  });
  const Answer answer = Ours(mpi.Url()).Find();
  CHECK(answer.outcome == Outcome::kUnparseable);
  CHECK(absl::StartsWith(answer.reason, "XML"));
  CHECK_FALSE(absl::StrContains(absl::AsciiStrToLower(asked), "accept-encoding"));
}

TEST_CASE("MPI over the wire: H6 an answer in another charset is not guessed", "[mpi][attack]") {
  RawMpi mpi([](Wire& wire) {
    wire.Write(Http(AnswerTo(wire.Read()), "200 OK", "text/xml;charset=windows-1252"));
    wire.WaitForEnd();
  });
  CheckEnds(Ours(mpi.Url()).Find(), Outcome::kUnparseable, "CHARSET");
}

TEST_CASE("MPI over the wire: H7 a 500 with a valid body is MPI_FAILED, a page is UNPARSEABLE",
          "[mpi][attack]") {
  struct Row {
    const char* status;
    const char* type;
    bool valid;
    Outcome outcome;
  };
  const Row row = GENERATE(values<Row>({
      {"500 Internal Server Error", "text/xml;charset=UTF-8", true, Outcome::kMpiFailed},
      {"302 Found", "text/xml;charset=UTF-8", true, Outcome::kMpiFailed},
      {"200 OK", "text/html;charset=UTF-8", false, Outcome::kUnparseable},
      {"200 OK", "text/xml;charset=UTF-8", true, Outcome::kOk},
  }));
  CAPTURE(row.status);
  RawMpi mpi([&row](Wire& wire) {
    const std::string request = wire.Read();
    wire.Write(Http(row.valid ? AnswerTo(request) : "<html><body>maintenance</body></html>",
                    row.status, row.type));
    wire.WaitForEnd();
  });
  const Answer answer = Ours(mpi.Url()).Find();
  CHECK(answer.outcome == row.outcome);
  CHECK(answer.profile.has_value() == (row.outcome == Outcome::kOk));
}

TEST_CASE("MPI over the wire: H7 an answer that ends before its announced end is TRANSPORT",
          "[mpi][attack]") {
  const bool chunked = GENERATE(true, false);
  RawMpi mpi([chunked](Wire& wire) {
    const std::string body = AnswerTo(wire.Read());
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n";
    if (chunked) {
      // A whole valid answer, but not the chunk that would say so.
      wire.Write(absl::StrCat(head, "Transfer-Encoding: chunked\r\n\r\n", absl::Hex(body.size()),
                              "\r\n", body, "\r\n"));
    } else {
      wire.Write(absl::StrCat(head, "Content-Length: ", body.size() + 1, "\r\n\r\n", body));
    }
  });
  const Answer answer = Ours(mpi.Url()).Find();
  CheckEnds(answer, Outcome::kTransport, "CONNECTION_LOST");
  CHECK_FALSE(answer.profile.has_value());
}

TEST_CASE("MPI over the wire: H10 nobody listens: the breaker opens, and nobody waits any more",
          "[mpi][attack]") {
  std::string url;
  {
    RawMpi gone([](Wire&) {});
    url = gone.Url();
  }
  Ours ours(url);
  for (int i = 0; i < 10; ++i) CheckEnds(ours.FindGuarded(), Outcome::kTransport, "CONNECT");
  CHECK(ours.guarded.state() == BreakerState::kOpen);
  for (int i = 0; i < 100; ++i) {
    CheckEnds(ours.FindGuarded(), Outcome::kBreakerOpen, "CIRCUIT_OPEN");
  }
}

TEST_CASE(
    "MPI over the wire: H10 with a latency of 30 s everybody is answered inside the deadline, "
    "and the circuit opens",
    "[mpi][attack]") {
  RawMpi mpi([](Wire& wire) {
    wire.Read();
    wire.WaitForEnd();  // 30 s, or for ever
  });
  GuardSettings guards;
  guards.max_in_flight = 30;
  guards.longest_wait = absl::Milliseconds(50);
  Ours ours(mpi.Url(), {.allow_plain_http = true}, guards);
  std::atomic<int> late = 0;
  std::atomic<int> overloaded = 0;
  std::vector<std::thread> crowd;
  const base::Stopwatch watch;
  crowd.reserve(40);
  absl::Barrier together(40);  // so that the last asks before the first has given up
  for (int i = 0; i < 40; ++i) {
    crowd.emplace_back([&] {
      together.Block();
      const auto answer = ours.guarded.Find(AskIcn(), ours.clock.Now() + absl::Milliseconds(1200));
      if (!answer.ok()) {
        if (base::ReasonOf(answer.status()) == "OVERLOADED") ++overloaded;
      } else if (answer->outcome == Outcome::kTimeout) {
        ++late;
      }
    });
  }
  for (std::thread& thread : crowd) thread.join();
  CHECK(watch.Elapsed() < absl::Seconds(10));
  CHECK(late == 30);
  CHECK(overloaded == 10);  // never a thread more than is allowed
  CHECK(mpi.connections() <= 30);
  CHECK(ours.guarded.state() == BreakerState::kOpen);
  const base::Stopwatch quick;
  CHECK(ours.FindGuarded().outcome == Outcome::kBreakerOpen);
  CHECK(quick.Elapsed() < absl::Seconds(2));  // it had ten
}

TEST_CASE(
    "MPI over the wire: a question that is lost is put once more, with a message id of its own",
    "[mpi][rule]") {
  std::mutex mutex;
  std::vector<std::string> ids;
  RawMpi mpi([&](Wire& wire) {
    for (;;) {
      const std::string request = wire.Read();
      if (request.empty()) return;
      size_t heard = 0;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        ids.push_back(Extension(request, "1.2.840.114350.1.13.0.1.7.1.1"));
        heard = ids.size();
      }
      if (heard == 1) return;  // hangs up over the first one
      if (!wire.Write(Http(AnswerTo(request)))) return;
    }
  });
  Ours ours(mpi.Url());
  const Answer answer = ours.FindGuarded();
  CHECK(answer.outcome == Outcome::kOk);
  const std::lock_guard<std::mutex> lock(mutex);
  REQUIRE(ids.size() == 2);
  CHECK(ids[0] != ids[1]);
  CHECK(answer.message_id == ids[1]);
}

TEST_CASE("MPI over the wire: H11 an add whose answer is lost is on the wire exactly once",
          "[mpi][attack]") {
  // On a connection that is kept, libcurl would send it again by itself; on a new one, a retry.
  const bool kept = GENERATE(true, false);
  std::atomic<int> adds = 0;
  RawMpi mpi([&adds](Wire& wire) {
    for (;;) {
      const std::string request = wire.Read();
      if (request.empty()) return;
      if (absl::StrContains(request, "soapaction: PRPA_IN201301UV02")) {
        ++adds;  // applied over there; the answer never comes
        return;
      }
      if (!wire.Write(Http(AnswerTo(request)))) return;
    }
  });
  Ours ours(mpi.Url());
  if (kept) REQUIRE(ours.FindGuarded().outcome == Outcome::kOk);
  const auto answer = ours.guarded.Send(AddSomebody(), ours.clock.Now() + absl::Seconds(10));
  REQUIRE(answer.ok());
  CheckEnds(*answer, Outcome::kTransport, "CONNECTION_LOST");
  CHECK_FALSE(answer->message_id.empty());
  CHECK(adds == 1);
  // Whoever has to know asks: the connection is none the worse for it.
  CHECK(ours.FindGuarded().outcome == Outcome::kOk);
  CHECK(adds == 1);
}

TEST_CASE("MPI over the wire: a kept connection serves question after question", "[mpi][rule]") {
  RawMpi mpi([](Wire& wire) {
    for (;;) {
      const std::string request = wire.Read();
      if (request.empty() || !wire.Write(Http(AnswerTo(request)))) return;
    }
  });
  Ours ours(mpi.Url());
  for (int i = 0; i < 50; ++i) REQUIRE(ours.FindGuarded().outcome == Outcome::kOk);
  CHECK(mpi.connections() == 1);
}

// ---- TLS ----

namespace {

struct Site {
  Site(const testing::PemFiles& files, const std::string& client_ca)
      : pool(2, 16), server([&] {
          http::ServerOptions options;
          options.tls =
              http::TlsServerOptions{files.certificate_file, files.private_key_file, client_ca};
          auto started = http::Server::Start(
              options,
              [this](http::Request& request) {
                const std::lock_guard<std::mutex> lock(mutex);
                asked.push_back(request.peer_certificate
                                    ? absl::StrJoin(request.peer_certificate->dns_names, ",")
                                    : "");
                http::Response response;
                response.headers.Set("Content-Type", "text/xml;charset=UTF-8");
                response.body = AnswerTo(request.body);
                return response;
              },
              pool);
          REQUIRE(started.ok());
          return *std::move(started);
        }()) {}
  ~Site() {
    server->Stop(absl::Seconds(1));
    pool.Shutdown();
  }
  std::string Url() const { return absl::StrCat("https://127.0.0.1:", server->port(), "/mpi"); }
  size_t requests() {
    const std::lock_guard<std::mutex> lock(mutex);
    return asked.size();
  }

  base::WorkerPool pool;
  std::mutex mutex;
  std::vector<std::string> asked;  // the names in the certificate of each
  std::unique_ptr<http::Server> server;
};

http::TlsClientOptions With(const std::string& ca_file, const testing::PemFiles& own) {
  http::TlsClientOptions tls;
  tls.ca_file = ca_file;
  tls.certificate_file = own.certificate_file;
  tls.private_key_file = own.private_key_file;
  return tls;
}

testing::PemFiles Expired(testing::TestPki& pki, const std::string& name) {
  const absl::Time now = base::SystemClock().Now();
  return pki.IssueValid({name}, now - absl::Hours(48), now - absl::Hours(24));
}

}  // namespace

TEST_CASE(
    "MPI over the wire: H9 a certificate that is expired, self-signed or of another CA is "
    "refused: nothing is sent, the alarm is the breaker",
    "[mpi][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki other;
  const int which = GENERATE(0, 1, 2);
  const testing::PemFiles served = which == 0   ? Expired(pki, "mpi.example.test")
                                   : which == 1 ? pki.SelfSignedRsa("127.0.0.1")
                                                : other.Issue({"mpi.example.test"});
  Site site(served, pki.ca_file());
  Ours ours(site.Url(), With(pki.ca_file(), pki.Issue({"mpi-adapter.va.internal"})));
  for (int i = 0; i < 20; ++i) CheckEnds(ours.FindGuarded(), Outcome::kTransport, "TLS");
  CHECK(site.requests() == 0);
  CHECK(ours.guarded.state() == BreakerState::kOpen);
}

TEST_CASE(
    "MPI over the wire: H9 a client certificate that MPI refuses or that is expired ends in "
    "TRANSPORT, without any other way in",
    "[mpi][tls][attack]") {
  testing::TestPki pki;
  testing::TestPki other;
  const bool expired = GENERATE(true, false);
  Site site(pki.Issue({"mpi.example.test"}), pki.ca_file());
  const testing::PemFiles own =
      expired ? Expired(pki, "mpi-adapter.va.internal") : other.Issue({"mpi-adapter.va.internal"});
  Ours ours(site.Url(), With(pki.ca_file(), own));
  int asked = 0;
  while (ours.guarded.state() == BreakerState::kClosed && ++asked <= 20) {
    CHECK(ours.FindGuarded().outcome == Outcome::kTransport);
  }
  CHECK(site.requests() == 0);
  CHECK(ours.guarded.state() == BreakerState::kOpen);
}

TEST_CASE(
    "MPI over the wire: H9 after a reload new connections show the new certificate, kept ones "
    "are gone",
    "[mpi][tls]") {
  testing::TestPki pki;
  Site site(pki.Issue({"mpi.example.test"}), pki.ca_file());
  const testing::PemFiles own = pki.Issue({"mpi-adapter.va.internal"});
  Ours ours(site.Url(), With(pki.ca_file(), own));
  REQUIRE(ours.Find().outcome == Outcome::kOk);
  REQUIRE(ours.Find().outcome == Outcome::kOk);
  CHECK(site.server->stats().accepted == 1);
  // Over the same files.
  const testing::PemFiles fresh = pki.Issue({"mpi-adapter.va.internal", "second.test"});
  REQUIRE(fresh.certificate_file == own.certificate_file);
  REQUIRE(ours.Find().outcome == Outcome::kOk);
  CHECK(site.server->stats().accepted == 1);
  REQUIRE(ours.client->ReloadTls().ok());
  REQUIRE(ours.Find().outcome == Outcome::kOk);
  CHECK(site.server->stats().accepted == 2);
  const std::lock_guard<std::mutex> lock(site.mutex);
  REQUIRE(site.asked.size() == 4);
  CHECK(site.asked[2] == site.asked[0]);
  CHECK(site.asked[3] != site.asked[0]);
}

}  // namespace va::mpi
