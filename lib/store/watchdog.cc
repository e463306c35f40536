#include "lib/store/watchdog.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace va::store {

Watchdog::~Watchdog() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    const Clock::time_point now = Clock::now();
    next_look_ = kNever;
    for (Watch* watch : watches_) {
      if (watch->due_ <= now) {
        shutdown(watch->socket_, SHUT_RDWR);
        watch->cut_ = true;
        watch->due_ = kNever;
      }
      next_look_ = std::min(next_look_, watch->due_);
    }
    if (next_look_ == kNever) {
      wake_.wait(lock);
    } else {
      // A copy: the mutex is free while waiting, and Arm moves the member.
      const Clock::time_point until = next_look_;
      wake_.wait_until(lock, until);
    }
  }
}

Watch::Watch(Watchdog& watchdog, int socket)
    : watchdog_(watchdog), socket_(fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
  if (socket_ < 0) throw std::system_error(errno, std::generic_category(), "watch");
  try {
    const std::lock_guard<std::mutex> lock(watchdog_.mutex_);
    if (!watchdog_.thread_.joinable()) {
      watchdog_.thread_ = std::thread(&Watchdog::Loop, &watchdog_);
    }
    watchdog_.watches_.push_back(this);
  } catch (...) {
    close(socket_);
    throw;
  }
}

Watch::~Watch() {
  {
    const std::lock_guard<std::mutex> lock(watchdog_.mutex_);
    std::erase(watchdog_.watches_, this);
  }
  close(socket_);
}

void Watch::Arm(Watchdog::Clock::time_point due) {
  bool nearest = false;
  {
    const std::lock_guard<std::mutex> lock(watchdog_.mutex_);
    due_ = due;
    nearest = due < watchdog_.next_look_;
    if (nearest) watchdog_.next_look_ = due;
  }
  if (nearest) watchdog_.wake_.notify_one();
}

bool Watch::Disarm() {
  const std::lock_guard<std::mutex> lock(watchdog_.mutex_);
  due_ = Watchdog::kNever;
  return cut_;
}

}  // namespace va::store
