#include "services/mpi-adapter/adapters/guarded_mpi.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"

namespace va::mpi {
namespace {

using resilience::BreakerState;

template <typename AnswerType = Answer>
AnswerType With(Outcome outcome, std::string reason = "", std::string ack = "") {
  AnswerType answer;
  answer.outcome = outcome;
  answer.reason = std::move(reason);
  answer.ack_code = std::move(ack);
  return answer;
}

const Answer kMatch = With<Answer>(Outcome::kOk, "MATCH", "AA");
const Answer kRejected = With<Answer>(Outcome::kMpiFailed, "REJECTED", "AR");
const Answer kLate = With<Answer>(Outcome::kTimeout, "TIMEOUT");

// Answers questions and changes as the test says.
class ScriptedMpi final : public MpiGateway, public MpiChanges {
 public:
  std::function<absl::StatusOr<Answer>()> find = [] { return kMatch; };
  ChangeAnswer change = With<ChangeAnswer>(Outcome::kOk, "ACCEPTED", "AA");
  std::atomic<int> finds{0};
  std::atomic<int> sends{0};

  absl::StatusOr<Answer> Find(const Question&, absl::Time) override {
    ++finds;
    return find();
  }
  absl::StatusOr<ChangeAnswer> Send(const Change&, absl::Time) override {
    ++sends;
    return change;
  }
};

struct Scene {
  explicit Scene(const GuardSettings& settings = {})
      : guarded({mpi, mpi, clock, ids, metrics,
                 [this](absl::Duration pause) {
                   pauses.push_back(pause);
                   clock.Advance(pause);
                 }},
                settings) {}

  absl::StatusOr<Answer> Ask(absl::Duration left = absl::Seconds(5)) {
    return guarded.Find(ByTraits{}, clock.Now() + left);
  }
  void AskOften(int times, const Answer& answer, absl::Duration left = absl::Seconds(5)) {
    mpi.find = [answer] { return answer; };
    for (int i = 0; i < times; ++i) CHECK(Ask(left).ok());
  }
  bool Shows(const std::string& line) const { return absl::StrContains(metrics.Text(), line); }

