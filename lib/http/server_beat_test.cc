#include <future>
#include <thread>

#include <catch2/catch.hpp>

#include "lib/base/clock.h"
#include "lib/http/server_test_scene.h"

namespace va::http {
namespace {

// Whether the loops answer `rounds` beats, given time.
bool Answers(Server& server, uint64_t rounds) {
  const base::Stopwatch waited;
  while (waited.Elapsed() < absl::Seconds(20)) {
    if (server.Beat().rounds >= rounds) return true;
    std::this_thread::yield();
  }
  return false;
}

}  // namespace

TEST_CASE("Server: an idle event loop answers its heartbeats, one that is stuck does not",
          "[http][server]") {
  std::promise<void> arrived;
  std::promise<void> door;
  ServerOptions options;
  options.inline_handler = [&arrived, open = door.get_future().share()](Request& /*request*/) {
    arrived.set_value();
    open.wait();
    return Text(200, "late");
  };
  Scene scene(options);
  Server& server = scene.server();
  CHECK(Answers(server, 3));

  RawClient client(scene.port());
  client.Send(kGet);
  arrived.get_future().wait();
  server.Beat();
  const base::Heartbeats::Count stuck = server.Beat();
  CHECK(stuck.waiting == 1);
  for (int i = 0; i < 100; ++i) server.Beat();
  CHECK(server.Beat().rounds == stuck.rounds);

  door.set_value();
  CHECK(StatusOf(client.ReadAnswer()) == 200);
  CHECK(Answers(server, stuck.rounds + 2));
  server.Stop(absl::ZeroDuration());
  for (int i = 0; i < 3; ++i) CHECK(server.Beat().waiting == 0);
}

}  // namespace va::http
