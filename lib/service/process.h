// What the process does to itself before anything else: no core dumps (attack K1), little memory
// kept by the allocator, small stacks, and signals that are waited for by an ordinary thread, never
// handled inside a signal handler, where stopping a server can deadlock.
#pragma once

#include <csignal>

#include "absl/time/time.h"

namespace va::service {

// Call first, while there is one thread.
void HardenProcess();

// SIGTERM and SIGINT, blocked in this thread and all it starts from construction on.
class StopSignals {
 public:
  StopSignals();

  // Waits until one arrives, or for that long. True: it arrived.
  bool WaitFor(absl::Duration duration) const;
  void Wait() const;

 private:
  sigset_t set_;
};

// Ends the process with code 1 if it still runs after that long: a drain that hangs must not keep a
// machine from stopping. Disarmed by destruction.
class Watchdog {
 public:
  explicit Watchdog(absl::Duration limit);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  timer_t timer_{};
};

}  // namespace va::service
