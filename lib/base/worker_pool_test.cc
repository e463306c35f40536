#include "lib/base/worker_pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <thread>

namespace va::base {
namespace {

// Opens once; a std::mutex gate, because Debian's Abseil is not instrumented for TSan (E8).
class Gate {
 public:
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    wake_.notify_all();
  }
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool open_ = false;
};

TEST_CASE("WorkerPool: work beyond threads and queue is refused at once", "[base]") {
  Gate gate;
  std::atomic<int> done = 0;
  WorkerPool pool(1, 1);
  const auto task = [&] {
    gate.Pass();
    ++done;
  };
  int taken = 0;
  for (int i = 0; i < 10; ++i) taken += pool.TrySubmit(task) ? 1 : 0;
  CHECK(taken >= 1);
  CHECK(taken <= 3);
  gate.Open();
  pool.Shutdown();
  CHECK(done == taken);
  CHECK_FALSE(pool.TrySubmit(task));
}

TEST_CASE("WorkerPool: shutdown finishes what was taken", "[base]") {
  std::atomic<int> done = 0;
  WorkerPool pool(4, 1000);
  for (int i = 0; i < 1000; ++i) REQUIRE(pool.TrySubmit([&] { ++done; }));
  pool.Shutdown();
  CHECK(done == 1000);
  CHECK(pool.finished() == 1000);
  CHECK(pool.pending() == 0);
}

// Threads of this process.
std::size_t Threads() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    count += task.exists() ? 1 : 0;
  }
  return count;
}

TEST_CASE("WorkerPool: a large pool makes its threads when there is work for them", "[base]") {
  constexpr int kThreads = 200;
  Gate gate;
  std::atomic<int> inside = 0;
  const std::size_t before = Threads();
  WorkerPool pool(kThreads, 0);
  CHECK(Threads() - before < 100);
  for (int i = 0; i < kThreads; ++i) {
    REQUIRE(pool.TrySubmit([&] {
      ++inside;
      gate.Pass();
    }));
  }
  CHECK_FALSE(pool.TrySubmit([] {}));
  // All of them run at the same time.
  while (inside < kThreads) std::this_thread::yield();
  CHECK(pool.pending() == kThreads);
  gate.Open();
  pool.Shutdown();
  CHECK(pool.finished() == kThreads);
  CHECK(Threads() == before);
}

}  // namespace
}  // namespace va::base
