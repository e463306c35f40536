#include "tests/bench/frame_http.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"
#include "lib/http/tls_context.h"
#include "lib/testing/test_pki.h"
#include "tests/bench/bare_http.h"
#include "tests/bench/rounds.h"

namespace va::bench {
namespace {

constexpr double kConstantRatio = 0.9;
constexpr double kBeforeHandshakeMib = 100;
constexpr double kAfterHandshakeKib = 96;
constexpr absl::string_view kBody = "ok\n";
constexpr absl::string_view kRequest =
    "GET /constant HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n"
    "Accept-Encoding: gzip\r\nCookie: a=0123456789abcdef\r\n\r\n";

absl::Status Fault(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(errno)));
}

// What keeps a server alive in its process.
class Served {
 public:
  virtual ~Served() = default;
  virtual int port() const = 0;
};

// A server in a process of its own; it ends with the object.
class ServerProcess {
 public:
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(
      const std::function<std::unique_ptr<Served>()>& make) {
    std::array<int, 2> stop{};
    std::array<int, 2> told{};
    if (::pipe2(stop.data(), O_CLOEXEC) != 0 || ::pipe2(told.data(), O_CLOEXEC) != 0) {
      return Fault("pipe");
    }
    const pid_t pid = ::fork();
    if (pid < 0) return Fault("fork");
    if (pid == 0) {
      ::close(stop[1]);
      ::close(told[0]);
      Child(make, stop[0], told[1]);
    }
    ::close(stop[0]);
    ::close(told[1]);
    auto process = std::unique_ptr<ServerProcess>(new ServerProcess(pid, stop[1]));
    const bool heard =
        ::read(told[0], &process->port_, sizeof(process->port_)) == sizeof(process->port_);
    ::close(told[0]);
    if (!heard) return absl::InternalError("a server to measure does not start");
    return process;
  }

  ~ServerProcess() {
    ::close(stop_);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int port() const { return port_; }

  absl::Duration Cpu() const {
    clockid_t clock = 0;
    timespec now{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &now) != 0) {
      return absl::ZeroDuration();
    }
    return absl::DurationFromTimespec(now);
  }

  double ResidentBytes() const {
    std::ifstream statm(absl::StrCat("/proc/", pid_, "/statm"));
    double total = 0;
    double resident = 0;
    statm >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
  }

 private:
  ServerProcess(pid_t pid, int stop) : pid_(pid), stop_(stop) {}

  [[noreturn]] static void Child(const std::function<std::unique_ptr<Served>()>& make, int stop,
                                 int told) {
    const std::unique_ptr<Served> served = make();
    if (served == nullptr) ::_exit(1);
    const int port = served->port();
    if (::write(told, &port, sizeof(port)) != sizeof(port)) ::_exit(1);
    char byte = 0;
    while (::read(stop, &byte, 1) < 0 && errno == EINTR) {
    }
    ::_exit(0);
  }

  pid_t pid_;
  int stop_;
  int port_ = 0;
};

class Bare final : public Served {
 public:
  explicit Bare(std::unique_ptr<BareHttpServer> server) : server_(std::move(server)) {}
  int port() const override { return server_->port(); }

 private:
  std::unique_ptr<BareHttpServer> server_;
};

class Ours final : public Served {
 public:
  explicit Ours(http::ServerOptions options) : pool_(2, 256) {
    auto server = http::Server::Start(
        std::move(options), [](http::Request& /*request*/) { return Constant(); }, pool_);
    if (server.ok()) server_ = *std::move(server);
  }
  static http::Response Constant() { return http::Text(200, std::string(kBody)); }
  bool ok() const { return server_ != nullptr; }
  int port() const override { return server_->port(); }

 private:
  base::WorkerPool pool_;
  std::unique_ptr<http::Server> server_;
};

std::function<std::unique_ptr<Served>()> BareServer(const BareHttpServer::TlsFiles& tls) {
  return [tls]() -> std::unique_ptr<Served> {
    auto server = BareHttpServer::Start(std::string(kBody), tls);
    if (!server.ok()) return nullptr;
    return std::make_unique<Bare>(*std::move(server));
  };
}

// `on_pool`: the answer takes the way of a handler that may block.
std::function<std::unique_ptr<Served>()> OurServer(const testing::PemFiles& tls, bool on_pool,
                                                   size_t connections) {
  return [=]() -> std::unique_ptr<Served> {
    http::ServerOptions options;
    if (!tls.certificate_file.empty()) {
      options.tls = http::TlsServerOptions{tls.certificate_file, tls.private_key_file, ""};
    }
    options.max_connections = connections;
    // Nobody is to be sent away while memory is counted.
    options.handshake_timeout = absl::Minutes(10);
    options.header_timeout = absl::Minutes(10);
    options.idle_timeout = absl::Minutes(10);
    if (!on_pool) {
      options.inline_handler = [](http::Request& /*request*/) { return Ours::Constant(); };
    }
    auto served = std::make_unique<Ours>(std::move(options));
    if (!served->ok()) return nullptr;
    return served;
  };
}

