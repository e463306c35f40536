// LockWatcher: what is locked over there ends here, once, in order, and whatever breaks in between.
#include "services/auth-gateway/lock_watcher.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "lib/testing/fixed_ids.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway {
namespace {

using Kind = LockEventKind;

// Streams as the test wrote them: events, and how each ends.
class ScriptedFeed final : public LockFeed {
 public:
  struct Script {
    std::vector<LockEvent> events;
    absl::Status end;
  };

  absl::Status Watch(std::int64_t after, absl::Time /*deadline*/,
                     const std::function<bool(const LockEvent&)>& tell) override {
    asked.push_back(after);
    if (scripts.empty()) return absl::OkStatus();
    const Script script = scripts.front();
    scripts.erase(scripts.begin());
    for (const LockEvent& event : script.events) {
      if (!tell(event)) return absl::CancelledError();
    }
    return script.end;
  }
  absl::StatusOr<LockedPage> ListLocked(const std::string& token,
                                        absl::Time /*deadline*/) override {
    if (!list_failure.ok()) return list_failure;
    return pages[token];
  }
  void Stop() override {}

  std::vector<Script> scripts;
  std::vector<std::int64_t> asked;
  std::map<std::string, LockedPage> pages;  // by token
  absl::Status list_failure;
};

class MemoryCursor final : public LockCursor {
 public:
  absl::StatusOr<std::optional<std::int64_t>> Load(absl::Time /*deadline*/) override {
    if (!failure.ok()) return failure;
    return kept;
  }
  absl::Status Advance(std::int64_t sequence, absl::Time /*deadline*/) override {
    if (failure.ok()) kept = std::max(kept.value_or(0), sequence);
    return failure;
  }
  absl::Status Reset(absl::Time /*deadline*/) override {
    if (failure.ok()) kept = 0;
    return failure;
  }

  std::optional<std::int64_t> kept;
  absl::Status failure;
};

class TagAudit final : public telemetry::Audit {
 public:
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override {
    lines.push_back(std::string(telemetry::ToString(event)) + " " + std::string(facts.tag) + " " +
                    std::string(facts.account_id));
    return failure;
  }
  std::vector<std::string> lines;
  absl::Status failure;
};

class Lines final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    text += std::string(line);
    return true;
  }
  std::string text;
};

struct Scene {
  Scene() { NewWatcher(); }

  // As after a restart.
  void NewWatcher() {
    watcher = std::make_unique<LockWatcher>(
        LockWatcher::Deps{clock, ids, log, audit, LockMetrics(metrics), feed, cursor, sessions});
  }

  void SignIn(const std::string& name, const std::string& account,
              const std::string& verification) {
    SessionRecord session;
    session.token_hash = name;
    session.account_id = account;
    session.verification_id = verification;
    session.created_at = clock.Now();
    session.expires_at = clock.Now() + absl::Hours(12);
    flows.sessions.push_back(session);
  }
  std::set<std::string> Live() const {
    std::set<std::string> names;
    for (const SessionRecord& session : flows.sessions) names.insert(session.token_hash);
    return names;
  }

  LockEvent Event(Kind kind, const std::string& account, const std::string& verification = "") {
    return {++sequence, kind, account, verification, clock.Now()};
  }
  LockEvent Sign() const { return {sequence, Kind::kSignOfLife, "", "", absl::InfinitePast()}; }

  absl::Status Tell(std::vector<LockEvent> events, absl::Status end = absl::OkStatus()) {
    feed.scripts.push_back({std::move(events), std::move(end)});
    return watcher->Watch();
  }

  va::testing::FakeClock clock;
  va::testing::FixedIds ids;
  Lines sink;
  telemetry::Log log{"auth-gateway", telemetry::Severity::kInfo, clock, sink};
  telemetry::Metrics metrics;
  TagAudit audit;
  ScriptedFeed feed;
  MemoryCursor cursor;
  testing::MemoryFlows flows;
  testing::MemorySessions sessions{flows};
  std::int64_t sequence = 0;
  std::unique_ptr<LockWatcher> watcher;
};

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("LockWatcher: a locked account loses all its sessions, and nobody else one") {
  Scene scene;
  scene.SignIn("a1", "a", "v1");
  scene.SignIn("a2", "a", "v2");
  scene.SignIn("b", "b", "v3");
  REQUIRE(scene.Tell({scene.Event(Kind::kLocked, "a")}).ok());
  CHECK(scene.Live() == Names{"b"});
  CHECK(scene.audit.lines == std::vector<std::string>{"session.ended account_locked a",
                                                      "session.ended account_locked a"});
}

