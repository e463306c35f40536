#include "services/auth-gateway/api/http/provisioner.h"

#include <catch2/catch.hpp>
#include <future>

#include "absl/strings/match.h"
#include "lib/base/worker_pool.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway::testing {
namespace {

constexpr ProvisioningPlan kBoth{true, true};

AdmittedPerson Person() {
  AdmittedPerson person;
  person.flow_id = "flow-1";
  person.account_id = "account-1";
  person.icn = identity::Icn::FromWire("1000000001V000001");
  person.email = identity::PersonText::FromWire("ada@example.test");
  person.decision_token = identity::Secret::FromWire("token-of-admit");
  return person;
}

// A provisioner whose tasks wait until the test runs them.
struct Bench {
  va::testing::FakeClock clock;
  MemorySink sink;
  telemetry::Log log{"auth-gateway", telemetry::Severity::kDebug, clock, sink};
  MemoryFlows flows;
  ScriptedAccounts accounts;
  ScriptedProofing proofing;
  std::vector<std::function<void()>> tasks;
  bool room = true;
  Provisioner provisioner{[this](std::function<void()> task) {
                            if (room) tasks.push_back(std::move(task));
                            return room;
                          },
                          {},
                          accounts,
                          proofing,
                          flows,
                          clock,
                          log};

