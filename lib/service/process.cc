#include "lib/service/process.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace va::service {
namespace {

// Threads of libraries that ask for no size of their own get this instead of 8 MiB.
constexpr size_t kDefaultStack = 1 << 20;

void Expire(sigval /*unused*/) { ::_exit(1); }

}  // namespace

void HardenProcess() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // One arena per thread would keep what each has freed once; two are enough for our locks.
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 8 * 1024 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  // A peer that closed its end is an error of write, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  // Operators send it to ask for a reload; it must never end the program.
  ::signal(SIGHUP, SIG_IGN);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kDefaultStack);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

StopSignals::StopSignals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

bool StopSignals::WaitFor(absl::Duration duration) const {
  const timespec limit = absl::ToTimespec(duration);
  while (true) {
    if (::sigtimedwait(&set_, nullptr, &limit) > 0) return true;
    if (errno != EINTR) return false;
  }
}

void StopSignals::Wait() const {
  while (::sigwaitinfo(&set_, nullptr) < 0 && errno == EINTR) {
  }
}

Watchdog::Watchdog(absl::Duration limit) {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = &Expire;
  itimerspec when{};
  when.it_value = absl::ToTimespec(limit);
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0) {
    ::timer_settime(timer_, 0, &when, nullptr);
  }
}

Watchdog::~Watchdog() { ::timer_delete(timer_); }

}  // namespace va::service
