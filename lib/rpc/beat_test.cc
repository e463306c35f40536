#include <thread>

#include <catch2/catch.hpp>

#include "lib/rpc/house_testing.h"

namespace va::rpc {
namespace {

// Whether the threads answer `rounds` beats, given time.
bool Answers(Server& server, uint64_t rounds) {
  const base::Stopwatch waited;
  while (waited.Elapsed() < absl::Seconds(20)) {
    if (server.Beat().rounds >= rounds) return true;
    std::this_thread::yield();
  }
  return false;
}

}  // namespace

TEST_CASE("Server: idle completion threads answer their heartbeats, one that is stuck does not",
          "[rpc]") {
  Gate gate;
  ServerOptions options;
  options.threads = 1;
  House house(
      [&gate](const CallContext& context, const GetProfileRequest& request) {
        gate.Pass();
        return Echo(context, request);
      },
      Dispatch::kInline, options);
  Server& server = house.server();
  CHECK(Answers(server, 3));

  const Channel channel = house.As("gateway");
  std::thread caller([&channel] {
    Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), Soon()).status().IgnoreError();
  });
  gate.AwaitArrivals(1);
  server.Beat();
  const base::Heartbeats::Count stuck = server.Beat();
  CHECK(stuck.waiting == 1);
  for (int i = 0; i < 100; ++i) server.Beat();
  CHECK(server.Beat().rounds == stuck.rounds);

  gate.Open();
  CHECK(Answers(server, stuck.rounds + 2));
  caller.join();
  server.Stop(absl::Seconds(5));
  // Nothing is posted to a queue that is gone.
  for (int i = 0; i < 3; ++i) CHECK(server.Beat().waiting == 0);
}

}  // namespace va::rpc
