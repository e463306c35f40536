#include "lib/service/process.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <iostream>
#include <system_error>

#include "lib/base/clock.h"

namespace va::service {
namespace {

// Threads of libraries that ask for no size of their own get this instead of 8 MiB.
constexpr size_t kDefaultStack = 1 << 20;

void Expire(sigval /*unused*/) { ::_exit(1); }

// What nobody caught: too few threads for what the settings ask for, most likely. In words and with
// the exit code of a program that could not run; of other exceptions only that there was one, their
// texts may quote data.
[[noreturn]] void EndInWords() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
    std::cerr << "cannot go on\n";
  } catch (const std::system_error& error) {
    std::cerr << "cannot go on: " << error.code().message()
              << " (limits of threads, descriptors and memory: ulimit -a)\n";
  } catch (...) {
    std::cerr << "cannot go on: an exception that nobody handles\n";
  }
  std::cerr.flush();
  ::_exit(1);
}

}  // namespace

// libpq brings libldap, which brings GnuTLS, which on loading starts itself, PKCS #11 modules and
// all: a megabyte in every process for TLS that is never spoken (ours is OpenSSL's). By its own
// rule it does not when the program says so here; whoever did use it would start it himself.
extern "C" __attribute__((visibility("default"))) int
_gnutls_global_init_skip() {  // NOLINT(bugprone-reserved-identifier)
  return 1;
}

void HardenProcess() {
  std::set_terminate(&EndInWords);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // One arena per thread would keep what each has freed once; two are enough for our locks.
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 8 * 1024 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  // A peer that closed its end is an error of write, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  // Operators send it to ask for a reload: a program that takes none must not end by it.
  ::signal(SIGHUP, SIG_IGN);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kDefaultStack);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

Signals::Signals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  // Blocked now, so that its own action never comes to pass; one that is ignored might be dropped.
  ::signal(SIGHUP, SIG_DFL);
}

bool Signals::WaitForStop(absl::Duration duration) const {
  const base::Stopwatch waited;
  while (true) {
    const timespec left =
        absl::ToTimespec(std::max(duration - waited.Elapsed(), absl::ZeroDuration()));
    const int signal = ::sigtimedwait(&set_, nullptr, &left);
    if (signal == SIGTERM || signal == SIGINT) return true;
    if (signal == SIGHUP && reload_) reload_();
    if (signal < 0 && errno == EAGAIN) return false;
  }
}

void Signals::WaitForStop() const {
  while (!WaitForStop(absl::Hours(24))) {
  }
}

void Signals::EndOnNext() {
  sigset_t stops;
  sigemptyset(&stops);
  for (const int signal : {SIGTERM, SIGINT}) {
    sigaddset(&stops, signal);
    ::signal(signal, SIG_DFL);
  }
  pthread_sigmask(SIG_UNBLOCK, &stops, nullptr);
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
