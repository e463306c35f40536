#include "lib/resilience/single_flight.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <new>
#include <thread>
#include <vector>

namespace va::resilience {
namespace {

using Answer = absl::StatusOr<int>;

// Holds a leader until it is let go.
class Gate {
 public:
  void Wait() { open_.get_future().wait(); }
  void Open() { open_.set_value(); }

 private:
  std::promise<void> open_;
};

// A flight with a leader in the air.
struct Leading {
  Leading(SingleFlight<int>& flights, Answer answer)
      : thread([this, &flights, answer] {
          result = flights.Do("k", absl::Seconds(20), [&](absl::Duration) {
            began.Open();
            gate.Wait();
            return answer;
          });
        }) {
    began.Wait();
  }
  ~Leading() {
    if (thread.joinable()) Land();
  }
  void Land() {
    gate.Open();
    thread.join();
  }

  Gate began;
  Gate gate;
  Answer result = 0;
  std::thread thread;
};

Answer NeverAsked(absl::Duration /*left*/) { return absl::InternalError("asked"); }

}  // namespace

TEST_CASE("SingleFlight: one asks, all get the answer", "[single_flight]") {
  SingleFlight<int> flights({.max_followers = 8});
  Leading leader(flights, 42);
  std::vector<std::future<Answer>> followers;
  for (int i = 0; i < 4; ++i) {
    followers.push_back(std::async(std::launch::async,
                                   [&] { return flights.Do("k", absl::Seconds(20), NeverAsked); }));
  }
  while (flights.followers() < 4) std::this_thread::yield();
  leader.Land();
  for (auto& follower : followers) CHECK(follower.get().value() == 42);
  CHECK(leader.result.value() == 42);
  CHECK(flights.followers() == 0);
  // Over: the next one asks again.
  CHECK(flights.Do("k", absl::Seconds(1), [](absl::Duration) -> Answer { return 7; }).value() == 7);
}

TEST_CASE("SingleFlight: other keys do not wait", "[single_flight]") {
  SingleFlight<int> flights({});
  Leading leader(flights, 42);
  CHECK(flights.Do("other", absl::Seconds(1), [](absl::Duration) -> Answer { return 1; }).value() ==
        1);
}

TEST_CASE("SingleFlight: a follower keeps its own deadline", "[single_flight]") {
  SingleFlight<int> flights({});
  Leading leader(flights, 42);
  const Answer answer = flights.Do("k", absl::Milliseconds(20), NeverAsked);
  CHECK(answer.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(base::ReasonOf(answer.status()) == "FOLLOWER_DEADLINE");
}

TEST_CASE("SingleFlight: beyond the bound a caller asks for itself", "[single_flight]") {
  SingleFlight<int> flights({.max_followers = 1});
  Leading leader(flights, 42);
  auto follower = std::async(std::launch::async,
                             [&] { return flights.Do("k", absl::Seconds(20), NeverAsked); });
  while (flights.followers() < 1) std::this_thread::yield();
  CHECK(flights.Do("k", absl::Seconds(1), [](absl::Duration) -> Answer { return 5; }).value() == 5);
  leader.Land();
  CHECK(follower.get().value() == 42);
}

TEST_CASE("SingleFlight: a leader's failure is a follower's only where it is shared",
          "[single_flight]") {
  const bool shared = GENERATE(false, true);
  SingleFlight<int> flights({.share_failure = [shared](const absl::Status& failure) {
    return shared && failure.code() == absl::StatusCode::kUnavailable;
  }});
  Leading leader(flights, absl::UnavailableError("down"));
  auto follower = std::async(std::launch::async, [&] {
    return flights.Do("k", absl::Seconds(20), [](absl::Duration left) -> Answer {
      return left > absl::ZeroDuration() ? 9 : 0;
    });
  });
  while (flights.followers() < 1) std::this_thread::yield();
  leader.Land();
  CHECK(leader.result.status().code() == absl::StatusCode::kUnavailable);
  const Answer answer = follower.get();
  CHECK(answer.ok() != shared);
  if (!shared) CHECK(answer.value() == 9);
}

TEST_CASE("SingleFlight: a leader that is torn away leaves nobody waiting", "[single_flight]") {
  SingleFlight<int> flights({});
  Gate began;
  Gate gate;
  std::thread leader([&] {
    CHECK_THROWS_AS(flights.Do("k", absl::Seconds(20),
                               [&](absl::Duration) -> Answer {
                                 began.Open();
                                 gate.Wait();
                                 throw std::bad_alloc();
                               }),
                    std::bad_alloc);
  });
  began.Wait();
  auto follower = std::async(std::launch::async, [&] {
    return flights.Do("k", absl::Seconds(20), [](absl::Duration) -> Answer { return 9; });
  });
  while (flights.followers() < 1) std::this_thread::yield();
  gate.Open();
  leader.join();
  CHECK(follower.get().value() == 9);
  CHECK(flights.Do("k", absl::Seconds(1), [](absl::Duration) -> Answer { return 7; }).value() == 7);
}

}  // namespace va::resilience