TEST_CASE("LockWatcher: a locked, moved or forgotten one ends what it names alone") {
  struct Row {
    Kind kind;
    std::string verification;
    Names left;
    std::string tag;
  };
  const std::vector<Row> rows = {{Kind::kLocked, "v1", {"a2"}, "credential_locked"},
                                 {Kind::kMoved, "v1", {"a2"}, "credential_moved"},
                                 {Kind::kMoved, "", {}, "credential_moved"},
                                 {Kind::kForgotten, "", {}, "account_forgotten"},
                                 {Kind::kUnlocked, "", {"a1", "a2"}, ""},
                                 {Kind::kUnknown, "", {"a1", "a2"}, ""}};
  for (const Row& row : rows) {
    Scene scene;
    scene.SignIn("a1", "a", "v1");
    scene.SignIn("a2", "a", "v2");
    REQUIRE(scene.Tell({scene.Event(row.kind, "a", row.verification)}).ok());
    INFO(row.tag);
    CHECK(scene.Live() == row.left);
    for (const std::string& line : scene.audit.lines) CHECK(absl::StrContains(line, row.tag));
    CHECK(scene.audit.lines.size() == 2 - row.left.size());
  }
}

TEST_CASE("LockWatcher: an event that comes twice changes nothing") {
  Scene scene;
  const LockEvent lock = scene.Event(Kind::kLocked, "a");
  const LockEvent unlock = scene.Event(Kind::kUnlocked, "a");
  REQUIRE(scene.Tell({lock, unlock}).ok());
  scene.SignIn("again", "a", "v1");
  REQUIRE(scene.Tell({lock, unlock}).ok());
  CHECK(scene.Live() == Names{"again"});
  CHECK(scene.feed.asked == std::vector<std::int64_t>{0, 2});
}

TEST_CASE("LockWatcher: a session that begins just after its lock ends when that has settled") {
  Scene scene;
  REQUIRE(scene.Tell({scene.Event(Kind::kLocked, "a")}).ok());
  scene.SignIn("late", "a", "v1");  // admitted before the lock
  scene.clock.Advance(kLockSettles - absl::Seconds(1));
  REQUIRE(scene.Tell({scene.Sign()}).ok());
  CHECK(scene.Live() == Names{"late"});
  scene.clock.Advance(absl::Seconds(1));
  REQUIRE(scene.Tell({scene.Sign()}).ok());
  CHECK(scene.Live().empty());
}

TEST_CASE("LockWatcher: a lock that is gone, or a move that went back, is not applied again") {
  Scene scene;
  REQUIRE(scene
              .Tell({scene.Event(Kind::kLocked, "a"), scene.Event(Kind::kUnlocked, "a"),
                     scene.Event(Kind::kMoved, "a", "v1"), scene.Event(Kind::kMoved, "b", "v1"),
                     scene.Event(Kind::kLocked, "c", "v9"), scene.Event(Kind::kUnlocked, "c")})
              .ok());
  scene.SignIn("a", "a", "v1");
  scene.SignIn("c", "c", "v9");  // another lock than the one that is gone
  scene.clock.Advance(kLockSettles);
  REQUIRE(scene.Tell({scene.Sign()}).ok());
  CHECK(scene.Live() == Names{"a"});
}

TEST_CASE("LockWatcher: what happened long ago ends no session that began long after") {
  Scene scene;
  REQUIRE(scene.Tell({scene.Sign()}).ok());  // says nothing of what a later stream begins with
  scene.SignIn("before", "a", "v1");
  const LockEvent lock = scene.Event(Kind::kLocked, "a");
  const LockEvent unlock = scene.Event(Kind::kUnlocked, "a");
  scene.clock.Advance(absl::Minutes(5));
  scene.SignIn("after", "a", "v1");
  REQUIRE(scene.Tell({lock, unlock}).ok());
  CHECK(scene.Live() == Names{"after"});
}

