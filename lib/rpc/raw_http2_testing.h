// A client of HTTP/2 that keeps no rule but its own: frames as the test writes them, over TLS with
// a certificate the server accepts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <openssl/ssl.h>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/testing/test_pki.h"

namespace va::rpc {

// Frame types and flags of RFC 9113.
enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kRstStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kContinuation = 9,
};
inline constexpr uint8_t kEndStream = 1;
inline constexpr uint8_t kEndHeaders = 4;

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, absl::string_view payload);
// A field as a literal that enters no table (RFC 7541, 6.2.2); both parts below 127 bytes.
std::string Field(absl::string_view name, absl::string_view value);
// What begins a call of `path`, `more` fields behind it.
std::string CallFields(absl::string_view path, absl::string_view more = "");
// A message of gRPC with the length it claims.
std::string Message(uint32_t claimed, absl::string_view bytes);

class RawHttp2 {
 public:
  // Connects, shakes hands and says hello; `alive` tells whether that worked.
  RawHttp2(int port, const testing::PemFiles& identity);
  ~RawHttp2();
  RawHttp2(const RawHttp2&) = delete;
  RawHttp2& operator=(const RawHttp2&) = delete;

  // Sends all of it, reading what comes meanwhile. False once the other side has hung up.
  bool Send(absl::string_view bytes);
  // Reads for as long as `done` is false and the time lasts; says whether `done` came.
  template <typename Done>
  bool ReadUntil(Done done, absl::Duration patience = absl::Seconds(10));

  bool alive() const { return alive_; }
  int goaways() const { return goaways_; }
  // Code of the last GOAWAY, -1 before any.
  int64_t goaway_code() const { return goaway_code_; }
  // Streams the server has reset, by error code.
  const std::map<uint32_t, int>& resets() const { return resets_; }
  int headers() const { return headers_; }
  // Payloads of HEADERS frames that came, as they stand on the wire.
  const std::string& header_bytes() const { return header_bytes_; }

 private:
  void Pump(bool want_write, absl::Duration patience);
  void Parse();

  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  int socket_ = -1;
  bool alive_ = false;
  std::string in_;
  int goaways_ = 0;
  int64_t goaway_code_ = -1;
  std::map<uint32_t, int> resets_;
  int headers_ = 0;
  std::string header_bytes_;
};

template <typename Done>
bool RawHttp2::ReadUntil(Done done, absl::Duration patience) {
  for (absl::Duration spent; spent < patience; spent += absl::Milliseconds(10)) {
    if (done()) return true;
    if (!alive_) break;
    Pump(false, absl::Milliseconds(10));
  }
  return done();
}

}  // namespace va::rpc