// One connection of the client, which is the same for all candidates.
class Link {
 public:
  static absl::StatusOr<std::unique_ptr<Link>> Open(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return Fault("socket");
    auto link = std::unique_ptr<Link>(new Link(fd));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      return Fault("connect");
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return link;
  }
  ~Link() {
    ssl_.reset();
    ::close(fd_);
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  absl::Status Handshake(SSL_CTX* context) {
    ERR_clear_error();
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd_);
    return SSL_connect(ssl_.get()) == 1 ? absl::OkStatus() : absl::InternalError("handshake");
  }
  // Forgets our half of TLS without a word to the server: what is counted is its half.
  void ForgetTls() { ssl_.reset(); }

  bool Send() {
    if (ssl_ == nullptr) {
      return ::send(fd_, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(kRequest.size());
    }
    return SSL_write(ssl_.get(), kRequest.data(), static_cast<int>(kRequest.size())) > 0;
  }

  // One whole answer: a 200 that ends with the body.
  bool Receive() {
    size_t have = 0;
    std::array<char, 1024> buffer{};
    do {
      const ssize_t size =
          ssl_ == nullptr
              ? ::recv(fd_, buffer.data() + have, buffer.size() - have, 0)
              : SSL_read(ssl_.get(), buffer.data() + have, static_cast<int>(buffer.size() - have));
      if (size <= 0) return false;
      have += static_cast<size_t>(size);
    } while (have < kBody.size() + 4 ||
             std::memcmp(buffer.data() + have - kBody.size(), kBody.data(), kBody.size()) != 0);
    return std::memcmp(buffer.data(), "HTTP/1.1 200", 12) == 0;
  }

 private:
  explicit Link(int fd) : fd_(fd) {}

  int fd_;
  http::Ssl ssl_;
};

// A server and the client's connections to it.
class Contender {
 public:
  static absl::StatusOr<std::unique_ptr<Contender>> Start(
      const std::function<std::unique_ptr<Served>()>& make, SSL_CTX* tls, int connections) {
    auto process = ServerProcess::Start(make);
    if (!process.ok()) return process.status();
    auto contender = std::unique_ptr<Contender>(new Contender(*std::move(process)));
    for (int i = 0; i < connections; ++i) {
      auto link = Link::Open(contender->process_->port());
      if (!link.ok()) return link.status();
      if (tls != nullptr) {
        if (absl::Status done = (*link)->Handshake(tls); !done.ok()) return done;
      }
      contender->links_.push_back(*std::move(link));
    }
    return contender;
  }

  // Server CPU of one request; the wall time goes to `wall`.
  absl::StatusOr<absl::Duration> Round(int requests, absl::Duration& wall) {
    const int turns = requests / static_cast<int>(links_.size());
    const absl::Duration cpu = process_->Cpu();
    const absl::Time begin = base::SystemClock().Now();
    for (int turn = 0; turn < turns; ++turn) {
      for (const auto& link : links_) {
        if (!link->Send()) return absl::InternalError("a request was not taken");
      }
      for (const auto& link : links_) {
        if (!link->Receive()) return absl::InternalError("a request was not answered");
      }
    }
    const int done = turns * static_cast<int>(links_.size());
    wall = (base::SystemClock().Now() - begin) / done;
    return (process_->Cpu() - cpu) / done;
  }

 private:
  explicit Contender(std::unique_ptr<ServerProcess> process) : process_(std::move(process)) {}

