// What the process does to itself before anything else: no core dumps (attack K1), little memory
// kept by the allocator, small stacks, and signals that are waited for by an ordinary thread, never
// handled inside a signal handler, where stopping a server can deadlock.
#pragma once

#include <csignal>
#include <functional>
#include <utility>

#include "absl/time/time.h"

namespace va::service {

// Call first, while there is one thread.
void HardenProcess();

// SIGTERM, SIGINT and SIGHUP, blocked in this thread and all it starts from construction on, and
// taken by whoever waits here.
class Signals {
 public:
  Signals();

  // Called by the waiting thread for each SIGHUP, which never ends a wait. Set by that thread.
  void OnReload(std::function<void()> reload) { reload_ = std::move(reload); }

  // Waits until somebody asks to stop, or for that long. True: somebody asked.
  bool WaitForStop(absl::Duration duration) const;
  void WaitForStop() const;

  // From here on SIGTERM and SIGINT end the process at once: whoever asks a second time means now.
  // This thread waits for no signal any more.
  void EndOnNext();

 private:
  sigset_t set_;
  std::function<void()> reload_;
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
