// Stops asking a party that does not answer, so that its trouble costs a lookup and not a thread
// and a deadline each. Closed: calls go, results are counted over a window. Open: none goes until a
// time that is spread at random, so that not all replicas return at once. Half open: a few probes
// go, and the breaker closes or opens by their results.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/resilience/timeline.h"

namespace va::resilience {

struct BreakerOptions {
  absl::Duration window = absl::Seconds(10);
  int min_calls = 20;          // in the window, before it may open
  double failure_share = 0.5;  // of the calls in the window; opens from here on
  absl::Duration open_for = absl::Seconds(5);
  absl::Duration longest_open = absl::Seconds(60);  // open_for doubles up to this while probes fail
  double jitter = 0.2;                              // up to this share is added to the opening time
  int probes = 3;  // at a time when half open, and successes that close
  // A probe without a result by then is given up: what never reports must not keep it half open.
  absl::Duration probe_patience = absl::Seconds(30);
};

enum class BreakerState { kClosed, kHalfOpen, kOpen };

// "closed", "half_open", "open".
absl::string_view BreakerStateName(BreakerState state);

// Thread-safe.
class CircuitBreaker {
 public:
  // Permission for one call. Its result is reported with it, so that a call that began before the
  // breaker last changed says nothing about the time after.
  class Pass {
   private:
    friend class CircuitBreaker;
    explicit Pass(int64_t epoch) : epoch_(epoch) {}
    int64_t epoch_;
  };

  explicit CircuitBreaker(const BreakerOptions& options) : options_(options) {}

  // None: do not call.
  std::optional<Pass> Admit(absl::Time now);

  // What became of the call. `random01` in [0, 1), fresh for each call.
  void Report(const Pass& pass, bool success, absl::Time now, double random01);

  // The call told nothing about the party: it was never sent, or its caller gave up too soon.
  void Withdraw(const Pass& pass);

  // Open turns into half open by the first call that is admitted then.
  BreakerState state() const;

 private:
  static constexpr int kBuckets = 10;
  struct Count {
    int64_t bucket = 0;
    int64_t calls = 0;
    int64_t failures = 0;
  };

  void CountCall(bool success, absl::Time now);
  bool WindowIsBad(absl::Time now) const;
  int64_t BucketOf(absl::Time now) const;
  void Open(absl::Time now, double random01);
  void StartProbing(absl::Time now);
  void Close();

  const BreakerOptions options_;
  mutable std::mutex mutex_;
  Timeline timeline_;
  BreakerState state_ = BreakerState::kClosed;
  int64_t epoch_ = 0;  // of the present state
  Count counts_[kBuckets];
  int times_opened_ = 0;  // in a row
  absl::Time open_until_;
  absl::Time probing_since_;
  int probes_out_ = 0;
  int probes_good_ = 0;
};

}  // namespace va::resilience
