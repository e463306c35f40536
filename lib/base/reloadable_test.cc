#include "lib/base/reloadable.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

namespace va::base {
namespace {

// Two numbers that always agree; a reader that sees them differ saw half of a value.
struct Pair {
  int left;
  int right;
};

}  // namespace

TEST_CASE("Reloadable: who holds the old value keeps it to the end", "[base][reload]") {
  Reloadable<std::string> value(std::string("old"));
  const auto held = value.Get();
  value.Swap(std::string("new"));
  CHECK(*held == "old");
  CHECK(*value.Get() == "new");
  CHECK(value.generation() == 2);
}

TEST_CASE("Reloadable: the old value goes with its last holder", "[base][reload]") {
  struct Counted {
    explicit Counted(int& count) : alive(count) { ++alive; }
    ~Counted() { --alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    int& alive;
  };
  int alive = 0;
  Reloadable<Counted> value(std::make_unique<const Counted>(alive));
  auto held = value.Get();
  value.Swap(std::make_unique<const Counted>(alive));
  CHECK(alive == 2);
  held.reset();
  CHECK(alive == 1);
}

TEST_CASE("Reloadable: readers beside a writer see whole values only", "[base][reload]") {
  Reloadable<Pair> value(Pair{0, 0});
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::vector<std::thread> readers;
  readers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const auto pair = value.Get();
        if (pair->left != pair->right) ++torn;
      }
    });
  }
  for (int i = 1; i <= 10'000; ++i) value.Swap(Pair{i, i});
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(torn == 0);
  CHECK(value.Get()->left == 10'000);
  CHECK(value.generation() == 10'001);
}

}  // namespace va::base