TEST_CASE("LockWatcher C1: what has just happened ends every session, whatever the clocks say") {
  Scene scene;
  REQUIRE(scene.Tell({scene.Sign()}).ok());
  scene.SignIn("now", "a", "v1");
  const LockEvent sign = scene.Sign();
  LockEvent lock = scene.Event(Kind::kLocked, "a");
  lock.happened_at -= absl::Hours(1);  // their clock is behind, or ours was set forward
  REQUIRE(scene.Tell({sign, lock}).ok());
  CHECK(scene.Live().empty());
  scene.SignIn("late", "a", "v1");  // admitted before the lock
  scene.clock.Advance(kLockSettles);
  REQUIRE(scene.Tell({scene.Sign()}).ok());
  CHECK(scene.Live().empty());
}

TEST_CASE("LockWatcher P3: a missed lock ends what began before it by a clock a minute ahead") {
  Scene scene;
  const LockEvent lock = scene.Event(Kind::kLocked, "a");
  scene.clock.Advance(kLockSettles + absl::Seconds(60));
  scene.SignIn("before", "a", "v1");
  scene.clock.Advance(absl::Seconds(1));
  scene.SignIn("after", "a", "v1");
  REQUIRE(scene.Tell({lock}).ok());
  CHECK(scene.Live() == Names{"after"});
}

TEST_CASE("LockWatcher: one that restarts goes on where the last one was done") {
  Scene scene;
  REQUIRE(scene.Tell({scene.Event(Kind::kLocked, "x"), scene.Sign()}).ok());
  CHECK(scene.cursor.kept.value_or(0) == 0);  // not settled yet: applied again after a restart
  scene.clock.Advance(kLockSettles);
  REQUIRE(scene.Tell({scene.Sign()}).ok());
  CHECK(scene.cursor.kept == 1);

  scene.SignIn("a", "a", "v1");
  const LockEvent missed = scene.Event(Kind::kLocked, "a");
  scene.clock.Advance(absl::Minutes(1));
  scene.NewWatcher();
  REQUIRE(scene.Tell({missed}).ok());
  CHECK(scene.feed.asked.back() == 1);
  CHECK(scene.Live().empty());
  CHECK(scene.cursor.kept == 2);
}

TEST_CASE("LockWatcher: a lock that cannot be applied is not passed over") {
  Scene scene;
  scene.SignIn("a", "a", "v1");
  const LockEvent lock = scene.Event(Kind::kLocked, "a");
  const LockEvent other = scene.Event(Kind::kLocked, "b");
  scene.flows.down = true;
  CHECK_FALSE(scene.Tell({lock, other}).ok());
  scene.flows.down = false;
  CHECK(scene.Live() == Names{"a"});
  REQUIRE(scene.Tell({lock, other}).ok());
  CHECK(scene.feed.asked == std::vector<std::int64_t>{0, 0});
  CHECK(scene.Live().empty());
}

TEST_CASE(
    "LockWatcher: without its cursor it does not watch, because it would not know from where") {
  Scene scene;
  scene.cursor.failure = absl::UnavailableError("down");
  CHECK_FALSE(scene.Tell({}).ok());
  CHECK(scene.feed.asked.empty());
}

TEST_CASE("LockWatcher: a trail that fails keeps no session alive") {
  Scene scene;
  scene.SignIn("a", "a", "v1");
  scene.audit.failure = absl::UnavailableError("AUDIT_WRITE");
  REQUIRE(scene.Tell({scene.Event(Kind::kLocked, "a")}).ok());
  CHECK(scene.Live().empty());
  CHECK(absl::StrContains(scene.sink.text, "audit.lost"));
}

TEST_CASE(
    "LockWatcher: when events were forgotten what is locked ends, and all that is kept counts") {
  Scene scene;
  scene.cursor.kept = 40;
  scene.SignIn("whole", "a", "v1");
  scene.SignIn("credential", "b", "v2");
  scene.SignIn("other credential", "b", "v3");
  scene.SignIn("moved", "m", "v4");
  scene.SignIn("free", "c", "v5");
  scene.feed.pages[""] = {{{"a", true, {"v1"}}}, "2"};
  scene.feed.pages["2"] = {{{"b", false, {"v2"}}}, ""};
  const absl::Status forgotten =
      base::MakeError(absl::StatusCode::kOutOfRange, "EVENTS_FORGOTTEN", "gone");
  REQUIRE(scene.Tell({}, forgotten).ok());
  CHECK(scene.Live() == Names{"other credential", "moved", "free"});
  CHECK(scene.cursor.kept == 0);
  REQUIRE(scene.Tell({scene.Event(Kind::kMoved, "m", "v4")}).ok());
  CHECK(scene.feed.asked == std::vector<std::int64_t>{40, 0});
  CHECK(scene.Live() == Names{"other credential", "free"});
}

