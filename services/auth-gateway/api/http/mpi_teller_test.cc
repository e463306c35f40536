#include "services/auth-gateway/api/http/mpi_teller.h"

#include <catch2/catch.hpp>
#include <future>

#include "absl/strings/match.h"
#include "lib/base/worker_pool.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway::testing {
namespace {

MpiNews News(MpiUpdate::Reason reason = MpiUpdate::Reason::kCredentialChanged) {
  return {
      "flow-1", 3, identity::Icn::FromWire("1000000001V000001"), {reason, true, "whom to tell"}};
}

// A teller whose tasks wait until the test runs them.
struct Bench {
  va::testing::FakeClock clock;
  MemorySink sink;
  telemetry::Log log{"auth-gateway", telemetry::Severity::kDebug, clock, sink};
  telemetry::Metrics metrics;
  telemetry::Counter outcomes = metrics.AddCounter(
      "va_told_total", "Test.",
      {{"update", {"credential_unknown", "credential_changed"}},
       {"outcome",
        {"done", "known", "other_person", "refused", "unavailable", "skipped", "dropped"}}});
  ScriptedIndex index;
  std::vector<std::function<void()>> tasks;
  bool room = true;
  MpiTeller teller{[this](std::function<void()> task) {
                     if (room) tasks.push_back(std::move(task));
                     return room;
                   },
                   {},
                   index,
                   clock,
                   log,
                   {outcomes}};

  void Run() {
    for (const auto& task : tasks) task();
    tasks.clear();
  }
  bool Counted(const std::string& update, const std::string& outcome) const {
    return absl::StrContains(metrics.Text(), absl::StrCat("va_told_total{update=\"", update,
                                                          "\",outcome=\"", outcome, "\"} 1"));
  }
};

TEST_CASE("MpiTeller: tells later, within a deadline, and counts what came of it", "[mpi_teller]") {
  Bench bench;
  bench.teller.Enqueue(News());
  CHECK(bench.index.news.empty());
  bench.Run();
  REQUIRE(bench.index.news.size() == 1);
  CHECK(bench.index.news[0].update.person == "whom to tell");
  CHECK(bench.index.tellings[0].deadline == bench.clock.Now() + absl::Seconds(10));
  CHECK(bench.index.tellings[0].request_id == "flow-1");
  CHECK(bench.Counted("credential_changed", "done"));
  CHECK(absl::StrContains(bench.sink.text, "mpi.told"));
}

TEST_CASE("MpiTeller: every end has its figure and one line, and is the last word",
          "[mpi_teller]") {
  using Row = std::pair<absl::StatusOr<MpiTold>, const char*>;
  const Row rows[] = {
      {MpiTold::kKnown, "known"},
      {MpiTold::kRefused, "refused"},
      {MpiTold::kOtherPerson, "other_person"},
      {MpiTold::kUnavailable, "unavailable"},
      {Down(), "unavailable"},
      {base::MakeError(absl::StatusCode::kInvalidArgument, "FIELD_MISSING", "x"), "refused"}};
  for (const auto& [answer, outcome] : rows) {
    Bench bench;
    bench.index.telling = answer;
    bench.teller.Enqueue(News(MpiUpdate::Reason::kCredentialUnknown));
    bench.Run();
    CHECK(bench.Counted("credential_unknown", outcome));
    CHECK(bench.index.news.size() == 1);
    CHECK(std::count(bench.sink.text.begin(), bench.sink.text.end(), '\n') == 1);
    for (const char* personal : {"whom to tell", "1000000001V000001"}) {
      CHECK_FALSE(absl::StrContains(bench.sink.text, personal));
    }
  }
}

TEST_CASE("MpiTeller: an update without ICN or e-mail is skipped and counted", "[mpi_teller]") {
  Bench bench;
  MpiNews news = News();
  news.update.has_email = false;
  bench.teller.Enqueue(std::move(news));
  CHECK(bench.tasks.empty());
  CHECK(bench.Counted("credential_changed", "skipped"));
  CHECK(absl::StrContains(bench.sink.text, "NO_EMAIL"));
}

TEST_CASE("MpiTeller: what finds no room, or has waited too long, is dropped and counted",
          "[mpi_teller]") {
  Bench full;
  full.room = false;
  full.teller.Enqueue(News());
  CHECK(full.Counted("credential_changed", "dropped"));
  CHECK(absl::StrContains(full.sink.text, "QUEUE_FULL"));

  Bench late;
  late.teller.Enqueue(News());
  late.clock.Advance(absl::Minutes(4));
  late.Run();
  CHECK(late.index.news.empty());
  CHECK(late.Counted("credential_changed", "dropped"));
  CHECK(absl::StrContains(late.sink.text, "WAITED_TOO_LONG"));
}

TEST_CASE("MpiTeller: no message outlasts the stop, and none begins after it", "[mpi_teller]") {
  Bench bench;
  bench.teller.StopBy(bench.clock.Now() + absl::Seconds(3));
  bench.teller.Enqueue(News());
  bench.Run();
  CHECK(bench.index.tellings.back().deadline == bench.clock.Now() + absl::Seconds(3));
  bench.teller.Enqueue(News());
  bench.clock.Advance(absl::Seconds(3));
  bench.Run();
  CHECK(bench.index.news.size() == 1);
  CHECK(absl::StrContains(bench.sink.text, "STOPPING"));
}

// MPI that answers when it is let.
class SlowIndex final : public PersonIndex {
 public:
  std::promise<void> begun;
  std::promise<void> may_answer;

  absl::StatusOr<MpiAnswer> GetProfile(const Derived&, const CallScope&) override {
    return Matched();
  }
  absl::StatusOr<MpiAnswer> AddPerson(const Derived&, const CallScope&) override {
    return Matched();
  }
  absl::StatusOr<MpiTold> Tell(const MpiNews&, const CallScope&) override {
    begun.set_value();
    may_answer.get_future().wait();
    return MpiTold::kDone;
  }
};

TEST_CASE("MpiTeller: a slow MPI and a full queue never make the caller wait", "[mpi_teller]") {
  Bench bench;
  SlowIndex slow;
  base::WorkerPool pool(1, 0);
  MpiTeller teller([&pool](std::function<void()> task) { return pool.TrySubmit(std::move(task)); },
                   {}, slow, bench.clock, bench.log, {bench.outcomes});
  teller.Enqueue(News());
  slow.begun.get_future().wait();
  // The one thread is with MPI and nothing may wait: this returns.
  teller.Enqueue(News());
  CHECK(bench.Counted("credential_changed", "dropped"));
  slow.may_answer.set_value();
  pool.Shutdown();
  CHECK(bench.Counted("credential_changed", "done"));
}

}  // namespace
}  // namespace va::gateway::testing
