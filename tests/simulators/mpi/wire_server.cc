#include "tests/simulators/mpi/wire_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/http/request_head.h"
#include "lib/http/request_parser.h"
#include "lib/http/response_writer.h"
#include "lib/http/tls_context.h"

namespace va::simulators {
namespace {

constexpr size_t kReadSize = 16 * 1024;
constexpr size_t kBodyLimit = 512 * 1024;
constexpr size_t kEndlessLimit = size_t{256} << 20;
// Between requests, and for one read or write of a peer that has gone quiet.
constexpr absl::Duration kQuiet = absl::Seconds(60);

absl::Status Wrong(absl::StatusCode code, absl::string_view message) {
  return base::MakeError(code, "LISTEN", message);
}

// A file descriptor that is closed when it goes.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

absl::StatusOr<sockaddr_in> ParseListen(const std::string& listen) {
  const std::vector<std::string> parts = absl::StrSplit(listen, ':');
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  int port = -1;
  if (parts.size() != 2 || ::inet_pton(AF_INET, parts[0].c_str(), &address.sin_addr) != 1 ||
      !absl::SimpleAtoi(parts[1], &port) || port < 0 || port > 65535) {
    return Wrong(absl::StatusCode::kInvalidArgument, "listen: not an IPv4 address and a port");
  }
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

absl::StatusOr<int> Listen(const sockaddr_in& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(fd, 1024) != 0) {
    if (fd >= 0) ::close(fd);
    return Wrong(absl::StatusCode::kUnavailable, "listen: the address cannot be had");
  }
  return fd;
}

int PortOf(int fd) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void SetTimeouts(int fd) {
  const timeval quiet = absl::ToTimeval(kQuiet);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof(quiet));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &quiet, sizeof(quiet));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// One connection from handshake to end, on a thread of its own.
class Connection {
 public:
  Connection(int fd, int stop_fd, http::Ssl ssl, const Answerer& answerer)
      : fd_(fd), stop_fd_(stop_fd), ssl_(std::move(ssl)), answerer_(answerer) {}

  void Serve() {
    if (SSL_set_fd(ssl_.get(), fd_) != 1 || SSL_accept(ssl_.get()) != 1) return;
    while (Exchange()) {
    }
    if (polite_) SSL_shutdown(ssl_.get());
  }

 private:
  // False: the connection is over.
  bool Exchange() {
    http::Request request;
    request.peer_certificate = http::PeerCertificateOf(ssl_.get());
    bool keep_alive = true;
    if (!ReadRequest(request, &keep_alive)) return false;
    const Delivery delivery = answerer_(request);
    return Wait(delivery.delay) && Deliver(delivery, keep_alive) && keep_alive;
  }

  bool ReadMore() {
    char bytes[kReadSize];
    const int got = SSL_read(ssl_.get(), bytes, sizeof(bytes));
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }

  bool ReadRequest(http::Request& request, bool* keep_alive) {
    http::HeadScanner scanner({});
    std::optional<size_t> size;
    while (!(size = scanner.Scan(buffer_))) {
      if (scanner.refusal().status != 0 || !ReadMore()) return false;
    }
    const absl::string_view bytes = absl::string_view(buffer_).substr(0, *size);
    const http::RequestHead head = http::CheckRequestHead(bytes, {});
    if (head.refusal.status != 0) return false;
    *keep_alive = head.keep_alive;
    http::RequestParser parser(request, kBodyLimit, http::ForwardedBy::kXForwardedFor);
    auto result = parser.TakeHead(bytes);
    buffer_.erase(0, *size);
    while (result == http::RequestParser::Result::kMore) {
      if (buffer_.empty() && !ReadMore()) return false;
      size_t used = 0;
      result = parser.TakeBody(buffer_, used);
      buffer_.erase(0, used);
    }
    return result == http::RequestParser::Result::kDone;
  }

