// A process of its own beside those of the stack: a program of ours that a benchmark starts, looks
// at and ends.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/http/client.h"

namespace va::bench {

// A port of the loopback address that was free a moment ago.
absl::StatusOr<int> FreePort();

// The path of another program of ours: they stand beside this one.
std::string ProgramBeside(const std::string& name);

// Asked to end with the object, and waited for. Says nothing: its output goes nowhere.
class SecondProcess {
 public:
  // `settings`: "NAME=VALUE" for its environment, beside those of this process.
  SecondProcess(const std::string& program, const std::string& config,
                const std::vector<std::string>& settings);
  ~SecondProcess();
  SecondProcess(const SecondProcess&) = delete;
  SecondProcess& operator=(const SecondProcess&) = delete;

  // Waits until the operators' port of that number says ready. UNAVAILABLE when the process ends
  // before, or takes half a minute.
  absl::Status AwaitReady(int ops_port, http::Client& client);

  bool Ended();
  int pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
};

}  // namespace va::bench