  ScriptedMpi mpi;
  testing::FakeClock clock;
  testing::FixedIds ids;
  telemetry::Metrics metrics;
  std::vector<absl::Duration> pauses;
  GuardedMpi guarded;
};

}  // namespace

TEST_CASE("GuardedMpi: H10 AR, SOAP fault, HTTP 5xx, timeout and no connection open the breaker",
          "[mpi][adapter][attack]") {
  const Answer failure = GENERATE(values<Answer>(
      {kRejected, With(Outcome::kMpiFailed, "REJECTED_MULTIPLE_MATCHES", "AR"),
       With(Outcome::kMpiFailed, "SOAP_FAULT"), With(Outcome::kMpiFailed, "HTTP_503"), kLate,
       With(Outcome::kTransport, "CONNECT"), With(Outcome::kTransport, "TLS"),
       With(Outcome::kTransport, "CONNECTION_LOST"),
       With(Outcome::kUnparseable, "RESPONSE_TOO_LARGE")}));
  CAPTURE(failure.reason);
  Scene scene;
  scene.AskOften(20, failure);
  CHECK(scene.guarded.state() == BreakerState::kOpen);
  const int asked = scene.mpi.finds;
  const absl::StatusOr<Answer> refused = scene.Ask();
  CHECK(refused->outcome == Outcome::kBreakerOpen);
  CHECK(refused->reason == "CIRCUIT_OPEN");
  CHECK_FALSE(refused->profile.has_value());
  CHECK(scene.mpi.finds == asked);
}

TEST_CASE("GuardedMpi: an answer that says no is the answer of a healthy MPI", "[mpi][adapter]") {
  const Answer answer = GENERATE(values<Answer>(
      {kMatch, With(Outcome::kNoMatch, "NO_RESULT", "AA"),
       With(Outcome::kMultipleMatches, "MULTIPLE_MATCHES", "AE"),
       With(Outcome::kInvalidRequest, "INVALID_REQUEST", "AE"),
       With(Outcome::kSenderRejected, "UNKNOWN_SENDER", "AE"),
       With(Outcome::kMpiFailed, "APPLICATION_ERROR", "AE"),
       With(Outcome::kMpiFailed, "APPLICATION_ERROR", "AA"), With(Outcome::kMpiFailed, "HTTP_403"),
       With(Outcome::kUnparseable, "NO_PERMANENT_ICN", "AA"),
       With(Outcome::kUnparseable, "XML_SYNTAX"), With(Outcome::kTimeout, "DEADLINE_PASSED"),
       With(Outcome::kTransport, "BAD_REQUEST")}));
  CAPTURE(answer.reason);
  Scene scene;
  scene.AskOften(200, answer);
  CHECK(scene.guarded.state() == BreakerState::kClosed);
  CHECK(scene.mpi.finds == 200);
}

TEST_CASE("GuardedMpi: a caller in a hurry says nothing about MPI", "[mpi][adapter]") {
  Scene scene;
  scene.AskOften(100, kLate, absl::Milliseconds(900));
  CHECK(scene.guarded.state() == BreakerState::kClosed);
}

TEST_CASE("GuardedMpi: H10 half of the answers failing opens the breaker, fewer do not",
          "[mpi][adapter][attack]") {
  const bool half = GENERATE(true, false);
  Scene scene;
  for (int i = 0; i < 300 && scene.guarded.state() == BreakerState::kClosed; ++i) {
    scene.AskOften(1, i % (half ? 2 : 3) == 0 ? kRejected : kMatch);
    scene.clock.Advance(absl::Milliseconds(20));
  }
  CHECK((scene.guarded.state() == BreakerState::kOpen) == half);
}

TEST_CASE("GuardedMpi: half open, exactly one question finds out how MPI is", "[mpi][adapter]") {
  Scene scene;
  scene.AskOften(20, kRejected);
  scene.clock.Advance(absl::Seconds(6));
  const int before = scene.mpi.finds;
  // Whoever asks while the probe is under way is answered at once.
  scene.mpi.find = [&scene]() -> absl::StatusOr<Answer> {
    if (scene.mpi.finds > 21) return kMatch;
    CHECK(scene.guarded.state() == BreakerState::kHalfOpen);
    for (int i = 0; i < 5; ++i) CHECK(scene.Ask()->outcome == Outcome::kBreakerOpen);
    return kMatch;
  };
  CHECK(scene.Ask()->outcome == Outcome::kOk);
  CHECK(scene.mpi.finds == before + 1);
  CHECK(scene.guarded.state() == BreakerState::kClosed);
  CHECK(scene.Ask()->outcome == Outcome::kOk);
}

TEST_CASE(
    "GuardedMpi: H10 a flapping MPI: a probe that fails opens again, longer, with no second try",
    "[mpi][adapter][attack]") {
  Scene scene;
  scene.AskOften(20, kRejected);
  absl::Duration longest;
  for (int flap = 0; flap < 6; ++flap) {
    const absl::Time opened = scene.clock.Now();
    const int before = scene.mpi.finds;
    scene.mpi.find = [] { return With(Outcome::kTransport, "CONNECT"); };
    while (scene.mpi.finds == before) {
      CHECK(scene.Ask().ok());
      scene.clock.Advance(absl::Milliseconds(100));
    }
    CHECK(scene.mpi.finds == before + 1);
    CHECK(scene.guarded.state() == BreakerState::kOpen);
    longest = scene.clock.Now() - opened;
  }
  CHECK(longest > absl::Seconds(29));
  CHECK(longest < absl::Seconds(37));
  CHECK(scene.pauses.empty());
}

TEST_CASE("GuardedMpi: a question is put a second time where that makes sense, and once",
          "[mpi][adapter][rule]") {
  struct Row {
    Answer first;
    bool again;
  };
  const Row row =
      GENERATE(values<Row>({{With(Outcome::kTransport, "CONNECT"), true},
                            {With(Outcome::kTransport, "CONNECTION_LOST"), true},
                            {With(Outcome::kMpiFailed, "HTTP_500"), true},
                            {With(Outcome::kMpiFailed, "HTTP_503"), true},
                            {With(Outcome::kMpiFailed, "SOAP_FAULT"), true},
                            {With(Outcome::kTransport, "TLS"), false},
                            {With(Outcome::kTransport, "BAD_REQUEST"), false},
                            {With(Outcome::kMpiFailed, "HTTP_404"), false},
                            {With(Outcome::kMpiFailed, "APPLICATION_ERROR", "AE"), false},
                            {kRejected, false},
                            {kLate, false},
                            {With(Outcome::kNoMatch, "NO_RESULT"), false},
                            {With(Outcome::kUnparseable, "XML_SYNTAX"), false},
                            {With(Outcome::kSenderRejected, "UNKNOWN_SENDER"), false}}));
  CAPTURE(row.first.reason);
  {
    Scene scene;
    scene.mpi.find = [&] { return scene.mpi.finds == 1 ? row.first : kMatch; };
    CHECK(scene.Ask()->outcome == (row.again ? Outcome::kOk : row.first.outcome));
    CHECK(scene.mpi.finds == (row.again ? 2 : 1));
    CHECK(scene.Shows("va_mpi_retries_total{result=\"helped\"} 1") == row.again);
  }
  Scene scene;
  scene.mpi.find = [&row] { return row.first; };
  CHECK(scene.Ask()->outcome == row.first.outcome);
  CHECK(scene.mpi.finds == (row.again ? 2 : 1));
  CHECK(scene.Shows("va_mpi_retries_total{result=\"failed\"} 1") == row.again);
}

TEST_CASE("GuardedMpi: the second try is spread at random and stays inside the deadline",
          "[mpi][adapter][rule]") {
  const Answer lost = With(Outcome::kTransport, "CONNECTION_LOST");
  std::vector<absl::Duration> pauses;
  Scene scene;
  for (int i = 0; i < 9; ++i) scene.AskOften(1, lost);
  for (const absl::Duration pause : scene.pauses) {
    CHECK(pause > absl::Milliseconds(40));
    CHECK(pause <= absl::Milliseconds(150));
  }
  REQUIRE(scene.pauses.size() == 9);
  CHECK(scene.pauses[0] != scene.pauses[1]);
  // Nothing that could only end as a timeout.
  Scene hurry;
  hurry.AskOften(1, lost, absl::Milliseconds(330));
  CHECK(hurry.mpi.finds == 1);
  // Time is what is left when the first answer came, not when it was asked for.
  Scene slow;
  slow.mpi.find = [&]() -> absl::StatusOr<Answer> {
    slow.clock.Advance(absl::Milliseconds(4800));
    return lost;
  };
  CHECK(slow.Ask()->outcome == Outcome::kTransport);
  CHECK(slow.mpi.finds == 1);
}

TEST_CASE("GuardedMpi: no second try once the breaker is open", "[mpi][adapter][rule]") {
  Scene scene;
  const Answer lost = With(Outcome::kTransport, "CONNECTION_LOST");
  scene.AskOften(10, lost);
  CHECK(scene.mpi.finds == 20);
  CHECK(scene.guarded.state() == BreakerState::kOpen);
  // It opened by the last second try; every question before had its own.
  CHECK(scene.pauses.size() == 10);

  // Opened by others while this one was asked: the first answer stands.
  Scene late;
  late.AskOften(19, kRejected);
  late.mpi.find = [&]() -> absl::StatusOr<Answer> {
    if (late.mpi.finds == 20) {
      // Somebody else's question fails first and opens it.
      CHECK(late.Ask()->outcome == Outcome::kMpiFailed);
      return lost;
    }
    return kRejected;
  };
  CHECK(late.Ask()->outcome == Outcome::kTransport);
  CHECK(late.guarded.state() == BreakerState::kOpen);
  CHECK(late.mpi.finds == 21);
}

TEST_CASE("GuardedMpi: H11 a change is sent once, whatever comes of it", "[mpi][adapter][attack]") {
  const ChangeAnswer answer =
      GENERATE(values<ChangeAnswer>({With<ChangeAnswer>(Outcome::kTransport, "CONNECT"),
                                     With<ChangeAnswer>(Outcome::kTransport, "CONNECTION_LOST"),
                                     With<ChangeAnswer>(Outcome::kMpiFailed, "HTTP_503"),
                                     With<ChangeAnswer>(Outcome::kTimeout, "TIMEOUT")}));
  Scene scene;
  scene.mpi.change = answer;
  const auto sent = scene.guarded.Send(AddPerson{}, scene.clock.Now() + absl::Seconds(5));
  CHECK(sent->outcome == answer.outcome);
  CHECK(scene.mpi.sends == 1);
  CHECK(scene.pauses.empty());
}

TEST_CASE("GuardedMpi: changes and questions share the breaker", "[mpi][adapter]") {
  Scene scene;
  scene.mpi.change = With<ChangeAnswer>(Outcome::kMpiFailed, "REJECTED", "AR");
  const auto send = [&] {
    return scene.guarded.Send(AddPerson{}, scene.clock.Now() + absl::Seconds(5));
  };
  for (int i = 0; i < 20; ++i) CHECK(send()->outcome == Outcome::kMpiFailed);
  CHECK(send()->outcome == Outcome::kBreakerOpen);
  CHECK(scene.Ask()->outcome == Outcome::kBreakerOpen);
  CHECK(scene.mpi.sends == 20);
  CHECK(scene.mpi.finds == 0);
}

TEST_CASE("GuardedMpi: what could not be asked is no failure of MPI", "[mpi][adapter]") {
  Scene scene;
  scene.mpi.find = [] { return absl::InvalidArgumentError("field"); };
  for (int i = 0; i < 100; ++i) CHECK(absl::IsInvalidArgument(scene.Ask().status()));
  CHECK(scene.guarded.state() == BreakerState::kClosed);
}

namespace {

// MPI that answers nobody until told to.
class HangingMpi {
 public:
  absl::StatusOr<Answer> Find() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return released_; });
    return kMatch;
  }
  void WaitForInside(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }
  void Release() {
    const std::lock_guard<std::mutex> lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool released_ = false;
};

}  // namespace

