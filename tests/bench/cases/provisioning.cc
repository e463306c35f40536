// bench: whether a sign-in notices My HealtheVet being slow or down, and what the services weigh
// needs: stack
// setting: VA_MHV_ACCOUNT__MHV__ACCOUNT_LIFETIME=1s
//
// The account at My HealtheVet is ensured after the session was given, so nobody may wait for it.
// The same people sign in by turns while MHV answers, answers five seconds late, and does not
// answer. They come at a steady rate and not as fast as possible: what is asked is whether somebody
// waits, not how the work behind a session shares the cores of a machine without any to spare. What
// is known of an account is good for a second here, so that MHV is really asked.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/base/clock.h"
#include "tests/bench/benchmark.h"
#include "tests/bench/load.h"
#include "tests/bench/simulator_knobs.h"
#include "tests/bench/stack.h"
#include "tests/simulators/signin/result.h"
#include "tests/simulators/signin/walk.h"

namespace va::bench {
namespace {

constexpr double kRatioLimit = 1.05;
constexpr double kRestLimitMib = 150;
constexpr int kThreads = 4;
constexpr absl::Duration kSettle = absl::Seconds(60);
constexpr absl::Duration kLongestOpen = absl::Seconds(120);
constexpr int kFew = 6;

struct Flags {
  int sign_ins = 20;
  int rounds = 9;
  int rate = 20;
  std::string personas = "tests/personas";
};

// Signs somebody in for the first time, accepts the terms and waits for the account.
absl::Status Prime(const Stack& stack, const testing::Persona& persona) {
  const base::SystemClock clock;
  testing::UserAgent agent(stack.client(), clock);
  const auto end = simulators::Walk(agent, {stack.gateway_url(), persona.type, "", ""}, persona.id);
  if (!end.ok()) return end.status();
  const auto result =
      simulators::ReadResultOf(persona, agent, *end, stack.gateway_url(), stack.ops_url(),
                               stack.ops_client(), absl::Seconds(10));
  if (!result.ok()) return result.status();
  if (result->json.value("mhv_account", nlohmann::json()) == "ensured") return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("the account of ", persona.id, " is not ensured: ", result->json.dump()));
}

// One round of sign-ins under a fault; the cost is their median latency.
class Rounds {
 public:
  Rounds(const Stack& stack, const Flags& flags, SimulatorKnobs& mhv) : stack_(stack), mhv_(mhv) {
    plan_.gateway_url = stack.gateway_url();
    plan_.personas = stack.PersonasWithMhvAccount();
    plan_.sign_ins = flags.sign_ins;
    plan_.threads = kThreads;
    plan_.every = absl::Seconds(1) / flags.rate;
  }

  absl::StatusOr<absl::Duration> Under(absl::string_view fault) {
    const auto before = mhv_.Calls();
    if (!before.ok()) return before.status();
    if (const auto set = mhv_.Set(fault); !set.ok()) return set;
    const auto load = RunLoad(plan_, stack_.client());
    if (!load.ok()) return load.status();
    const auto after = mhv_.Calls();
    if (!after.ok()) return after.status();
    // Without a call the fault was never met, and the round says nothing.
    if (*after <= *before) return absl::InternalError("MHV was not asked in this round");
    if (const auto set = mhv_.Set(R"({"mode":"none"})"); !set.ok()) return set;
    if (const auto settled = mhv_.Settle(kSettle); !settled.ok()) return settled;
    if (const auto recovered = Recover(); !recovered.ok()) return recovered;
    return Percentile(load->whole, 0.5);
  }

