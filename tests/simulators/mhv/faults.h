// What goes wrong at MHV while a test wants it to: set by a POST, in force until the next one. One
// fault at a time, for all paths or those that hold a text.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/http/message.h"

namespace va::simulators {

enum class FaultMode {
  kNone,
  kDown,        // the connection closes without an answer
  kSlow,        // the right answer, `wait` later
  kHtml,        // somebody's maintenance page, as if it were an answer
  kMalformed,   // the right answer, cut in half
  kWrongType,   // the right answer, said to be text/plain
  kWrongShape,  // the right names with values of other types
  kError,       // `status`, with `code` as MHV's error code or, without one, plain text
};

struct Fault {
  FaultMode mode = FaultMode::kNone;
  absl::Duration wait = absl::Seconds(5);
  int status = 503;
  int code = 0;
  std::string path;  // empty: all
};

// INVALID_ARGUMENT, with words, for anything but {"mode", "ms", "status", "code", "path"}.
absl::StatusOr<Fault> ParseFault(absl::string_view json);

// Thread-safe.
class Faults {
 public:
  // Also ends every wait of an older fault.
  void Set(Fault fault);

  // What `path` answers now; `right` makes the answer it would give if all were well.
  http::Response Answer(absl::string_view path, const std::function<http::Response()>& right);

 private:
  Fault Current(absl::string_view path);
  void Wait(absl::Duration duration);

  std::mutex mutex_;
  std::condition_variable changed_;
  Fault fault_;
  int generation_ = 0;
};

}  // namespace va::simulators
