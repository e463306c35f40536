#include "lib/http/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include <openssl/err.h>

namespace va::http {

bool Stream::StartTls(Ssl ssl) {
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd_) != 1) return false;
  SSL_set_accept_state(ssl.get());
  ssl_ = std::move(ssl);
  return true;
}

Stream::Io Stream::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return FromSsl(result);
  established_ = true;
  return Io::kDone;
}

Stream::Io Stream::Read(char* data, size_t size, size_t& got) {
  if (ssl_ == nullptr) return ReadRaw(data, size, got);
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), data, size, &got);
  return result == 1 ? Io::kDone : FromSsl(result);
}

Stream::Io Stream::ReadRaw(char* data, size_t size, size_t& got) const {
  ssize_t result = 0;
  do {
    result = ::recv(fd_, data, size, 0);
  } while (result < 0 && errno == EINTR);
  if (result > 0) {
    got = static_cast<size_t>(result);
    return Io::kDone;
  }
  return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Io::kWantRead : Io::kEnd;
}

Stream::Io Stream::Write(absl::string_view data, size_t& sent) {
  while (!data.empty()) {
    size_t part = 0;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      const int result = SSL_write_ex(ssl_.get(), data.data(), data.size(), &part);
      if (result != 1) return FromSsl(result);
    } else {
      const ssize_t result = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (result < 0 && errno == EINTR) continue;
      if (result < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? Io::kWantWrite : Io::kEnd;
      }
      part = static_cast<size_t>(result);
    }
    sent += part;
    data.remove_prefix(part);
  }
  return Io::kDone;
}

Stream::Io Stream::FromSsl(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Io::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Io::kWantWrite;
    case SSL_ERROR_SSL:
    case SSL_ERROR_SYSCALL:
      // OpenSSL forbids a close_notify after a fatal error.
      established_ = false;
      return Io::kEnd;
    default:
      return Io::kEnd;
  }
}

bool Stream::HasPending() const { return ssl_ != nullptr && SSL_has_pending(ssl_.get()) == 1; }

void Stream::Finish() {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(fd_, SHUT_WR);
}

void Stream::Close() {
  if (ssl_ != nullptr && established_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ssl_.reset();
}

}  // namespace va::http
