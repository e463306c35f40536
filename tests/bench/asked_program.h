// A foreign program that answers line by line, so that it can take its turn in every round: it
// starts once, as what it is compared with.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace va::bench {

// Ended with the object, and waited for.
class AskedProgram {
 public:
  // `arguments[0]` is looked for in PATH. Its standard error is ours.
  static absl::StatusOr<std::unique_ptr<AskedProgram>> Start(
      const std::vector<std::string>& arguments);
  ~AskedProgram();
  AskedProgram(const AskedProgram&) = delete;
  AskedProgram& operator=(const AskedProgram&) = delete;

  // Writes one line, reads one. UNAVAILABLE when the program is gone.
  absl::StatusOr<std::string> Ask(absl::string_view line);

 private:
  AskedProgram(pid_t pid, std::FILE* in, std::FILE* out) : pid_(pid), in_(in), out_(out) {}

  pid_t pid_;
  std::FILE* in_;   // what it reads
  std::FILE* out_;  // what it says
};

}  // namespace va::bench