  // False when the peer has gone or the server stops before the time is over.
  bool Wait(absl::Duration duration) const {
    if (duration <= absl::ZeroDuration()) return true;
    pollfd fds[] = {{fd_, POLLRDHUP, 0}, {stop_fd_, POLLIN, 0}};
    return ::poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(duration))) == 0;
  }

  bool Deliver(const Delivery& delivery, bool keep_alive) {
    if (delivery.manner == Manner::kReset) {
      const linger hard = {1, 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
      return Break();
    }
    if (delivery.response.status == http::kNoAnswer) return Break();
    std::string bytes;
    if (!http::WriteResponse(delivery.response, {}, {!keep_alive, false}, bytes)) return Break();
    switch (delivery.manner) {
      case Manner::kCut:
        Write(absl::string_view(bytes).substr(0, bytes.size() - delivery.response.body.size() / 2));
        return Break();
      case Manner::kEndless:
        WriteEndless(delivery.response);
        return Break();
      case Manner::kDrip:
        return WriteSlowly(bytes, delivery);
      case Manner::kWhole:
      case Manner::kReset:
        break;
    }
    return Write(bytes);
  }

  // The end without a goodbye.
  bool Break() {
    polite_ = false;
    return false;
  }

  // One call of OpenSSL may send one TLS record only.
  bool Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  bool WriteSlowly(absl::string_view bytes, const Delivery& delivery) {
    const size_t step = std::max<size_t>(1, delivery.drip_bytes);
    for (size_t at = 0; at < bytes.size(); at += step) {
      if (!Write(bytes.substr(at, step)) || !Wait(delivery.drip_pause)) return Break();
    }
    return true;
  }

  void WriteEndless(const http::Response& response) {
    std::string bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    for (const http::Header& header : response.headers) {
      absl::StrAppend(&bytes, header.name, ": ", header.value, "\r\n");
    }
    absl::StrAppend(&bytes, "\r\n", response.body);
    const std::string more(kReadSize, ' ');
    size_t sent = 0;
    bool open = Write(bytes);
    while (open && sent < kEndlessLimit) {
      open = Write(more);
      sent += more.size();
    }
  }

  int fd_;
  int stop_fd_;
  http::Ssl ssl_;
  const Answerer& answerer_;
  std::string buffer_;
  bool polite_ = true;
};

class WireServerImpl final : public WireServer {
 public:
  WireServerImpl(int listener, http::SslContext context, size_t connections, Answerer answerer)
      : listener_(listener),
        port_(PortOf(listener)),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        context_(std::move(context)),
        answerer_(std::move(answerer)),
        pool_(connections, connections) {
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~WireServerImpl() override { Stop(); }

  int port() const override { return port_; }

  void Stop() override {
    ::eventfd_write(stop_.get(), 1);
    if (acceptor_.joinable()) acceptor_.join();
    listener_.Close();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    pool_.Shutdown();
  }

 private:
  void Accept() {
    for (;;) {
      pollfd fds[] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      if (::poll(fds, 2, -1) < 0) continue;
      if (fds[1].revents != 0) return;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0 && !pool_.TrySubmit([this, fd] { Serve(fd); })) ::close(fd);
    }
  }

  void Serve(int fd) {
    const Fd owned(fd);
    SetTimeouts(fd);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      open_.insert(fd);
    }
    pollfd stopped = {stop_.get(), POLLIN, 0};
    http::Ssl ssl(SSL_new(context_.get()));
    // After the fd is among the open ones: a stop is seen here or breaks what follows.
    if (ssl != nullptr && ::poll(&stopped, 1, 0) == 0) {
      Connection(fd, stop_.get(), std::move(ssl), answerer_).Serve();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    open_.erase(fd);
  }

  Fd listener_;
  int port_;
  Fd stop_;  // readable from the moment of Stop on
  http::SslContext context_;
  Answerer answerer_;
  std::mutex mutex_;
  std::set<int> open_;
  base::WorkerPool pool_;
  std::thread acceptor_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WireServer>> WireServer::Start(const WireOptions& options,
                                                              Answerer answerer) {
  http::IgnoreSigpipe();
  const auto address = ParseListen(options.listen);
  if (!address.ok()) return address.status();
  const auto material = http::TlsMaterial::Read(http::NamesOf(options.tls));
  if (!material.ok()) return material.status();
  auto context = http::MakeServerContext(*material);
  if (!context.ok()) return context.status();
  const auto listener = Listen(*address);
  if (!listener.ok()) return listener.status();
  return std::make_unique<WireServerImpl>(*listener, *std::move(context), options.connections,
                                          std::move(answerer));
}

}  // namespace va::simulators
