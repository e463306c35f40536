#include "tests/bench/steady_load.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "absl/time/clock.h"
#include "lib/base/clock.h"

namespace va::bench {

absl::StatusOr<std::vector<absl::Duration>> RunSteadily(
    const SteadyLoad& load, const std::function<absl::Status(int)>& call) {
  const int calls = static_cast<int>(load.per_second * absl::ToDoubleSeconds(load.length));
  const absl::Duration every = absl::Seconds(1) / load.per_second;
  std::mutex mutex;
  std::vector<absl::Duration> took;
  absl::Status fault;
  std::atomic<bool> stop{false};
  const base::Stopwatch watch;
  const auto work = [&](int thread) {
    std::vector<absl::Duration> own;
    absl::Duration free_at = absl::ZeroDuration();
    for (int i = thread; i < calls && !stop; i += load.threads) {
      const absl::Duration due = every * i;
      if (const absl::Duration wait = due - watch.Elapsed(); wait > absl::ZeroDuration()) {
        absl::SleepFor(wait);
      }
      // Who slept too long began late by its own fault; who was still busy by that of the answer.
      const absl::Duration begin = free_at > due ? due : watch.Elapsed();
      const absl::Status status = call(i);
      free_at = watch.Elapsed();
      own.push_back(free_at - begin);
      if (!status.ok()) {
        const std::lock_guard<std::mutex> lock(mutex);
        fault.Update(status);
        stop = true;
      }
    }
    const std::lock_guard<std::mutex> lock(mutex);
    took.insert(took.end(), own.begin(), own.end());
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < load.threads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  if (!fault.ok()) return fault;
  return took;
}

}  // namespace va::bench
