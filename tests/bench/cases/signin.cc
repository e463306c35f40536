// bench: what one verified sign-in costs our services and PostgreSQL, in CPU and memory
// needs: stack
//
// Rounds of whole sign-ins take turns with the least that they contain: one RSA-2048 signature and
// one validation of a real response by the bare libraries.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/bare_reference.h"
#include "tests/bench/benchmark.h"
#include "tests/bench/load.h"
#include "tests/bench/stack.h"

namespace va::bench {
namespace {

constexpr double kCpuLimitMs = 3;
constexpr double kResidentLimitMib = 64;
constexpr int kBareTimes = 100;

struct Flags {
  int sign_ins = 2000;
  int rounds = 10;
  int threads = 8;
  std::string personas = "tests/personas";
};

// Rounds of sign-ins, and what they tell beside their cost.
class SignIns {
 public:
  SignIns(const Stack& stack, const Flags& flags) : stack_(stack) {
    plan_.gateway_url = stack.gateway_url();
    plan_.personas = stack.VerifiedPersonas();
    plan_.sign_ins = flags.sign_ins / flags.rounds;
    plan_.threads = flags.threads;
  }

  absl::StatusOr<absl::Duration> Round() {
    const auto before = stack_.MeasureProcesses();
    if (!before.ok()) return before.status();
    auto load = RunLoad(plan_, stack_.client());
    if (!load.ok()) return load.status();
    const auto after = stack_.MeasureProcesses();
    if (!after.ok()) return after.status();
    absl::Duration cpu;
    for (const auto& [name, cost] : *after) {
      const absl::Duration one = (cost.cpu - before->at(name).cpu) / plan_.sign_ins;
      parts_.Add(name, one);
      cpu += one;
    }
    whole_.insert(whole_.end(), load->whole.begin(), load->whole.end());
    callback_.insert(callback_.end(), load->callback.begin(), load->callback.end());
    wall_ += load->wall;
    a_response_ = std::move(load->a_response);
    return cpu;
  }

  // XML of a response that was seen last.
  const std::string& a_response() const { return a_response_; }

  void Tell(Report& report) const {
    report.Say(absl::StrFormat("%d sign-ins, %d at a time, %.0f a second",
                               static_cast<int>(whole_.size()), plan_.threads,
                               static_cast<double>(whole_.size()) / absl::ToDoubleSeconds(wall_)));
    TellTimes(report, "whole sign-in with stand-ins", whole_);
    TellTimes(report, "POST of the response", callback_);
    for (const std::string& name : ServiceNames()) report.Cost(parts_, name, "CPU of a sign-in");
    report.Cost(parts_, "postgres", "CPU of a sign-in");
  }

 private:
  static void TellTimes(Report& report, const char* what,
                        const std::vector<absl::Duration>& times) {
    report.Say(absl::StrFormat("wall_ms %-30s p50 %.2f p99 %.2f", what,
                               absl::ToDoubleMilliseconds(Percentile(times, 0.5)),
                               absl::ToDoubleMilliseconds(Percentile(times, 0.99))));
  }

  const Stack& stack_;
  LoadPlan plan_;
  Measured parts_;
  std::vector<absl::Duration> whole_;
  std::vector<absl::Duration> callback_;
  absl::Duration wall_;
  std::string a_response_;
};

absl::Status Measure(const Flags& flags, Report& report) {
  const auto stack = Stack::FromEnvironment(flags.personas, flags.threads);
  if (!stack.ok()) return stack.status();
  SignIns sign_ins(*stack, flags);
  const auto bare = [&sign_ins]() -> absl::StatusOr<absl::Duration> {
    const auto cost = MeasureBare(sign_ins.a_response(), kBareTimes);
    if (!cost.ok()) return cost.status();
    return cost->sign + cost->validate;
  };
  // The reference works on a response of the sign-ins: they go first once.
  if (const auto first = sign_ins.Round(); !first.ok()) return first.status();
  const auto measured =
      RunRounds({{"sign-in", [&] { return sign_ins.Round(); }}, {"bare", bare}}, flags.rounds);
  if (!measured.ok()) return measured.status();
  const auto memory = stack->MeasureProcesses();
  if (!memory.ok()) return memory.status();

  sign_ins.Tell(report);
  report.Cost(*measured, "sign-in", "CPU of all of them");
  report.Cost(*measured, "bare", "CPU of one RSA-2048 signature and one bare validation");
  report.Say(absl::StrFormat("a sign-in costs %.1f times the bare reference",
                             measured->RatioOf("sign-in", "bare")));
  report.AtMost("signin_cpu_ms", absl::ToDoubleMilliseconds(measured->MedianOf("sign-in")),
                kCpuLimitMs);
  for (const std::string& service : ServiceNames()) {
    report.AtMost(absl::StrCat("rss_mib_", Underscored(service)), memory->at(service).resident_mib,
                  kResidentLimitMib);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace va::bench

int main(int argc, char** argv) {
  va::bench::Flags flags;
  return va::bench::RunBenchmark(
      argc, argv, "Measures what a sign-in costs on a running stack",
      [&flags](CLI::App& app) {
        app.add_option("--sign-ins", flags.sign_ins, "how many are measured in all")
            ->check(CLI::Range(10, 1000000));
        app.add_option("--rounds", flags.rounds, "into how many rounds they are cut")
            ->check(CLI::Range(1, 1000));
        app.add_option("--threads", flags.threads, "how many at a time")->check(CLI::Range(1, 64));
        app.add_option("--personas", flags.personas, "folder of persona files");
      },
      [&flags](va::bench::Report& report) { return va::bench::Measure(flags, report); });
}