  // How often MHV is asked for a few sign-ins while all is well.
  absl::Status LearnPeace() {
    const auto calls = CallsOfAFew();
    if (!calls.ok()) return calls.status();
    if (*calls == 0) return absl::InternalError("MHV is not asked for these people");
    in_peace_ = *calls;
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<int64_t> CallsOfAFew() {
    LoadPlan few = plan_;
    few.sign_ins = kFew;
    const auto before = mhv_.Calls();
    if (!before.ok()) return before.status();
    if (const auto load = RunLoad(few, stack_.client()); !load.ok()) return load.status();
    if (const auto settled = mhv_.Settle(kSettle); !settled.ok()) return settled;
    const auto after = mhv_.Calls();
    if (!after.ok()) return after.status();
    return *after - *before;
  }

  // The breaker before MHV stays open for a while after a fault; the next round begins without it.
  absl::Status Recover() {
    const base::Stopwatch waited;
    while (waited.Elapsed() < kLongestOpen) {
      const auto calls = CallsOfAFew();
      if (!calls.ok()) return calls.status();
      if (*calls >= in_peace_) return absl::OkStatus();
      absl::SleepFor(absl::Seconds(1));
    }
    return absl::DeadlineExceededError("MHV answers again and is not asked");
  }

  int64_t in_peace_ = 0;
  const Stack& stack_;
  SimulatorKnobs& mhv_;
  LoadPlan plan_;
};

absl::Status TellMemory(const Stack& stack, Report& report) {
  const auto costs = stack.MeasureProcesses();
  if (!costs.ok()) return costs.status();
  double sum = 0;
  for (const std::string& service : ServiceNames()) {
    const double mib = costs->at(service).resident_mib;
    report.Say(absl::StrFormat("%-24s %6.1f MiB resident at rest", service, mib));
    sum += mib;
  }
  report.AtMost("rest_rss_mib", sum, kRestLimitMib);
  return absl::OkStatus();
}

absl::Status Measure(const Flags& flags, Report& report) {
  const auto stack = Stack::FromEnvironment(flags.personas, kThreads);
  if (!stack.ok()) return stack.status();
  SimulatorKnobs mhv(stack->client(), "mhv-simulator", stack->mhv_url());
  const auto personas = stack->PersonasWithMhvAccount();
  if (personas.empty()) return absl::FailedPreconditionError("no persona has an MHV account");
  for (const testing::Persona* persona : personas) {
    if (const auto primed = Prime(*stack, *persona); !primed.ok()) return primed;
  }
  if (const auto settled = mhv.Settle(kSettle); !settled.ok()) return settled;
  // At rest, but not unused: everything that a first sign-in loads is there.
  if (const auto told = TellMemory(*stack, report); !told.ok()) return told;

  Rounds rounds(*stack, flags, mhv);
  if (const auto learnt = rounds.LearnPeace(); !learnt.ok()) return learnt;
  const auto under = [&rounds](const char* fault) {
    return [&rounds, fault] { return rounds.Under(fault); };
  };
  const auto measured = RunRounds({{"normal", under(R"({"mode":"none"})")},
                                   {"slow", under(R"({"mode":"slow","ms":5000})")},
                                   {"down", under(R"({"mode":"down"})")},
                                   {"again", under(R"({"mode":"none"})")}},
                                  flags.rounds);
  if (!measured.ok()) return measured.status();
  report.Say(absl::StrFormat("%d sign-ins a round, %d a second", flags.sign_ins, flags.rate));
  report.Cost(*measured, "normal", "p50 of a whole sign-in, MHV answers");
  report.Cost(*measured, "slow", "the same, MHV answers 5 s late");
  report.Cost(*measured, "down", "the same, MHV does not answer");
  report.Cost(*measured, "again", "the same, MHV answers");
  // The same thing measured twice: what this machine cannot tell apart just now.
  report.Say(
      absl::StrFormat("MHV answering against itself: %.3f; the further from 1, the less the "
                      "ratios below say",
                      measured->RatioOf("again", "normal")));
  report.AtMost("signin_p50_ratio_mhv_slow", measured->RatioOf("slow", "normal"), kRatioLimit);
  report.AtMost("signin_p50_ratio_mhv_down", measured->RatioOf("down", "normal"), kRatioLimit);
  return absl::OkStatus();
}

}  // namespace
}  // namespace va::bench

int main(int argc, char** argv) {
  va::bench::Flags flags;
  return va::bench::RunBenchmark(
      argc, argv, "Measures sign-ins on a running stack with My HealtheVet well, slow and down",
      [&flags](CLI::App& app) {
        app.add_option("--sign-ins", flags.sign_ins, "how many in each round")
            ->check(CLI::Range(10, 100000));
        app.add_option("--rounds", flags.rounds, "how many rounds")->check(CLI::Range(1, 1000));
        app.add_option("--rate", flags.rate, "how many start in a second")
            ->check(CLI::Range(1, 1000));
        app.add_option("--personas", flags.personas, "folder of persona files");
      },
      [&flags](va::bench::Report& report) { return va::bench::Measure(flags, report); });
}
