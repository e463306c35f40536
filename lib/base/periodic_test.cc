#include "lib/base/periodic.h"

#include <catch2/catch.hpp>

namespace va::base {
namespace {

TEST_CASE("Periodic: the task repeats until the owner goes, and stops at once", "[base]") {
  std::mutex mutex;
  std::condition_variable ran;
  int runs = 0;
  {
    const Periodic periodic(absl::Milliseconds(1), [&] {
      const std::lock_guard<std::mutex> lock(mutex);
      ++runs;
      ran.notify_all();
    });
    std::unique_lock<std::mutex> lock(mutex);
    ran.wait(lock, [&] { return runs >= 3; });
  }
  const int at_end = runs;
  CHECK(at_end >= 3);
  // An hour's pause does not hold the owner up.
  {
    const Periodic idle(absl::Hours(1), [&] { ++runs; });
  }
  CHECK(runs == at_end);
}

}  // namespace
}  // namespace va::base
