#include <grpcpp/client_context.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "grpc/health/v1/health.grpc.pb.h"
#include "lib/base/clock.h"
#include "lib/rpc/house_testing.h"

namespace va::rpc {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One stream of health on a channel.
class Watch {
 public:
  explicit Watch(const std::shared_ptr<grpc::Channel>& channel, const std::string& service = "")
      : stub_(Health::NewStub(channel)) {
    HealthCheckRequest request;
    request.set_service(service);
    stream_ = stub_->Watch(&context_, request);
  }

  // The next state told; UNKNOWN when the stream has ended instead.
  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    return stream_->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }
  grpc::Status Finish() { return stream_->Finish(); }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<Health::Stub> stub_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> stream_;
};

}  // namespace

TEST_CASE("Health: a watch tells the state at once and every change of it", "[rpc]") {
  House house;
  Watch watch(house.Foreign(house.pki().IssueService("gateway")));
  CHECK(watch.Next() == HealthCheckResponse::SERVING);
  house.server().SetServing(false);
  CHECK(watch.Next() == HealthCheckResponse::NOT_SERVING);
  house.server().SetServing(true);
  CHECK(watch.Next() == HealthCheckResponse::SERVING);
}

TEST_CASE("Health: stopping says NOT_SERVING and then ends every watch", "[rpc]") {
  House house;
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  Watch watch(channel);
  Watch named(channel, "va.mpi.v1.MpiService");
  CHECK(watch.Next() == HealthCheckResponse::SERVING);
  CHECK(named.Next() == HealthCheckResponse::SERVING);
  const base::Stopwatch stopwatch;
  house.server().Stop(absl::Seconds(60));
  CHECK(stopwatch.Elapsed() < absl::Seconds(30));
  CHECK(watch.Next() == HealthCheckResponse::NOT_SERVING);
  // How the stream ends is left open: the connection may go before its last word has come.
  CHECK(watch.Next() == HealthCheckResponse::UNKNOWN);
  CHECK(named.Next() == HealthCheckResponse::NOT_SERVING);
  CHECK(named.Next() == HealthCheckResponse::UNKNOWN);
}

TEST_CASE("Health: a watch of a service that is not here says so and stays", "[rpc]") {
  House house;
  Watch watch(house.Foreign(house.pki().IssueService("gateway")), "va.mpi.v1.Mpi");
  CHECK(watch.Next() == HealthCheckResponse::SERVICE_UNKNOWN);
  house.server().Stop(absl::Seconds(60));
  CHECK(watch.Next() == HealthCheckResponse::UNKNOWN);
}

TEST_CASE("Health G1: a stranger with a good certificate may not watch", "[rpc][G1]") {
  House house;
  Watch watch(house.Foreign(house.pki().IssueService("stranger")));
  CHECK(watch.Next() == HealthCheckResponse::UNKNOWN);
  CHECK(watch.Finish().error_code() == grpc::PERMISSION_DENIED);
}

TEST_CASE("Health G6: watches are bounded for a connection and in all", "[rpc][G6]") {
  ServerOptions options;
  options.max_watches_per_connection = 2;
  options.max_watches = 3;
  House house(&Echo, Dispatch::kPool, options);
  const auto files = house.pki().IssueService("gateway");
  const auto one = house.Foreign(files);
  std::vector<std::unique_ptr<Watch>> good;
  for (int i = 0; i < 2; ++i) {
    good.push_back(std::make_unique<Watch>(one));
    CHECK(good.back()->Next() == HealthCheckResponse::SERVING);
  }
  Watch third(one);
  CHECK(third.Finish().error_code() == grpc::RESOURCE_EXHAUSTED);

  // A pool of its own makes it another connection.
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto two = house.Foreign(files, args);
  good.push_back(std::make_unique<Watch>(two));
  CHECK(good.back()->Next() == HealthCheckResponse::SERVING);
  Watch fourth(two);
  CHECK(fourth.Finish().error_code() == grpc::RESOURCE_EXHAUSTED);

  // Whoever goes makes room.
  good.front()->Cancel();
  CHECK(good.front()->Finish().error_code() == grpc::CANCELLED);
  const absl::Time deadline = Soon().deadline;
  while (base::SystemClock().Now() < deadline) {
    Watch again(one);
    if (again.Next() == HealthCheckResponse::SERVING) return;
  }
  FAIL("the place of a watch that ended is not given back");
}

TEST_CASE("Health: watchers that come and go while the state changes leave nothing behind",
          "[rpc]") {
  // The next one may arrive before the end of the last has: that is not what is asked here.
  ServerOptions options;
  options.max_watches_per_connection = 200;
  House house(&Echo, Dispatch::kPool, options);
  const auto channel = house.Foreign(house.pki().IssueService("gateway"));
  std::atomic<int> told{0};
  std::vector<std::thread> watchers;
  for (int i = 0; i < 4; ++i) {
    watchers.emplace_back([&channel, &told] {
      for (int n = 0; n < 50; ++n) {
        Watch watch(channel);
        if (watch.Next() != HealthCheckResponse::UNKNOWN) ++told;
        watch.Cancel();
      }
    });
  }
  for (int n = 0; n < 200; ++n) house.server().SetServing(n % 2 == 0);
  for (std::thread& watcher : watchers) watcher.join();
  CHECK(told == 200);
  house.server().Stop(absl::Seconds(30));
}

}  // namespace va::rpc
