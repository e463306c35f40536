// What goes wrong at VA Profile while a test wants it to: set by a POST, in force until the next
// one. One fault at a time.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/http/message.h"

namespace va::simulators::va_profile {

enum class FaultMode {
  kNone,
  kDown,        // the connection closes without an answer
  kHang,        // the connection closes without an answer, `wait` later
  kSlow,        // the right answer, `wait` later
  kError,       // `status`, with an error body like theirs
  kMalformed,   // the right answer, cut in half
  kDeep,        // JSON nested deeper than anybody reads
  kHuge,        // more bytes than anybody reads
  kWrongType,   // the right answer, said to be text/plain
  kWrongShape,  // the right names, one of them with a value of another type
  kOtherPerson  // a complete answer about somebody else
};

struct Fault {
  FaultMode mode = FaultMode::kNone;
  absl::Duration wait = absl::Seconds(10);
  int status = 500;
  int times = 0;  // then all is well again; 0: until the next fault
};

// INVALID_ARGUMENT, with words, for anything but {"mode", "ms", "status", "times"}.
absl::StatusOr<Fault> ParseFault(absl::string_view json);

// Thread-safe.
class Faults {
 public:
  // Also ends every wait of an older fault.
  void Set(Fault fault);

  // What is answered now; `right` makes the answer that would be given if all were well.
  http::Response Answer(const std::function<http::Response()>& right);

 private:
  Fault Take();
  void Wait(absl::Duration duration);

  std::mutex mutex_;
  std::condition_variable changed_;
  Fault fault_;
  int generation_ = 0;
};

}  // namespace va::simulators::va_profile