TEST_CASE("LockWatcher: when locked accounts cannot be listed it asks again, from where it was") {
  Scene scene;
  scene.cursor.kept = 40;
  scene.feed.list_failure = absl::UnavailableError("down");
  const absl::Status forgotten =
      base::MakeError(absl::StatusCode::kOutOfRange, "EVENTS_FORGOTTEN", "gone");
  CHECK_FALSE(scene.Tell({}, forgotten).ok());
  CHECK_FALSE(scene.Tell({}, forgotten).ok());
  CHECK(scene.cursor.kept == 40);
  const std::string& log = scene.sink.text;  // one line, not one for each try
  CHECK(log.find("locks.judging_anew") == log.rfind("locks.judging_anew"));
  CHECK(absl::StrContains(log, "locks.judging_anew"));
  scene.feed.list_failure = absl::OkStatus();
  CHECK(scene.Tell({}, forgotten).ok());
  CHECK(scene.feed.asked == std::vector<std::int64_t>{40, 40, 40});
}

TEST_CASE("LockWatcher: a minute of silence is shown, and a sign of life ends it") {
  Scene scene;
  scene.clock.Advance(absl::Seconds(60));
  CHECK(scene.watcher->Check().ok());
  scene.clock.Advance(absl::Seconds(1));
  CHECK(base::ReasonOf(scene.watcher->Check()) == "LOCKS_SILENT");
  CHECK(scene.watcher->Silence() == absl::Seconds(61));
  REQUIRE(scene.Tell({scene.Sign()}).ok());
  CHECK(scene.watcher->Check().ok());
}

TEST_CASE("LockWatcher: locks that are told and cannot be applied are silence") {
  Scene scene;
  const LockEvent lock = scene.Event(Kind::kLocked, "a");
  scene.flows.down = true;
  scene.clock.Advance(absl::Seconds(61));
  CHECK_FALSE(scene.Tell({lock}).ok());
  CHECK(base::ReasonOf(scene.watcher->Check()) == "LOCKS_SILENT");
}

TEST_CASE("LockWatcher: events and what they ended are counted") {
  Scene scene;
  scene.SignIn("a", "a", "v1");
  const LockEvent lock = scene.Event(Kind::kLocked, "a");
  scene.clock.Advance(absl::Seconds(2));
  REQUIRE(scene.Tell({lock, scene.Event(Kind::kUnlocked, "a")}).ok());
  const std::string text = scene.metrics.Text();
  CHECK(absl::StrContains(text, "va_gateway_lock_events_total{kind=\"locked\"} 1"));
  CHECK(absl::StrContains(text, "va_gateway_lock_events_total{kind=\"unlocked\"} 1"));
  CHECK(absl::StrContains(text, "va_gateway_lock_sessions_ended_total{kind=\"locked\"} 1"));
  CHECK(absl::StrContains(text, "va_gateway_lock_event_lag_seconds_sum 2"));
}

TEST_CASE("LockWatcher: in the background it asks again after a failure, and stops at once") {
  Scene scene;
  scene.SignIn("a", "a", "v1");
  scene.feed.scripts = {{{}, absl::UnavailableError("away")},
                        {{scene.Event(Kind::kLocked, "a")}, absl::OkStatus()}};
  scene.watcher->Start();
  const absl::Time patience = base::SystemClock().Now() + absl::Seconds(10);
  while (!absl::StrContains(scene.metrics.Text(), "lock_events_total{kind=\"locked\"} 1") &&
         base::SystemClock().Now() < patience) {
    std::this_thread::yield();
  }
  scene.watcher->Stop();
  CHECK(scene.Live().empty());
  CHECK(scene.feed.asked.size() >= 2);
}

}  // namespace va::gateway
