// Turns the bytes of a request into a Request: Beast's grammar behind an interface without Beast,
// which is compiled in one place only. What the gate in request_head.h does not see, because it
// comes after the head, is refused here: chunk extensions and trailers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/http/message.h"
#include "lib/http/server.h"

namespace va::http {

class RequestParser {
 public:
  enum class Result { kMore, kDone, kBodyTooLarge, kMalformed };

  // Fills `request`, which must outlive the parser. Headers that only a trusted proxy may send
  // (client_address.h) are left out of it.
  RequestParser(Request& request, size_t body_limit, ForwardedBy forwarded_by);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // The whole head and nothing else. kMore: a body follows.
  Result TakeHead(absl::string_view head);
  // As much of the body as `bytes` hold; `used` says how much of them that was.
  Result TakeBody(absl::string_view bytes, size_t& used);

  // The values of the header that names the client, as they came.
  const std::vector<std::string>& forwarding() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace va::http
