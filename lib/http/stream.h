// The bytes of one connection: a non-blocking socket, bare or under TLS. Nothing is allocated for
// TLS before the peer's first byte is there, so an idle connection owns no SSL object. Does not own
// the socket.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/http/tls_context.h"

namespace va::http {

class Stream {
 public:
  enum class Io { kDone, kWantRead, kWantWrite, kEnd };

  explicit Stream(int fd) : fd_(fd) {}

  // False until StartTls.
  bool has_tls() const { return ssl_ != nullptr; }
  // `ssl` of a server context. False when it cannot be used.
  bool StartTls(Ssl ssl);
  Io Handshake();
  const SSL* ssl() const { return ssl_.get(); }

  // kDone with got > 0, or why not.
  Io Read(char* data, size_t size, size_t& got);
  // Adds to `sent` what went out; kDone when that is all of it.
  Io Write(absl::string_view data, size_t& sent);
  // The same below TLS, for bytes that nobody will look at.
  Io ReadRaw(char* data, size_t size, size_t& got) const;

  // Whether decrypted bytes wait that no event of the socket will announce.
  bool HasPending() const;
  // Tells the peer that nothing more will come.
  void Finish();
  // Says goodbye where TLS asks for it, and forgets the TLS state. The socket is the owner's.
  void Close();

 private:
  Io FromSsl(int result);

  int fd_;
  Ssl ssl_;
  bool established_ = false;
};

}  // namespace va::http
