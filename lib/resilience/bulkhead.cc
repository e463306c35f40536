#include "lib/resilience/bulkhead.h"

#include <algorithm>
#include <chrono>

namespace va::resilience {

std::optional<Bulkhead::Place> Bulkhead::Enter(absl::Duration patience) {
  const auto give_up =
      std::chrono::steady_clock::now() +
      absl::ToChronoNanoseconds(std::clamp(patience, absl::ZeroDuration(), absl::Hours(1)));
  std::unique_lock<std::mutex> lock(mutex_);
  if (inside_ >= places_) {
    if (waiting_ >= most_waiting_) return std::nullopt;
    ++waiting_;
    const bool got = free_.wait_until(lock, give_up, [this] { return inside_ < places_; });
    --waiting_;
    if (!got) return std::nullopt;
  }
  ++inside_;
  return Place(this);
}

void Bulkhead::Leave() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    --inside_;
  }
  free_.notify_one();
}

int Bulkhead::inside() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return inside_;
}

int Bulkhead::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_;
}

}  // namespace va::resilience
