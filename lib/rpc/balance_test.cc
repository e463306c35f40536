#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "lib/base/status.h"
#include "lib/rpc/house_testing.h"

namespace va::rpc {
namespace {

// Processes of one service, which start and stop on their ports as a deployment makes them.
class Processes {
 public:
  explicit Processes(int count) : pool_(16, 256) {
    const PemFiles files = pki_.IssueService("server");
    tls_ = {files.certificate_file, files.private_key_file, pki_.ca_file()};
    for (int i = 0; i < count; ++i) {
      slots_.push_back(std::make_unique<Slot>());
      Start(i);
    }
  }
  ~Processes() {
    for (const auto& slot : slots_) slot->server->Stop(absl::Seconds(5));
    pool_.Shutdown();
  }
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  void Start(int i) {
    Slot& slot = *slots_[static_cast<size_t>(i)];
    ServerBuilder builder;
    builder.Unary<GetProfileRequest, GetProfileResponse>(
        kGet, [&slot](const CallContext& context, const GetProfileRequest& request) {
          ++slot.calls;
          return Echo(context, request);
        });
    builder.Allow("gateway.va.internal", {kGet});
    ServerOptions options;
    options.listen = absl::StrCat("127.0.0.1:", slot.port);
    options.tls = tls_;
    options.caller_rate = std::nullopt;  // whoever asks until something happens asks often
    auto server = builder.Start(std::move(options), pool_, clock_);
    REQUIRE(server.ok());
    slot.server = *std::move(server);
    slot.port = slot.server->port();
  }

  // As the frame does it: say it, let callers hear it, finish, go. Somebody calls all the while.
  void Restart(int i) {
    Server& server = *slots_[static_cast<size_t>(i)]->server;
    server.SetServing(false);
    CHECK(IsPassedBy(i));
    server.Stop(absl::Seconds(30));
    Start(i);
  }

  // Whether sixty calls in a row went to the other of two.
  bool IsPassedBy(int i) const {
    const int other = 1 - i;
    int here = calls(i);
    int there = calls(other);
    const absl::Time end = Soon().deadline;
    while (calls(other) < there + 60) {
      if (base::SystemClock().Now() >= end) return false;
      std::this_thread::yield();
      if (calls(i) == here) continue;
      here = calls(i);
      there = calls(other);
    }
    return true;
  }

  int calls(int i) const { return slots_[static_cast<size_t>(i)]->calls; }
  Server& server(int i) { return *slots_[static_cast<size_t>(i)]->server; }

  Channel Caller(ChannelOptions options = {.balanced = true}) {
    std::string target = "ipv4:";
    for (const auto& slot : slots_) {
      absl::StrAppend(&target, target.back() == ':' ? "" : ",", "127.0.0.1:", slot->port);
    }
    const PemFiles files = pki_.IssueService("gateway");
    return Connect(target, {files.certificate_file, files.private_key_file, pki_.ca_file()},
                   "server.va.internal", std::move(options))
        .value();
  }

 private:
  struct Slot {
    int port = 0;
    std::atomic<int> calls{0};
    std::unique_ptr<Server> server;
  };

