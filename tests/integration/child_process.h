// One of our programs, started by a test: its output as it comes, its end as it ends. Killed with
// the object, so that a failed test leaves nothing behind.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <nlohmann/json.hpp>

#include "absl/strings/string_view.h"

namespace va::integration {

class ChildProcess {
 public:
  // `environment` is added to what the test itself has.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Reads log lines until one has that event; nothing if the output ends before.
  std::optional<nlohmann::json> AwaitEvent(absl::string_view event);

  void Signal(int number) const;
  // Reads the rest of the output and waits; the exit code, or 128 + signal.
  int Wait();

  // All output read so far.
  const std::string& out() const { return out_; }
  // Standard error, complete after Wait.
  const std::string& err() const { return err_; }
  pid_t pid() const { return pid_; }

 private:
  bool ReadLine(std::string& line);

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  std::string err_;
  size_t consumed_ = 0;
};

}  // namespace va::integration
