#include "tests/bench/steady_goal.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "tests/bench/load.h"

namespace va::bench {

absl::Status MeasureSteadily(const SteadyGoal& goal, int rounds, const rpc::Channel& channel,
                             const std::function<absl::Status(int)>& call, Report& report) {
  const base::SystemClock clock;
  const auto bare = [&](int) { return rpc::CheckHealth(channel, clock.Now() + absl::Seconds(5)); };
  Measured p99;
  Measured p50;
  for (int round = -1; round < rounds; ++round) {
    const std::vector<std::pair<std::string, std::function<absl::Status(int)>>> turns = {
        {goal.name, call}, {"bare", bare}};
    for (const auto& [name, what] : turns) {
      auto took = RunSteadily(goal.load, what);
      if (!took.ok()) return took.status();
      if (round < 0) continue;
      p99.Add(name, Percentile(*took, 0.99));
      p50.Add(name, Percentile(*std::move(took), 0.5));
    }
  }
  report.Cost(p50, goal.name, absl::StrCat("p50 of ", goal.words));
  report.Cost(p99, goal.name, absl::StrCat("p99 of ", goal.words));
  report.Cost(p99, "bare", "p99 of a health check at the same rate");
  report.AtMost(absl::StrCat(goal.name, "_p99_ms"),
                absl::ToDoubleMilliseconds(p99.MedianOf(goal.name)), goal.p99_ms);
  return absl::OkStatus();
}

}  // namespace va::bench