TEST_CASE("GuardedMpi: H10 no more calls than allowed are under way; who is too many is told so",
          "[mpi][adapter][attack]") {
  GuardSettings settings;
  settings.max_in_flight = 2;
  settings.longest_wait = absl::Milliseconds(10);
  HangingMpi hanging;
  Scene scene(settings);
  scene.mpi.find = [&hanging] { return hanging.Find(); };
  std::vector<std::thread> two;
  two.reserve(2);
  for (int i = 0; i < 2; ++i) {
    two.emplace_back([&scene] { CHECK(scene.Ask()->outcome == Outcome::kOk); });
  }
  hanging.WaitForInside(2);
  CHECK(scene.Shows("va_mpi_in_flight 2"));

  const absl::Status refused = scene.Ask().status();
  CHECK(refused.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(refused) == "OVERLOADED");
  CHECK(base::IsRetryable(refused));
  const auto change = scene.guarded.Send(AddPerson{}, scene.clock.Now() + absl::Seconds(5));
  CHECK(base::ReasonOf(change.status()) == "OVERLOADED");
  CHECK(scene.mpi.finds == 2);
  CHECK(scene.mpi.sends == 0);
  CHECK(scene.Shows("va_mpi_overloaded_total 2"));
  hanging.Release();
  for (std::thread& thread : two) thread.join();
  // Nothing is lost by it, and it says nothing about MPI.
  CHECK(scene.Ask()->outcome == Outcome::kOk);
  CHECK(scene.guarded.state() == BreakerState::kClosed);
  CHECK(scene.Shows("va_mpi_in_flight 0"));
}

