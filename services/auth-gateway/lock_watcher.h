// Ends sessions whose account or credential is locked, moved or forgotten: follows the events that
// user-attributes streams, applies each to the sessions here, and remembers how far it came, so
// that neither a restart nor a broken stream loses one. Owns one thread between Start and Stop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"
#include "services/auth-gateway/domain/lock_feed.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

class LockMetrics {
 public:
  LockMetrics() = default;  // measures nothing
  explicit LockMetrics(telemetry::Metrics& metrics);

  void CountEvent(LockEventKind kind) const;
  void CountEnded(LockEventKind kind, size_t sessions) const;
  void ObserveLag(absl::Duration lag) const;

 private:
  telemetry::Counter events_;
  telemetry::Counter ended_;
  telemetry::Histogram lag_;
};

// A sign-in that was admitted just before a lock may begin its session just after it: events are
// applied once more when no such attempt can be on its way any more (an attempt has 12 s).
inline constexpr absl::Duration kLockSettles = absl::Seconds(30);

class LockWatcher {
 public:
  // The references outlive the object.
  struct Deps {
    const base::Clock& clock;  // by which sessions begin
    base::IdGenerator& ids;
    const telemetry::Log& log;
    telemetry::Audit& audit;
    LockMetrics metrics;
    LockFeed& feed;
    LockCursor& cursor;
    SessionStore& sessions;
  };

  explicit LockWatcher(const Deps& deps);
  ~LockWatcher() { Stop(); }
  LockWatcher(const LockWatcher&) = delete;
  LockWatcher& operator=(const LockWatcher&) = delete;

  // Watches in the background from now on.
  void Start();
  // Ends the stream and waits for the thread. For good.
  void Stop();

  // One stream, from its beginning to its end: what the background does. Not while that runs.
  absl::Status Watch();

  // How long nothing has been heard and applied.
  absl::Duration Silence() const;
  // UNAVAILABLE (LOCKS_SILENT) once that is so long that locks may have been missed.
  absl::Status Check() const;

 private:
  struct Applied {
    LockEvent event;
    absl::Time settled_at;
    bool again = false;  // still to be applied once more
  };

  void Loop();
  void Pause(absl::Duration pause);
  absl::Duration NextPause(const absl::Status& ended);
  void Report(const absl::Status& ended);
  absl::Status Begin();
  bool Take(const LockEvent& event);
  absl::Status Apply(const LockEvent& event);
  void TakeBack(const LockEvent& event);
  absl::Status End(const LockEvent& event, absl::Time begun_by);
  absl::Status Settle();
  absl::Status JudgeAnew();
  void Heard();
  bool stopping() const;

  const Deps deps_;
  // Of the one thread that watches.
  std::optional<std::int64_t> position_;  // of what was applied
  std::int64_t kept_ = 0;                 // as the cursor has it
  std::deque<Applied> applied_;           // and may have to be once more
  absl::Status failure_;                  // why Take ended the stream
  int failures_ = 0;                      // streams in a row that told nothing
  bool heard_now_ = false;                // by this stream
  bool up_to_date_ = false;               // it has told all that had happened before it
  bool judging_ = false;                  // since events were found to be missed
  std::string told_;                      // reason that was logged last

  mutable std::mutex mutex_;  // what follows
  std::condition_variable wake_;
  absl::Time heard_at_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace va::gateway
