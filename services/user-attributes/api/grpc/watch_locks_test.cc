// WatchLocks: every event once and in order, a sign of life in time, and an honest end.
#include "services/user-attributes/api/grpc/watch_locks.h"

#include <algorithm>
#include <condition_variable>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/synchronization/notification.h"
#include "lib/base/status.h"

namespace va::attributes {
namespace {

// Events in memory, with whatever may be wrong with the database.
class FakeEvents final : public AccountEvents {
 public:
  absl::StatusOr<std::vector<AccountEvent>> ReadEvents(std::int64_t after, int size,
                                                       absl::Time /*deadline*/) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_.ok()) return failure_;
    if (after > 0 && after < pruned_) {
      return base::MakeError(absl::StatusCode::kOutOfRange, "EVENTS_FORGOTTEN", "gone");
    }
    std::vector<AccountEvent> page;
    for (const AccountEvent& event : events_) {
      if (event.sequence <= std::max(after, pruned_)) continue;
      if (page.size() < static_cast<size_t>(size)) page.push_back(event);
    }
    return page;
  }
  absl::StatusOr<std::int64_t> LastEvent(absl::Time /*deadline*/) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++looks_;
    if (!failure_.ok()) return failure_;
    return last_;
  }

  std::int64_t Add(AccountEventKind kind, std::string account, std::string verification = "") {
    const std::lock_guard<std::mutex> lock(mutex_);
    events_.push_back({++last_, kind, std::move(account), std::move(verification),
                       absl::FromUnixSeconds(1'700'000'000 + last_)});
    return last_;
  }
  void Prune(std::int64_t upto) {
    const std::lock_guard<std::mutex> lock(mutex_);
    pruned_ = upto;
  }
  void Restore(std::int64_t last) {
    const std::lock_guard<std::mutex> lock(mutex_);
    last_ = last;
    std::erase_if(events_, [last](const AccountEvent& event) { return event.sequence > last; });
  }
  void Fail(absl::Status failure) {
    const std::lock_guard<std::mutex> lock(mutex_);
    failure_ = std::move(failure);
  }
  int looks() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return looks_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<AccountEvent> events_;
  std::int64_t last_ = 0;
  std::int64_t pruned_ = 0;
  int looks_ = 0;
  absl::Status failure_;
};

// Whoever reads the stream.
class Reader final : public rpc::internal::StreamSink {
 public:
  bool Write(const google::protobuf::MessageLite& message) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (gone_) return false;
    const auto& told = static_cast<const v1::WatchLocksResponse&>(message);
    (told.heartbeat() ? signs_ : events_).push_back(told);
    changed_.notify_all();
    return true;
  }
  bool WaitUntil(absl::Time until) override {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_until(lock, absl::ToChronoTime(until), [this] { return woken_ || gone_; });
    woken_ = false;
    return !gone_;
  }
  void Wake() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  void Leave() {
    const std::lock_guard<std::mutex> lock(mutex_);
    gone_ = true;
    changed_.notify_all();
  }

  // Waits for as many, and takes what is there.
  std::vector<v1::WatchLocksResponse> Events(size_t count) { return Await(events_, count); }
  std::vector<v1::WatchLocksResponse> Signs(size_t count) { return Await(signs_, count); }

 private:
  std::vector<v1::WatchLocksResponse> Await(const std::vector<v1::WatchLocksResponse>& from,
                                            size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return from.size() >= count; });
    return from;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool gone_ = false;
  bool woken_ = false;
  std::vector<v1::WatchLocksResponse> events_;
  std::vector<v1::WatchLocksResponse> signs_;
};

struct Scene {
  explicit Scene(absl::Duration heartbeat = absl::Minutes(1))
      : watches(events, clock, {absl::Milliseconds(2), heartbeat, 3}) {}

  FakeEvents events;
  base::SystemClock clock;
  LockWatches watches;
};

