// What the tests of the server share: a client that sends raw bytes, and a server whose handler
// tells what it saw.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/worker_pool.h"
#include "lib/http/server.h"

namespace va::http {

// More than the kernel's buffers of both ends take together.
inline constexpr size_t kLarge = 24UL * 1024 * 1024;
inline constexpr absl::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A client that sends what it is told and nothing else.
class RawClient {
 public:
  // `source`: the last byte of our own address, 127.0.0.x.
  explicit RawClient(int port, uint32_t source = 1) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    timeval limit = {};
    limit.tv_sec = 10;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    sockaddr_in own = {};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) | source);
    if (source != 1) {
      REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof(own)) == 0);
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  int fd() const { return fd_; }

  // False once the server has had enough.
  bool Send(absl::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Until the server closes.
  std::string ReadAll() {
    while (ReadMore()) {
    }
    return std::move(received_);
  }

  // One answer with its body.
  std::string ReadAnswer() {
    size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return std::move(received_);
    }
    size_t size = end + 4;
    const size_t length = received_.find("Content-Length: ");
    if (length < end) size += static_cast<size_t>(std::stoul(received_.substr(length + 16)));
    while (received_.size() < size) {
      if (!ReadMore()) break;
    }
    std::string answer = received_.substr(0, size);
    received_.erase(0, size);
    return answer;
  }

  bool Closed() {
    while (ReadMore()) {
    }
    return !timed_out_;
  }

 private:
  bool ReadMore() {
    char buffer[16384];
    const ssize_t size = ::recv(fd_, buffer, sizeof(buffer), 0);
    if (size > 0) received_.append(buffer, static_cast<size_t>(size));
    timed_out_ = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return size > 0;
  }

  int fd_;
  bool timed_out_ = false;
  std::string received_;
};

inline int StatusOf(absl::string_view answer) {
  int status = 0;
  if (answer.size() < 12 || !absl::SimpleAtoi(answer.substr(9, 3), &status)) return 0;
  return status;
}

// What the handler saw, and a door it can be made to wait at.
class Scene {
 public:
  explicit Scene(ServerOptions options = {}, size_t threads = 2, size_t queue = 8)
      : pool_(threads, queue) {
    options.new_request_id = [this] { return absl::StrCat("req-", ++ids_); };
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
        std::move(options), [this](Request& request) { return Handle(request); }, pool_);
    REQUIRE(server.ok());
    server_ = *std::move(server);
  }
  ~Scene() {
    Open();
    server_.reset();
  }

  int port() const { return server_->port(); }
  Server& server() { return *server_; }
  int handled() const { return handled_; }

  void CloseDoor() {
    const std::lock_guard<std::mutex> lock(mutex_);
    door_open_ = false;
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    door_open_ = true;
    changed_.notify_all();
  }
  void WaitUntilAtDoor(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this, count] { return at_door_ >= count; });
  }

  // Sends the bytes, half-closes nothing, reads until the server closes.
  std::string Exchange(absl::string_view bytes) const {
    RawClient client(port());
    client.Send(bytes);
    return client.ReadAll();
  }

 private:
  Response Handle(Request& request) {
    ++handled_;
    if (request.path == "/door") {
      std::unique_lock<std::mutex> lock(mutex_);
      ++at_door_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return door_open_; });
    }
    if (request.path == "/throw") throw std::runtime_error("boom");
    if (request.path == "/split") return Redirect(303, "/home\r\nSet-Cookie: a=b");
    if (request.path == "/large") return Text(200, std::string(kLarge, 'x'));
    if (request.path == "/peer" && request.peer_certificate.has_value()) {
      return Text(200, absl::StrCat(request.peer_certificate->dns_names.front(), " ",
                                    request.peer_certificate->subject));
    }
    if (request.path == "/who") return Text(200, request.client_address);
    std::string names;
    for (const Header& header : request.headers) absl::StrAppend(&names, header.name, ",");
    return Text(200, absl::StrCat(request.method, " ", request.path, " [", request.query, "] ",
                                  request.host, " ", request.peer_address, " ", request.request_id,
                                  " ", names, " ", request.body));
  }

  base::WorkerPool pool_;
  std::unique_ptr<Server> server_;
  std::atomic<int> handled_{0};
  std::atomic<int> ids_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool door_open_ = true;
  int at_door_ = 0;
};

inline ServerOptions ShortTimeouts() {
  ServerOptions options;
  options.handshake_timeout = absl::Milliseconds(60);
  options.header_timeout = absl::Milliseconds(60);
  options.body_timeout = absl::Milliseconds(60);
  options.write_timeout = absl::Milliseconds(60);
  options.idle_timeout = absl::Milliseconds(60);
  options.linger_timeout = absl::Milliseconds(60);
  return options;
}

}  // namespace va::http