  Bench() { flows.flows["flow-1"].provisioning = PendingOf(kBoth); }
  void Run() {
    for (const auto& task : tasks) task();
    tasks.clear();
  }
  Provisioning Kept() { return flows.flows["flow-1"].provisioning; }
};

TEST_CASE("Provisioner: the account first, then the invitation, each answer on record",
          "[provisioning]") {
  Bench bench;
  bench.provisioner.Enqueue(kBoth, Person());
  CHECK(bench.accounts.asked.empty());
  bench.Run();
  CHECK(bench.Kept() == Provisioning{MhvAccountState::kEnsured, ProofingState::kInvited});
  REQUIRE(bench.accounts.asked.size() == 1);
  REQUIRE(bench.proofing.asked.size() == 1);
  CHECK(bench.accounts.asked[0].decision_token.Reveal() == "token-of-admit");
  CHECK(bench.proofing.asked[0].decision_token.Reveal() == "token-of-admit");
}

TEST_CASE("Provisioner: only what the plan names is asked", "[provisioning]") {
  Bench bench;
  bench.provisioner.Enqueue({}, Person());
  CHECK(bench.tasks.empty());
  bench.provisioner.Enqueue({.mhv_account = true, .proofing = false}, Person());
  bench.Run();
  CHECK(bench.accounts.asked.size() == 1);
  CHECK(bench.proofing.asked.empty());
  CHECK(bench.Kept() == Provisioning{MhvAccountState::kEnsured, ProofingState::kPending});
}

TEST_CASE("Provisioner: M8 an outage is unavailable, never a no, and one does not stop the other",
          "[provisioning][M8]") {
  Bench bench;
  bench.accounts.answer = Down();
  bench.provisioner.Enqueue(kBoth, Person());
  bench.Run();
  CHECK(bench.Kept() == Provisioning{MhvAccountState::kUnavailable, ProofingState::kInvited});

  Bench other;
  other.proofing.answer = Down();
  other.provisioner.Enqueue(kBoth, Person());
  other.Run();
  CHECK(other.Kept() == Provisioning{MhvAccountState::kEnsured, ProofingState::kUnavailable});
}

TEST_CASE("Provisioner: every answer has its state", "[provisioning]") {
  const std::pair<MhvAccountState, ProofingState> rows[] = {
      {MhvAccountState::kNeedsTerms, ProofingState::kNotEligible},
      {MhvAccountState::kIneligible, ProofingState::kInvited},
  };
  for (const auto& [account, proofing] : rows) {
    Bench bench;
    bench.accounts.answer = account;
    bench.proofing.answer = proofing;
    bench.provisioner.Enqueue(kBoth, Person());
    bench.Run();
    CHECK(bench.Kept() == Provisioning{account, proofing});
  }
}

TEST_CASE("Provisioner: what finds no room stays pending and is logged, without anything personal",
          "[provisioning]") {
  Bench bench;
  bench.room = false;
  bench.provisioner.Enqueue(kBoth, Person());
  bench.Run();
  CHECK(bench.Kept() == PendingOf(kBoth));
  CHECK(bench.accounts.asked.empty());
  CHECK(absl::StrContains(bench.sink.text, "provisioning.dropped"));
  CHECK(absl::StrContains(bench.sink.text, "flow-1"));
  for (const char* personal : {"token-of-admit", "1000000001V000001", "ada@", "account-1"}) {
    CHECK_FALSE(absl::StrContains(bench.sink.text, personal));
  }
}

TEST_CASE("Provisioner: what waited until its token is nearly over is unavailable",
          "[provisioning][E6]") {
  Bench bench;
  bench.provisioner.Enqueue(kBoth, Person());
  bench.clock.Advance(absl::Minutes(4));
  bench.Run();
  CHECK(bench.accounts.asked.empty());
  CHECK(bench.Kept() == UnavailableOf(kBoth));
  CHECK(absl::StrContains(bench.sink.text, "WAITED_TOO_LONG"));
}

TEST_CASE("Provisioner: each question has a deadline of its own, and none outlasts the stop",
          "[provisioning]") {
  Bench bench;
  bench.provisioner.Enqueue(kBoth, Person());
  bench.Run();
  CHECK(bench.accounts.deadlines.back() == bench.clock.Now() + absl::Seconds(10));

  bench.provisioner.StopBy(bench.clock.Now() + absl::Seconds(3));
  bench.provisioner.Enqueue(kBoth, Person());
  bench.Run();
  CHECK(bench.accounts.deadlines.back() == bench.clock.Now() + absl::Seconds(3));

  bench.provisioner.Enqueue(kBoth, Person());
  bench.clock.Advance(absl::Seconds(3));
  bench.Run();
  CHECK(bench.accounts.asked.size() == 2);
  CHECK(absl::StrContains(bench.sink.text, "STOPPING"));
}

TEST_CASE("Provisioner: a store that is down loses the answer, not the program", "[provisioning]") {
  Bench bench;
  bench.flows.down = true;
  bench.provisioner.Enqueue(kBoth, Person());
  bench.Run();
  CHECK(bench.Kept() == PendingOf(kBoth));
  CHECK(bench.proofing.asked.size() == 1);
  CHECK(absl::StrContains(bench.sink.text, "provisioning.failed"));
}

// My HealtheVet that answers when it is let.
class SlowAccounts final : public MhvAccounts {
 public:
  std::promise<void> begun;
  std::promise<void> may_answer;

  absl::StatusOr<MhvAccountState> EnsureAccount(const AdmittedPerson&, const CallScope&) override {
    begun.set_value();
    may_answer.get_future().wait();
    return MhvAccountState::kEnsured;
  }
};

TEST_CASE("Provisioner: a slow party and a full queue never make the caller wait",
          "[provisioning]") {
  Bench bench;
  SlowAccounts slow;
  base::WorkerPool pool(1, 0);
  Provisioner provisioner(
      [&pool](std::function<void()> task) { return pool.TrySubmit(std::move(task)); }, {}, slow,
      bench.proofing, bench.flows, bench.clock, bench.log);
  provisioner.Enqueue({.mhv_account = true, .proofing = false}, Person());
  slow.begun.get_future().wait();
  // The one thread is taken and nothing may wait: this returns, and says what became of it.
  provisioner.Enqueue({.mhv_account = true, .proofing = false}, Person());
  CHECK(absl::StrContains(bench.sink.text, "QUEUE_FULL"));
  CHECK(bench.Kept() == PendingOf(kBoth));
  slow.may_answer.set_value();
  pool.Shutdown();
  CHECK(bench.Kept().mhv_account == MhvAccountState::kEnsured);
}

}  // namespace
}  // namespace va::gateway::testing
