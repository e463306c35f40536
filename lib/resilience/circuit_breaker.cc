#include "lib/resilience/circuit_breaker.h"

#include <algorithm>

namespace va::resilience {

absl::string_view BreakerStateName(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return "closed";
    case BreakerState::kHalfOpen:
      return "half_open";
    case BreakerState::kOpen:
      return "open";
  }
  return "open";
}

std::optional<CircuitBreaker::Pass> CircuitBreaker::Admit(absl::Time wall_now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::Time now = timeline_.At(wall_now);
  if (state_ == BreakerState::kClosed) return Pass(epoch_);
  const bool given_up =
      state_ == BreakerState::kHalfOpen && now - probing_since_ >= options_.probe_patience;
  if ((state_ == BreakerState::kOpen && now >= open_until_) || given_up) StartProbing(now);
  if (state_ == BreakerState::kOpen || probes_out_ >= options_.probes) return std::nullopt;
  ++probes_out_;
  return Pass(epoch_);
}

void CircuitBreaker::Report(const Pass& pass, bool success, absl::Time wall_now, double random01) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::Time now = timeline_.At(wall_now);
  if (pass.epoch_ != epoch_) return;
  if (state_ == BreakerState::kHalfOpen) {
    --probes_out_;
    if (!success) return Open(now, random01);
    if (++probes_good_ >= options_.probes) Close();
    return;
  }
  CountCall(success, now);
  if (!success && WindowIsBad(now)) Open(now, random01);
}

void CircuitBreaker::Withdraw(const Pass& pass) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (pass.epoch_ == epoch_ && state_ == BreakerState::kHalfOpen) --probes_out_;
}

BreakerState CircuitBreaker::state() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return state_;
}

int64_t CircuitBreaker::BucketOf(absl::Time now) const {
  const int64_t length = std::max<int64_t>(1, absl::ToInt64Nanoseconds(options_.window) / kBuckets);
  return absl::ToUnixNanos(now) / length;
}

void CircuitBreaker::CountCall(bool success, absl::Time now) {
  const int64_t bucket = BucketOf(now);
  Count& count = counts_[bucket % kBuckets];
  if (count.bucket != bucket) count = {bucket, 0, 0};
  ++count.calls;
  if (!success) ++count.failures;
}

bool CircuitBreaker::WindowIsBad(absl::Time now) const {
  const int64_t newest = BucketOf(now);
  int64_t calls = 0;
  int64_t failures = 0;
  for (const Count& count : counts_) {
    if (count.bucket <= newest - kBuckets) continue;
    calls += count.calls;
    failures += count.failures;
  }
  return calls >= options_.min_calls &&
         static_cast<double>(failures) >= options_.failure_share * static_cast<double>(calls);
}

void CircuitBreaker::Open(absl::Time now, double random01) {
  absl::Duration pause = options_.open_for;
  for (int i = 0; i < times_opened_ && pause < options_.longest_open; ++i) pause *= 2;
  pause = std::min(pause, options_.longest_open);
  open_until_ = now + pause * (1.0 + options_.jitter * std::clamp(random01, 0.0, 1.0));
  ++times_opened_;
  state_ = BreakerState::kOpen;
  ++epoch_;
}

void CircuitBreaker::StartProbing(absl::Time now) {
  state_ = BreakerState::kHalfOpen;
  probing_since_ = now;
  probes_out_ = 0;
  probes_good_ = 0;
  ++epoch_;
}

void CircuitBreaker::Close() {
  state_ = BreakerState::kClosed;
  times_opened_ = 0;
  for (Count& count : counts_) count = {};
  ++epoch_;
}

}  // namespace va::resilience
