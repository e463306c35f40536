#include "lib/rpc/raw_http2_testing.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "absl/strings/str_cat.h"

namespace va::rpc {
namespace {

constexpr size_t kFrameHead = 9;

std::string Number(uint32_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
  return out;
}

uint32_t NumberAt(absl::string_view bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

int ConnectTo(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return socket;
  }
  close(socket);
  return -1;
}

}  // namespace

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  return absl::StrCat(Number(static_cast<uint32_t>(payload.size()), 3), Number(type, 1),
                      Number(flags, 1), Number(stream, 4), payload);
}

std::string Field(absl::string_view name, absl::string_view value) {
  return absl::StrCat(absl::string_view("\0", 1), Number(static_cast<uint32_t>(name.size()), 1),
                      name, Number(static_cast<uint32_t>(value.size()), 1), value);
}

std::string CallFields(absl::string_view path, absl::string_view more) {
  return absl::StrCat(Field(":method", "POST"), Field(":scheme", "https"), Field(":path", path),
                      Field(":authority", "server.va.internal"), Field("te", "trailers"),
                      Field("content-type", "application/grpc"), more);
}

std::string Message(uint32_t claimed, absl::string_view bytes) {
  return absl::StrCat(absl::string_view("\0", 1), Number(claimed, 4), bytes);
}

RawHttp2::RawHttp2(int port, const testing::PemFiles& identity)
    : context_(SSL_CTX_new(TLS_client_method())), socket_(ConnectTo(port)) {
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX_use_certificate_chain_file(context_, identity.certificate_file.c_str());
  SSL_CTX_use_PrivateKey_file(context_, identity.private_key_file.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>("\x02h2"), 3);
  ssl_ = SSL_new(context_);
  SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_fd(ssl_, socket_);
  alive_ = socket_ >= 0 && SSL_connect(ssl_) == 1;
  if (!alive_) return;
  const timeval at_most = {.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &at_most, sizeof at_most);
  Send(absl::StrCat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Frame(kSettings, 0, 0, "")));
}

RawHttp2::~RawHttp2() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  if (socket_ >= 0) close(socket_);
}

bool RawHttp2::Send(absl::string_view bytes) {
  while (alive_ && !bytes.empty()) {
    Pump(true, absl::Seconds(10));
    if (!alive_) break;
    const int sent =
        SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 16384)));
    if (sent <= 0) {
      alive_ = false;
      break;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return alive_;
}

// Reads whatever is there; with `want_write` until there is room to write, else once.
void RawHttp2::Pump(bool want_write, absl::Duration patience) {
  while (alive_) {
    pollfd wait = {.fd = socket_,
                   .events = static_cast<short>(POLLIN | (want_write ? POLLOUT : 0)),
                   .revents = 0};
    if (poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) <= 0) {
      if (want_write) alive_ = false;
      return;
    }
    if ((wait.revents & POLLIN) != 0) {
      char buffer[16384];
      const int got = SSL_read(ssl_, buffer, sizeof buffer);
      if (got <= 0) {
        alive_ = false;
        return;
      }
      in_.append(buffer, static_cast<size_t>(got));
      Parse();
      if (!want_write) return;
    }
    if (want_write && (wait.revents & POLLOUT) != 0) return;
    if ((wait.revents & (POLLERR | POLLHUP)) != 0 && (wait.revents & POLLIN) == 0) alive_ = false;
  }
}

void RawHttp2::Parse() {
  size_t at = 0;
  while (in_.size() - at >= kFrameHead) {
    const size_t size = NumberAt(in_, at, 3);
    if (in_.size() - at < kFrameHead + size) break;
    const auto type = static_cast<uint8_t>(in_[at + 3]);
    const size_t payload = at + kFrameHead;
    if (type == kHeaders) {
      ++headers_;
      header_bytes_.append(in_, payload, size);
    }
    if (type == kRstStream && size >= 4) ++resets_[NumberAt(in_, payload, 4)];
    if (type == kGoAway && size >= 8) {
      ++goaways_;
      goaway_code_ = NumberAt(in_, payload + 4, 4);
    }
    at = payload + size;
  }
  in_.erase(0, at);
}

}  // namespace va::rpc
