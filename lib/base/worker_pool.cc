#include "lib/base/worker_pool.h"

#include <algorithm>
#include <utility>

namespace va::base {
namespace {

// libxml2 walks trees recursively up to the depth limit and gRPC's blocking calls need some room;
// 512 KiB holds both with a wide margin and lets a thousand threads cost address space only.
constexpr size_t kStackBytes = 512 * 1024;

// Threads that are there from the beginning. A pool that is large for the worst hour makes the
// others when there is work for them: a thread that never ran costs 20 KiB all the same.
constexpr size_t kAtOnce = 64;

}  // namespace

WorkerPool::WorkerPool(size_t threads, size_t queue) : queue_limit_(queue), most_(threads) {
  const std::lock_guard<std::mutex> lock(mutex_);
  threads_.reserve(threads);
  while (threads_.size() < std::min(most_, kAtOnce)) AddThread();
}

void WorkerPool::AddThread() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_t thread{};
  if (pthread_create(&thread, &attributes, &WorkerPool::ThreadMain, this) == 0) {
    threads_.push_back(thread);
  } else {
    most_ = threads_.size();  // the machine gives no more
  }
  pthread_attr_destroy(&attributes);
}

WorkerPool::~WorkerPool() { Shutdown(); }

bool WorkerPool::TrySubmit(std::function<void()> task) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_ || threads_.empty()) return false;
  const size_t idle = most_ - running_;
  if (queue_.size() >= queue_limit_ + idle) return false;
  queue_.push_back(std::move(task));
  if (queue_.size() + running_ > threads_.size() && threads_.size() < most_) {
    AddThread();
  } else if (!idle_.empty()) {
    Waiter* const waiter = idle_.back();
    idle_.pop_back();
    waiter->called = true;
    waiter->wake.notify_one();
  }
  return true;
}

void WorkerPool::Shutdown() {
  std::vector<pthread_t> threads;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    for (Waiter* const waiter : idle_) {
      waiter->called = true;
      waiter->wake.notify_one();
    }
    idle_.clear();
  }
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

size_t WorkerPool::pending() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return queue_.size() + running_;
}

uint64_t WorkerPool::finished() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return finished_;
}

void* WorkerPool::ThreadMain(void* self) {
  static_cast<WorkerPool*>(self)->Work();
  return nullptr;
}

void WorkerPool::Work() {
  Waiter self;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    while (queue_.empty() && !stopping_) {
      self.called = false;
      idle_.push_back(&self);
      self.wake.wait(lock, [&self] { return self.called; });
    }
    if (queue_.empty()) return;
    std::function<void()> task = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    --running_;
    ++finished_;
  }
}

}  // namespace va::base
