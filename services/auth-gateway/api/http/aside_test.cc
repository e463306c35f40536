#include "services/auth-gateway/api/http/aside.h"

#include <catch2/catch.hpp>
#include <deque>
#include <thread>
#include <vector>

namespace va::gateway {

TEST_CASE("Aside: the work is done once, by whoever comes first", "[gateway][aside]") {
  std::deque<std::function<void()>> queue;
  const SubmitAside keep = [&queue](std::function<void()> task) {
    queue.push_back(std::move(task));
    return true;
  };
  int done = 0;
  SECTION("another thread was faster") {
    Aside aside(keep, [&done] { ++done; });
    std::thread other(queue.front());
    other.join();
    CHECK(done == 1);
    aside.Join();
    CHECK(done == 1);
  }
  SECTION("nobody had begun") {
    Aside aside(keep, [&done] { ++done; });
    aside.Join();
    aside.Join();
    CHECK(done == 1);
    queue.front()();
    CHECK(done == 1);
  }
  SECTION("a task that comes up when all is over does nothing") {
    {
      const Aside aside(keep, [&done] { ++done; });
    }
    CHECK(done == 1);
    queue.front()();
    CHECK(done == 1);
  }
}

TEST_CASE("Aside: a full pool costs time, never the work", "[gateway][aside]") {
  int done = 0;
  Aside aside([](const std::function<void()>&) { return false; }, [&done] { ++done; });
  CHECK(done == 0);
  aside.Join();
  CHECK(done == 1);
}

TEST_CASE("Aside: joined from many sides while another thread works, it is waited for",
          "[gateway][aside]") {
  for (int round = 0; round < 200; ++round) {
    std::vector<std::thread> threads;
    int done = 0;
    {
      Aside aside(
          [&threads](std::function<void()> task) {
            threads.emplace_back(std::move(task));
            return true;
          },
          [&done] { ++done; });
      aside.Join();
      REQUIRE(done == 1);
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(done == 1);
  }
}

}  // namespace va::gateway
