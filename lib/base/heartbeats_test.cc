#include "lib/base/heartbeats.h"

#include <catch2/catch.hpp>

namespace va::base {
namespace {

constexpr size_t kThreads = 3;

// Threads whose beats a test answers by hand.
struct Scene {
  Heartbeats::Count Beat() {
    posted.clear();
    return beats.Beat([this](size_t thread) { posted.push_back(thread); });
  }

  Heartbeats beats{kThreads};
  std::vector<size_t> posted;
};

}  // namespace

TEST_CASE("Heartbeats: a round counts once every thread has answered", "[base]") {
  Scene scene;
  CHECK(scene.Beat().waiting == 0);
  CHECK(scene.posted == std::vector<size_t>{0, 1, 2});
  scene.beats.Answer(0);
  scene.beats.Answer(2);
  const Heartbeats::Count stuck = scene.Beat();
  CHECK(stuck.waiting == 1);
  CHECK(stuck.rounds == 0);
  // The one that still has a beat gets no second one.
  CHECK(scene.posted == std::vector<size_t>{0, 2});
  for (const size_t thread : {0, 1, 2}) scene.beats.Answer(thread);
  const Heartbeats::Count well = scene.Beat();
  CHECK(well.waiting == 0);
  CHECK(well.rounds == 1);
}

TEST_CASE("Heartbeats: those that answer never hide the one that does not", "[base]") {
  Scene scene;
  for (int i = 0; i < 100; ++i) {
    scene.Beat();
    if (i > 0) CHECK(scene.posted == std::vector<size_t>{0, 1});
    scene.beats.Answer(0);
    scene.beats.Answer(1);
  }
  const Heartbeats::Count count = scene.Beat();
  CHECK(count.waiting == 1);
  CHECK(count.rounds == 0);
}

}  // namespace va::base
