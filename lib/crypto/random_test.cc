#include "lib/crypto/random.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>

#include <catch2/catch.hpp>

namespace va::crypto {

TEST_CASE("SystemIdGenerator K4: no two draws are alike", "[crypto][K4]") {
  SystemIdGenerator ids;
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(ids.RandomBytes(16));
  CHECK(seen.size() == 10'000);
}

TEST_CASE("SystemIdGenerator K4: a forked process does not repeat what its parent draws",
          "[crypto][K4]") {
  SystemIdGenerator ids;
  static_cast<void>(ids.RandomBytes(1));  // the generator has its state before the fork
  std::set<std::string> seen;
  constexpr size_t kBytes = 32;
  constexpr int kChildren = 4;
  for (int i = 0; i < kChildren; ++i) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const std::string drawn = ids.RandomBytes(kBytes);
      ::_exit(::write(ends[1], drawn.data(), drawn.size()) == static_cast<ssize_t>(kBytes) ? 0 : 1);
    }
    ::close(ends[1]);
    std::string drawn(kBytes, '\0');
    CHECK(::read(ends[0], drawn.data(), drawn.size()) == static_cast<ssize_t>(kBytes));
    ::close(ends[0]);
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    seen.insert(drawn);
  }
  seen.insert(ids.RandomBytes(kBytes));
  CHECK(seen.size() == kChildren + 1);
}

}  // namespace va::crypto