TEST_CASE(
    "GuardedMpi: H10 few wait for a place: a slow MPI leaves threads to those who need none of it",
    "[mpi][adapter][attack]") {
  GuardSettings settings;
  settings.max_in_flight = 1;
  settings.longest_wait = absl::Minutes(1);
  HangingMpi hanging;
  Scene scene(settings);
  scene.mpi.find = [&hanging] { return hanging.Find(); };
  std::vector<std::thread> crowd;
  crowd.reserve(17);
  const auto ask = [&scene] { CHECK(scene.Ask(absl::Minutes(1)).ok()); };
  crowd.emplace_back(ask);
  hanging.WaitForInside(1);
  for (int i = 0; i < 16; ++i) crowd.emplace_back(ask);
  while (scene.guarded.waiting() < 16) std::this_thread::yield();
  CHECK(base::ReasonOf(scene.Ask(absl::Minutes(1)).status()) == "OVERLOADED");
  CHECK(scene.guarded.waiting() == 16);
  hanging.Release();
  for (std::thread& thread : crowd) thread.join();
}

TEST_CASE("GuardedMpi: who waits for a place gets one as soon as a call ends", "[mpi][adapter]") {
  GuardSettings settings;
  settings.max_in_flight = 1;
  settings.longest_wait = absl::Minutes(1);
  HangingMpi hanging;
  Scene scene(settings);
  scene.mpi.find = [&hanging] { return hanging.Find(); };
  const auto ask = [&scene] { CHECK(scene.Ask(absl::Minutes(1))->outcome == Outcome::kOk); };
  std::thread first(ask);
  hanging.WaitForInside(1);
  std::thread second(ask);
  hanging.Release();
  first.join();
  second.join();
  CHECK(scene.mpi.finds == 2);
}

TEST_CASE("GuardedMpi: H10 who waits for a place while the breaker opens is not sent to a dead MPI",
          "[mpi][adapter][attack]") {
  GuardSettings settings;
  settings.max_in_flight = 1;
  settings.longest_wait = absl::Minutes(1);
  settings.breaker.min_calls = 1;
  Scene scene(settings);
  std::atomic<bool> waits = false;
  scene.mpi.find = [&]() -> absl::StatusOr<Answer> {
    while (!waits) std::this_thread::yield();
    return kRejected;
  };
  std::thread first([&scene] { CHECK(scene.Ask()->outcome == Outcome::kMpiFailed); });
  while (scene.mpi.finds == 0) std::this_thread::yield();
  std::thread second(
      [&scene] { CHECK(scene.Ask(absl::Minutes(1))->outcome == Outcome::kBreakerOpen); });
  while (scene.guarded.waiting() == 0) std::this_thread::yield();
  waits = true;
  first.join();
  second.join();
  CHECK(scene.mpi.finds == 1);
}

}  // namespace va::mpi
