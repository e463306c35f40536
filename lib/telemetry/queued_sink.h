// Log lines on their way out: taken from any thread without waiting, written by one thread of its
// own. Owns a bounded queue. When whoever reads the log is slow, gone or out of disk, lines are
// dropped and counted, and the log says so itself as soon as it flows again: no sign-in ever waits
// for its log (attack L3).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/telemetry/log.h"

namespace va::telemetry {

struct QueuedSinkOptions {
  size_t max_bytes = 4U << 20;  // of lines that wait; more are dropped
  // How long the end waits for the lines that still wait.
  absl::Duration flush_timeout = absl::Seconds(2);
};

struct QueuedSinkStats {
  int64_t written = 0;         // lines
  int64_t dropped_full = 0;    // nobody took the lines before them in time
  int64_t dropped_failed = 0;  // the file took them not, or in part
};

// Does not own the descriptor and leaves its mode alone: it may be shared with other processes.
class QueuedSink final : public Sink {
 public:
  QueuedSink(int fd, std::string service, const base::Clock& clock, QueuedSinkOptions options = {});
  // Flushes, for as long as the options say.
  ~QueuedSink() override;
  QueuedSink(const QueuedSink&) = delete;
  QueuedSink& operator=(const QueuedSink&) = delete;

  // Never waits for the file. False: dropped.
  bool Write(absl::string_view line) override;

  QueuedSinkStats stats() const;

 private:
  void Run();
  void Deliver(const std::string& line);
  bool TellDropped();
  bool WriteOut(absl::string_view line);

  const int fd_;
  const std::string service_;
  const base::Clock& clock_;
  const QueuedSinkOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  size_t bytes_ = 0;
  bool closing_ = false;
  int64_t untold_ = 0;  // dropped since the log last said so
  QueuedSinkStats stats_;

  std::atomic<bool> give_up_ = false;
  bool torn_ = false;  // the thread's own: the file ends in the middle of a line
  std::thread thread_;
};

}  // namespace va::telemetry
