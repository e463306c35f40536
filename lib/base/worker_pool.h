// A bounded pool of threads with a bounded queue. Handlers are plain blocking functions; what does
// not fit is refused at once, so that overload is shed at the door and never piles up inside.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include <pthread.h>

namespace va::base {

// Runs tasks on a bounded number of threads. Thread-safe.
class WorkerPool {
 public:
  // At most `threads` workers with small stacks, the first of them at once, more when there is work
  // for them; at most `queue` tasks wait.
  WorkerPool(size_t threads, size_t queue);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when the queue is full or the pool is shutting down; the task was not taken then.
  bool TrySubmit(std::function<void()> task);

  // Finishes what was taken, then joins. Idempotent.
  void Shutdown();

  // Tasks taken and not finished.
  size_t pending() const;
  // Tasks finished so far: with tasks pending and this standing still, the pool is stuck.
  uint64_t finished() const;

 private:
  // A thread that waits for work, each on a condition of its own.
  struct Waiter {
    std::condition_variable wake;
    bool called = false;
  };

  static void* ThreadMain(void* self);
  void AddThread();  // under the lock
  void Work();

  const size_t queue_limit_;
  mutable std::mutex mutex_;
  std::deque<std::function<void()>> queue_;
  // The last to go idle is called first: its stack and caches are still warm, and under light load
  // most threads of a large pool are never woken at all.
  std::vector<Waiter*> idle_;
  size_t most_;  // threads
  size_t running_ = 0;
  uint64_t finished_ = 0;
  bool stopping_ = false;
  std::vector<pthread_t> threads_;
};

}  // namespace va::base
