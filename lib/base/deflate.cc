#include "lib/base/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "lib/base/status.h"

namespace va::base {
namespace {

// The largest window, and no header around the stream.
constexpr int kRawWindow = -15;
constexpr int kMemoryLevel = 8;
// What is written at a time: a small message costs little, a bomb never more than one step too
// much.
constexpr size_t kStep = 16 * 1024;

struct EndDeflate {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};
struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

// zlib reads through a pointer that is not const and leaves the bytes alone.
Bytef* Octets(absl::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

absl::Status Refuse(absl::string_view reason) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, reason);
}

}  // namespace

std::string Deflate(absl::string_view plain) {
  z_stream stream = {};
  // Fails for want of memory or wrong constants alone; an empty result is no stream to anybody.
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kRawWindow, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return "";
  }
  const std::unique_ptr<z_stream, EndDeflate> end(&stream);
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = Octets(plain);
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = Octets(packed);
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return "";
  packed.resize(stream.total_out);
  return packed;
}

absl::StatusOr<std::string> Inflate(absl::string_view packed, size_t max_bytes) {
  z_stream stream = {};
  if (inflateInit2(&stream, kRawWindow) != Z_OK) {
    return MakeError(absl::StatusCode::kResourceExhausted, "INFLATE_MEMORY", "no memory");
  }
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  stream.next_in = Octets(packed);
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string plain;
  int result = Z_OK;
  while (result == Z_OK) {
    if (plain.size() > max_bytes) return Refuse("INFLATE_TOO_LARGE");
    const size_t room = std::min(kStep, max_bytes + 1 - plain.size());
    const size_t before = plain.size();
    plain.resize(before + room);
    stream.next_out = Octets(plain) + before;
    stream.avail_out = static_cast<uInt>(room);
    result = inflate(&stream, Z_NO_FLUSH);
    plain.resize(plain.size() - stream.avail_out);
  }
  // Z_BUF_ERROR: the input ended before the stream did. Z_NEED_DICT: no such thing in SAML.
  if (result != Z_STREAM_END) return Refuse("INFLATE_MALFORMED");
  if (plain.size() > max_bytes) return Refuse("INFLATE_TOO_LARGE");
  if (stream.avail_in != 0) return Refuse("INFLATE_TRAILING");
  return plain;
}

}  // namespace va::base
