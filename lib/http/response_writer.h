// Turns a Response into the bytes of an HTTP/1.1 answer. The one place where header text meets the
// wire, and so the one place that keeps CR and LF out of it (attack W13). Pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/http/message.h"

namespace va::http {

struct WriteOptions {
  bool close = false;      // the connection ends with this answer
  bool head_only = false;  // HEAD: the headers of the answer without its body
};

// False, and `out` untouched, when a header cannot be sent as it is. Content-Length, Connection and
// Transfer-Encoding of the response are ours to set and are dropped.
bool WriteResponse(const Response& response, const std::vector<Header>& default_headers,
                   const WriteOptions& options, std::string& out);

// A small page for what the server answers itself: title, one sentence, the request id.
std::string MinimalErrorPage(int status, absl::string_view request_id);

}  // namespace va::http
