// Ends calls to a database that does not answer. libpq waits for ever on a server that is stopped
// or cut off without a word; a statement that is still running when it is due has its socket shut
// down here, which libpq then reports as a lost connection. One thread per pool, asleep until the
// nearest statement is due. Private to lib/store.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace va::store {

class Watch;

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  Watchdog() = default;
  // Every Watch is gone by then.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  friend class Watch;
  void Loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Watch*> watches_;
  // When the thread looks again. Finished statements do not move it, so that a busy pool wakes the
  // thread about once per length of a deadline and not once per statement.
  Clock::time_point next_look_ = kNever;
  bool stopping_ = false;
  std::thread thread_;  // started with the first watch
};

// The watch over one connection. Keeps a descriptor of its own to the socket: libpq closes its
// descriptor as soon as it sees a failure, and the number could be another connection's by then.
class Watch {
 public:
  // Throws std::system_error where descriptors or threads have run out.
  Watch(Watchdog& watchdog, int socket);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Shuts the socket down at `due`, unless Disarm comes first. No allocation, and no system call
  // but for a `due` that is nearer than all others.
  void Arm(Watchdog::Clock::time_point due);
  // Whether the socket was shut down since this watch began.
  bool Disarm();

 private:
  friend class Watchdog;

  Watchdog& watchdog_;
  int socket_;
  // Both under the watchdog's mutex.
  Watchdog::Clock::time_point due_ = Watchdog::kNever;
  bool cut_ = false;
};

}  // namespace va::store
