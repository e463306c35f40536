// Work that repeats: one thread, one task, a pause in between. Stops at once when asked, and never
// runs a task twice at the same time.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace va::base {

class Periodic {
 public:
  // Runs `task` every `pause`, the first time after one pause.
  Periodic(absl::Duration pause, std::function<void()> task);
  // Waits for a task that is running.
  ~Periodic();
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

 private:
  void Loop(absl::Duration pause, const std::function<void()>& task);

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace va::base
