#include "lib/base/periodic.h"

#include <utility>

namespace va::base {

Periodic::Periodic(absl::Duration pause, std::function<void()> task)
    : thread_([this, pause, task = std::move(task)] { Loop(pause, task); }) {}

Periodic::~Periodic() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Periodic::Loop(absl::Duration pause, const std::function<void()>& task) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!wake_.wait_for(lock, absl::ToChronoMilliseconds(pause), [this] { return stopping_; })) {
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace va::base