  TestPki pki_;
  TlsOptions tls_;
  const base::SystemClock clock_;
  base::WorkerPool pool_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

absl::Status Ask(const Channel& channel, bool repeatable = false) {
  return Call<GetProfileResponse>(
             channel, kGet, GetProfileRequest(),
             {.deadline = Soon().deadline, .wait_for_ready = false, .repeatable = repeatable})
      .status();
}

// Asks until `done`, which a test that fails would never see.
template <typename Done>
bool AskUntil(const Channel& channel, Done done) {
  const absl::Time end = Soon().deadline;
  while (base::SystemClock().Now() < end) {
    if (absl::Status status = Ask(channel); !status.ok()) return false;
    if (done()) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("Channel: calls go round all processes of a service", "[rpc]") {
  Processes service(2);
  const Channel caller = service.Caller();
  REQUIRE(AskUntil(caller, [&] { return service.calls(0) > 10 && service.calls(1) > 10; }));
  const int before = service.calls(0);
  for (int i = 0; i < 100; ++i) REQUIRE(Ask(caller).ok());
  CHECK(service.calls(0) - before == 50);
}

TEST_CASE("Channel: a process that says NOT_SERVING is asked no more, and again when it serves",
          "[rpc]") {
  Processes service(2);
  const Channel caller = service.Caller();
  REQUIRE(AskUntil(caller, [&] { return service.calls(0) > 0 && service.calls(1) > 0; }));
  service.server(0).SetServing(false);
  int last = -1;
  // Until fifty calls in a row have passed the first one by.
  int in_a_row = 0;
  REQUIRE(AskUntil(caller, [&] {
    in_a_row = service.calls(0) == last ? in_a_row + 1 : 0;
    last = service.calls(0);
    return in_a_row >= 50;
  }));
  service.server(0).SetServing(true);
  CHECK(AskUntil(caller, [&] { return service.calls(0) > last; }));
}

TEST_CASE("Channel: where nobody serves the call fails at once as UNAVAILABLE", "[rpc]") {
  Processes service(1);
  const Channel caller = service.Caller();
  REQUIRE(Ask(caller).ok());
  service.server(0).SetServing(false);
  const absl::Time end = Soon().deadline;
  absl::Status status = Ask(caller);
  while (status.ok() && base::SystemClock().Now() < end) status = Ask(caller);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(status) == "RPC_UNAVAILABLE");
}

TEST_CASE("Channel: while the processes of a service restart in turn no call fails", "[rpc]") {
  Processes service(2);
  const Channel caller = service.Caller();
  REQUIRE(AskUntil(caller, [&] { return service.calls(0) > 0 && service.calls(1) > 0; }));
  absl::Notification over;
  std::atomic<int> asked{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      // So that those who restart get their turn.
      while (!over.WaitForNotificationWithTimeout(absl::Milliseconds(1))) {
        // Not repeatable: what fails is not asked again.
        if (!Ask(caller).ok()) ++failed;
        ++asked;
      }
    });
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 2; ++i) {
      service.Restart(i);
      // The next one goes only when this one is asked again.
      const int before = service.calls(i);
      const absl::Time end = Soon().deadline;
      while (service.calls(i) == before && base::SystemClock().Now() < end) {
        std::this_thread::yield();
      }
      CHECK(service.calls(i) > before);
    }
  }
  over.Notify();
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(asked > 240);  // sixty of them at each restart
}

TEST_CASE("Channel: connections that have reached their age end without a failed call", "[rpc]") {
  ServerOptions options;
  options.max_connection_age = absl::Milliseconds(100);
  options.max_connection_age_grace = absl::Seconds(20);
  options.caller_rate = std::nullopt;  // a fast machine asks more often than one caller may
  House house(&Echo, Dispatch::kPool, options);
  const Channel caller = house.As("gateway", {.balanced = true});
  const base::Stopwatch watch;
  int failed = 0;
  while (watch.Elapsed() < absl::Seconds(2)) failed += Ask(caller).ok() ? 0 : 1;
  CHECK(failed == 0);
}

TEST_CASE("Channel: a repeatable call is tried again on UNAVAILABLE, any other is sent once",
          "[rpc]") {
  std::atomic<int> seen{0};
  House house([&seen](const CallContext& context,
                      const GetProfileRequest& request) -> absl::StatusOr<GetProfileResponse> {
    if (++seen % 3 != 0) {
      return base::MakeError(absl::StatusCode::kUnavailable, "OVERLOADED", "busy", true);
    }
    return Echo(context, request);
  });
  std::vector<int> attempts;
  const Channel channel = house.As(
      "gateway", {.peer = "server", .on_done = [&attempts](const ClientCallRecord& record) {
                    CHECK(record.peer == "server");
                    CHECK(record.method == kGet);
                    attempts.push_back(record.attempts);
                  }});
  CHECK(Ask(channel, /*repeatable=*/true).ok());
  CHECK(seen == 3);
  CHECK(base::ReasonOf(Ask(channel)) == "OVERLOADED");
  CHECK(seen == 4);
  CHECK(attempts == std::vector<int>{3, 1});
}

TEST_CASE("Channel: only UNAVAILABLE is tried again", "[rpc]") {
  House house(
      [](const CallContext&, const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
        return base::MakeError(absl::StatusCode::kInternal, "BROKEN", "broken", true);
      });
  CHECK(base::ReasonOf(Ask(house.As("gateway"), /*repeatable=*/true)) == "BROKEN");
  CHECK(house.calls() == 1);
}

TEST_CASE("Channel G4: what failed slowly is not asked again: its wait would be multiplied",
          "[rpc][G4]") {
  House house(
      [](const CallContext&, const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
        return base::MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_TIMEOUT", "slow", true);
      });
  // Any attempt at all takes longer than nothing.
  const Channel channel = house.As("gateway", {.retry_within = absl::ZeroDuration()});
  CHECK(base::ReasonOf(Ask(channel, /*repeatable=*/true)) == "UPSTREAM_TIMEOUT");
  CHECK(house.calls() == 1);
}

TEST_CASE("Channel G4: attempts end with the deadline", "[rpc][G4]") {
  House house(
      [](const CallContext&, const GetProfileRequest&) -> absl::StatusOr<GetProfileResponse> {
        return base::MakeError(absl::StatusCode::kUnavailable, "OVERLOADED", "busy", true);
      });
  const Channel channel = house.As("gateway", {.retry = {.max_attempts = 1000000,
                                                         .first = absl::Milliseconds(1),
                                                         .longest = absl::Milliseconds(5)}});
  REQUIRE(CheckHealth(channel, Soon().deadline).ok());  // the handshake is over
  const absl::Time deadline = house.clock().Now() + absl::Seconds(1);
  const auto answer = Call<GetProfileResponse>(channel, kGet, GetProfileRequest(),
                                               {.deadline = deadline, .repeatable = true});
  CHECK_FALSE(answer.ok());
  CHECK(house.clock().Now() < deadline + absl::Seconds(5));
  CHECK(house.calls() > 3);
}

TEST_CASE("Channel: the trace goes with the call, and a malformed one does not", "[rpc]") {
  std::string seen;
  House house([&seen](const CallContext& context, const GetProfileRequest& request) {
    seen = context.traceparent;
    return Echo(context, request);
  });
  const Channel channel = house.As("gateway");
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  CallOptions options = Soon();
  options.traceparent = trace;
  REQUIRE(Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), options).ok());
  CHECK(seen == trace);
  options.traceparent = "00-zz";
  REQUIRE(Call<GetProfileResponse>(channel, kGet, GetProfileRequest(), options).ok());
  CHECK(seen.empty());
}

TEST_CASE("Server G6: a caller that asks more than it may is told so, and others are not",
          "[rpc][G6]") {
  ServerOptions options;
  options.caller_rate = resilience::Rate{.tokens = 1, .per = absl::Hours(1), .burst = 3};
  House house(&Echo, Dispatch::kPool, options);
  const Channel gateway = house.As("gateway");
  for (int i = 0; i < 3; ++i) CHECK(Ask(gateway).ok());
  const absl::Status status = Ask(gateway);
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(base::ReasonOf(status) == "RATE_LIMITED");
  CHECK(base::IsRetryable(status));
  // Health is never counted, and another name has tokens of its own.
  for (int i = 0; i < 10; ++i) CHECK(CheckHealth(gateway, Soon().deadline).ok());
  CHECK(Call<mhv::v1::EnsureAccountResponse>(house.As("batch"), kOther,
                                             mhv::v1::EnsureAccountRequest(), Soon())
            .ok());
  CHECK(house.calls() == 3);
}

}  // namespace va::rpc