  std::unique_ptr<ServerProcess> process_;
  std::vector<std::unique_ptr<Link>> links_;
};

struct Named {
  std::string name;
  std::unique_ptr<Contender> contender;
};

constexpr absl::string_view kBarePlain = "bare Beast, plain";
constexpr absl::string_view kOursPlain = "ours, plain";
constexpr absl::string_view kPoolPlain = "ours by a worker, plain";
constexpr absl::string_view kBareTls = "bare Beast, TLS";
constexpr absl::string_view kOursTls = "ours, TLS";
constexpr absl::string_view kPoolTls = "ours by a worker, TLS";

absl::Status MeasureConstant(const HttpRounds& how, const testing::PemFiles& files, SSL_CTX* tls,
                             Report& report) {
  const auto many = static_cast<size_t>(how.connections) + 8;
  struct Plan {
    absl::string_view name;
    std::function<std::unique_ptr<Served>()> make;
    SSL_CTX* tls;
  };
  const Plan plans[] = {
      {kBarePlain, BareServer({}), nullptr},
      {kOursPlain, OurServer({}, false, many), nullptr},
      {kPoolPlain, OurServer({}, true, many), nullptr},
      {kBareTls, BareServer({files.certificate_file, files.private_key_file}), tls},
      {kOursTls, OurServer(files, false, many), tls},
      {kPoolTls, OurServer(files, true, many), tls},
  };
  std::vector<Named> contenders;
  for (const Plan& plan : plans) {
    auto contender = Contender::Start(plan.make, plan.tls, how.connections);
    if (!contender.ok()) return contender.status();
    contenders.push_back({std::string(plan.name), *std::move(contender)});
  }
  Measured walls;
  std::vector<Candidate> candidates;
  for (const Named& named : contenders) {
    candidates.push_back({named.name, [&named, &walls, &how]() -> absl::StatusOr<absl::Duration> {
                            absl::Duration wall;
                            auto cpu = named.contender->Round(how.requests, wall);
                            if (cpu.ok()) walls.Add(named.name, wall);
                            return cpu;
                          }});
  }
  const auto measured = RunRounds(candidates, how.rounds);
  if (!measured.ok()) return measured.status();
  for (const Named& named : contenders) {
    report.Cost(*measured, named.name, "CPU of the server for a constant 200");
    report.Say(absl::StrFormat("  %s: %.0f requests/s", named.name,
                               1 / absl::ToDoubleSeconds(walls.MedianOf(named.name))));
  }
  report.Say(absl::StrFormat(
      "  share of the bare loop's speed, by CPU: TLS %.2f; by a worker %.2f, TLS %.2f",
      measured->RatioOf(kBareTls, kOursTls), measured->RatioOf(kBarePlain, kPoolPlain),
      measured->RatioOf(kBareTls, kPoolTls)));
  report.Say(
      absl::StrFormat("  by requests/s: %.2f, TLS %.2f; by a worker %.2f, TLS %.2f",
                      walls.RatioOf(kBarePlain, kOursPlain), walls.RatioOf(kBareTls, kOursTls),
                      walls.RatioOf(kBarePlain, kPoolPlain), walls.RatioOf(kBareTls, kPoolTls)));
  report.AtLeast("http_constant_ratio", measured->RatioOf(kBarePlain, kOursPlain), kConstantRatio);
  return absl::OkStatus();
}

absl::Status MeasureIdle(const HttpRounds& how, const testing::PemFiles& files, SSL_CTX* tls,
                         Report& report) {
  const int count = how.idle_connections;
  const auto process =
      ServerProcess::Start(OurServer(files, true, static_cast<size_t>(count) + 100));
  if (!process.ok()) return process.status();
  // What the first connection of a process brings with it is no connection's price.
  const auto first = Link::Open((*process)->port());
  if (!first.ok()) return first.status();
  if (absl::Status done = (*first)->Handshake(tls); !done.ok()) return done;
  if (!(*first)->Send() || !(*first)->Receive()) return absl::InternalError("no first answer");

  const double empty = (*process)->ResidentBytes();
  std::vector<std::unique_ptr<Link>> links;
  for (int i = 0; i < count; ++i) {
    auto link = Link::Open((*process)->port());
    if (!link.ok()) return link.status();
    links.push_back(*std::move(link));
  }
  // Answered after all of them were accepted.
  if (!(*first)->Send() || !(*first)->Receive()) return absl::InternalError("no answer");
  const double connected = (*process)->ResidentBytes();
  const absl::Duration cpu_before = (*process)->Cpu();
  absl::SleepFor(absl::Seconds(2));
  const double idle_cpu = absl::ToDoubleSeconds((*process)->Cpu() - cpu_before) / 2;

  for (const auto& link : links) {
    if (absl::Status done = link->Handshake(tls); !done.ok()) return done;
    link->ForgetTls();
  }
  const double greeted = (*process)->ResidentBytes();
  const double before = (connected - empty) / (1024 * 1024);
  const double after = (greeted - empty) / 1024 / count;
  report.Say(absl::StrFormat("%d idle connections: %.1f MiB, and %.2f %% of a core to watch them",
                             count, before, 100 * idle_cpu));
  report.AtMost("idle_before_handshake_mib", before, kBeforeHandshakeMib);
  report.AtMost("idle_after_handshake_kib", after, kAfterHandshakeKib);
  return absl::OkStatus();
}

absl::Status RaiseDescriptors(int connections) {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto wanted = static_cast<rlim_t>(connections) + 500;
  if (limit.rlim_cur >= wanted) return absl::OkStatus();
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (limit.rlim_cur < wanted || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("needs ", wanted, " descriptors (ulimit -n)"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureHttp(const HttpRounds& how, Report& report) {
  if (absl::Status raised = RaiseDescriptors(how.idle_connections); !raised.ok()) return raised;
  testing::TestPki pki;
  const testing::PemFiles files = pki.Issue({"localhost"});
  const http::SslContext tls(SSL_CTX_new(TLS_client_method()));
  if (tls == nullptr) return absl::InternalError("no TLS context");
  if (absl::Status idle = MeasureIdle(how, files, tls.get(), report); !idle.ok()) return idle;
  return MeasureConstant(how, files, tls.get(), report);
}

}  // namespace va::bench
