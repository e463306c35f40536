#include "lib/base/heartbeats.h"

#include <algorithm>

namespace va::base {

Heartbeats::Count Heartbeats::Beat(const std::function<void(size_t thread)>& post) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Count count;
  if (!beats_.empty()) count.rounds = beats_.front().answered;
  for (size_t thread = 0; thread < beats_.size(); ++thread) {
    State& state = beats_[thread];
    count.rounds = std::min(count.rounds, state.answered);
    if (state.waiting) {
      ++count.waiting;
      continue;
    }
    state.waiting = true;
    post(thread);
  }
  return count;
}

void Heartbeats::Answer(size_t thread) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++beats_[thread].answered;
  beats_[thread].waiting = false;
}

}  // namespace va::base
