// The one way in which this repository compares costs: candidates take turns for several rounds,
// and what counts are medians and ratios taken pair by pair within a round. Absolute times drift
// with the machine by a third or more; such ratios hold.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::bench {

// One thing to measure.
struct Candidate {
  std::string name;
  // Does one round's work and returns what one operation of it cost.
  std::function<absl::StatusOr<absl::Duration>()> round;
};

// What every candidate cost in every round.
class Measured {
 public:
  // Rounds are added in order; the n-th cost of each name belongs to round n.
  void Add(const std::string& name, absl::Duration cost) { costs_[name].push_back(cost); }

  // Empty for a name that was never measured.
  const std::vector<absl::Duration>& CostsOf(absl::string_view name) const;
  absl::Duration MedianOf(absl::string_view name) const;
  // Median of the ratios `name` / `reference`, round by round. 0 when there is no pair of rounds.
  double RatioOf(absl::string_view name, absl::string_view reference) const;

 private:
  std::map<std::string, std::vector<absl::Duration>, std::less<>> costs_;
};

// Runs `rounds` rounds of all candidates after `warm_up` rounds that do not count. Who goes first
// changes from round to round, so that nobody always runs on the other's heels. Ends with the first
// fault of a candidate, whose name stands in the message.
absl::StatusOr<Measured> RunRounds(const std::vector<Candidate>& candidates, int rounds,
                                   int warm_up = 1);

// The middle value; of an even number the mean of the two in the middle. 0 of nothing.
double Median(std::vector<double> values);
absl::Duration Median(const std::vector<absl::Duration>& durations);

// CPU time this thread has used so far, user and system.
absl::Duration ThreadCpu();

// CPU time of one of `times` calls of `operation`, which says whether it succeeded.
absl::StatusOr<absl::Duration> CpuOfOne(int times, const std::function<bool()>& operation);

}  // namespace va::bench
