// The strict gate before the parser: looks at the raw bytes of a request's head and refuses
// whatever two HTTP implementations could read in two ways (attacks W1, W5, W6, W10, W14). Beast
// parses what passes; both must agree. Pure functions over bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "lib/http/refusals.h"

namespace va::http {

struct HeadLimits {
  size_t header_limit = 32 * 1024;
  size_t header_count_limit = 100;
  size_t target_limit = 8 * 1024;
};

// Status 0 is no refusal.
struct HeadRefusal {
  int status = 0;
  RefusalReason reason;
};

// Finds the end of the head in bytes that come piece by piece. Bare LF, bare CR and sizes are
// refused as soon as they are seen, not when the head is complete.
class HeadScanner {
 public:
  explicit HeadScanner(const HeadLimits& limits) : limits_(limits) {}

  // `buffer` always starts at the same byte and grows. The length of the head with its empty line,
  // or nullopt: look at refusal(), else read more.
  std::optional<size_t> Scan(absl::string_view buffer);
  const HeadRefusal& refusal() const { return refusal_; }

 private:
  std::optional<size_t> Refuse(int status, RefusalReason reason);

  HeadLimits limits_;
  size_t line_start_ = 0;
  size_t searched_ = 0;
  bool first_line_done_ = false;
  HeadRefusal refusal_;
};

// What the server needs to know of a complete head before it trusts a parser with it.
struct RequestHead {
  HeadRefusal refusal;
  bool keep_alive = true;
  bool chunked = false;
  std::optional<uint64_t> content_length;
  absl::string_view host;
};

// `head` ends with the empty line and holds no bare CR or LF.
RequestHead CheckRequestHead(absl::string_view head, const HeadLimits& limits);

}  // namespace va::http