// One stream that is being told.
class Stream {
 public:
  Stream(Scene& scene, std::int64_t after, absl::Duration time = absl::Seconds(30))
      : thread_([this, &scene, after, time] {
          rpc::CallContext context;
          context.deadline = scene.clock.Now() + time;
          v1::WatchLocksRequest request;
          request.set_after_sequence(after);
          LockWatches::Writer writer(reader);
          status_ = scene.watches.Watch(context, request, writer);
        }) {}
  ~Stream() {
    reader.Leave();
    if (thread_.joinable()) thread_.join();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // How it ends by itself.
  absl::Status End() {
    thread_.join();
    return status_;
  }

  Reader reader;

 private:
  absl::Status status_;
  std::thread thread_;
};

std::vector<std::int64_t> Numbers(const std::vector<v1::WatchLocksResponse>& told) {
  std::vector<std::int64_t> numbers;
  numbers.reserve(told.size());
  for (const auto& one : told) numbers.push_back(one.sequence());
  return numbers;
}

using Expected = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("WatchLocks: what happened before is told first, then what happens, in order", "[rpc]") {
  Scene scene;
  for (int i = 0; i < 7; ++i) scene.events.Add(AccountEventKind::kLocked, "a", "v");
  Stream stream(scene, 2);
  CHECK(Numbers(stream.reader.Events(5)) == Expected{3, 4, 5, 6, 7});
  CHECK(Numbers(stream.reader.Signs(1)) == Expected{7});  // up to date from here on
  scene.events.Add(AccountEventKind::kUnlocked, "a", "v");
  scene.events.Add(AccountEventKind::kMoved, "b");
  CHECK(Numbers(stream.reader.Events(7)) == Expected{3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("WatchLocks: an event says what happened to whom, and when", "[rpc]") {
  Scene scene;
  scene.events.Add(AccountEventKind::kLocked, "a", "v");
  scene.events.Add(AccountEventKind::kUnlocked, "a", "v");
  scene.events.Add(AccountEventKind::kMoved, "b", "w");
  scene.events.Add(AccountEventKind::kForgotten, "c");
  Stream stream(scene, 0);
  const auto told = stream.reader.Events(4);
  REQUIRE(told.size() == 4);
  CHECK(told[0].kind() == v1::ACCOUNT_EVENT_KIND_LOCKED);
  CHECK(told[1].kind() == v1::ACCOUNT_EVENT_KIND_UNLOCKED);
  CHECK(told[2].kind() == v1::ACCOUNT_EVENT_KIND_MOVED);
  CHECK(told[3].kind() == v1::ACCOUNT_EVENT_KIND_FORGOTTEN);
  CHECK(told[2].account_id() == "b");
  CHECK(told[2].verification_id() == "w");
  CHECK(told[3].verification_id().empty());
  CHECK(told[3].happened_at().seconds() == 1'700'000'004);
}

TEST_CASE("WatchLocks: 0 begins with the oldest that is kept, -1 with what happens from now on",
          "[rpc]") {
  Scene scene;
  for (int i = 0; i < 4; ++i) scene.events.Add(AccountEventKind::kLocked, "a");
  scene.events.Prune(2);
  Stream all(scene, 0);
  Stream now(scene, -1);
  CHECK(Numbers(all.reader.Events(2)) == Expected{3, 4});
  CHECK(Numbers(now.reader.Signs(1)) == Expected{4});
  scene.events.Add(AccountEventKind::kLocked, "b");
  CHECK(Numbers(now.reader.Events(1)) == Expected{5});
  // Nothing is left but the last number.
  scene.events.Prune(5);
  Stream emptied(scene, 0);
  CHECK(Numbers(emptied.reader.Signs(1)) == Expected{5});
}

TEST_CASE("WatchLocks: numbers that are no longer kept, or never were, are EVENTS_FORGOTTEN",
          "[rpc]") {
  Scene scene;
  for (int i = 0; i < 5; ++i) scene.events.Add(AccountEventKind::kLocked, "a");
  scene.events.Prune(3);
  for (const std::int64_t after : {std::int64_t{1}, std::int64_t{6}}) {
    const absl::Status end = Stream(scene, after).End();
    INFO(after);
    CHECK(end.code() == absl::StatusCode::kOutOfRange);
    CHECK(base::ReasonOf(end) == "EVENTS_FORGOTTEN");
  }
  const absl::Status wrong = Stream(scene, -2).End();
  CHECK(wrong.code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("WatchLocks: a database that came back from a backup ends those who know later numbers",
          "[rpc]") {
  Scene scene;
  for (int i = 0; i < 5; ++i) scene.events.Add(AccountEventKind::kLocked, "a");
  Stream stream(scene, 0);
  REQUIRE(stream.reader.Events(5).size() == 5);
  const int looks = scene.events.looks();
  while (scene.events.looks() < looks + 2) std::this_thread::yield();
  scene.events.Restore(2);
  CHECK(base::ReasonOf(stream.End()) == "EVENTS_FORGOTTEN");
}

TEST_CASE("WatchLocks: signs of life come while nothing happens", "[rpc]") {
  Scene scene(absl::Milliseconds(5));
  scene.events.Add(AccountEventKind::kLocked, "a");
  Stream stream(scene, -1);
  CHECK(stream.reader.Signs(4).size() >= 4);
  CHECK(Numbers(stream.reader.Signs(1)).front() == 1);
  CHECK(stream.reader.Events(0).empty());
  // As the contract has it.
  CHECK(LockWatches::Options().heartbeat < absl::Seconds(15));
}

TEST_CASE("WatchLocks: a database that is down ends the streams instead of signs of life",
          "[rpc]") {
  Scene scene;
  Stream one(scene, 0);
  Stream other(scene, 0);
  REQUIRE_FALSE(one.reader.Signs(1).empty());
  REQUIRE_FALSE(other.reader.Signs(1).empty());
  scene.events.Fail(
      base::MakeError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE", "away", true));
  CHECK(one.End().code() == absl::StatusCode::kUnavailable);
  CHECK(other.End().code() == absl::StatusCode::kUnavailable);
  CHECK(Stream(scene, 0).End().code() == absl::StatusCode::kUnavailable);
  scene.events.Fail(absl::OkStatus());
  Stream again(scene, 0);
  CHECK_FALSE(again.reader.Signs(1).empty());
}

TEST_CASE("WatchLocks: the deadline ends a stream as a good end, with time to spare", "[rpc]") {
  Scene scene;
  CHECK(Stream(scene, 0, absl::Milliseconds(150)).End().ok());
}

TEST_CASE("WatchLocks: nobody looks at the database when nobody watches", "[rpc]") {
  Scene scene;
  {
    Stream stream(scene, 0);
    REQUIRE_FALSE(stream.reader.Signs(1).empty());
    CHECK(scene.watches.watchers() == 1);
    const int looks = scene.events.looks();
    while (scene.events.looks() < looks + 3) std::this_thread::yield();
  }
  CHECK(scene.watches.watchers() == 0);
  const int looks = scene.events.looks();
  // Fifteen looks' worth of time.
  absl::Notification never;
  never.WaitForNotificationWithTimeout(absl::Milliseconds(30));
  CHECK(scene.events.looks() == looks);
}

TEST_CASE("WatchLocks: readers that come and go leave nothing behind", "[rpc]") {
  Scene scene(absl::Milliseconds(1));
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&scene] {
      for (int n = 0; n < 20; ++n) {
        Stream stream(scene, 0);
        stream.reader.Signs(2);
      }
    });
  }
  for (int i = 0; i < 50; ++i) scene.events.Add(AccountEventKind::kLocked, "a");
  for (std::thread& reader : readers) reader.join();
  CHECK(scene.watches.watchers() == 0);
}

}  // namespace va::attributes
