// What a benchmark says: lines to read, one line a goal, and an exit code that tells whether every
// goal was met. Goals are what scripts look at: `GOAL name value limit ok|miss`.
#pragma once

#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/bench/rounds.h"

namespace va::bench {

class Report {
 public:
  // `out` must outlive the report.
  explicit Report(std::ostream& out) : out_(out) {}

  // A line to read.
  void Say(absl::string_view line);
  // Median, smallest and largest of a candidate's rounds, in milliseconds or, below one, in µs.
  void Cost(const Measured& measured, absl::string_view name, absl::string_view what);

  // Goals. The name is lower_snake with its unit; a value that is no number is a miss.
  void AtMost(absl::string_view name, double value, double limit);
  void AtLeast(absl::string_view name, double value, double limit);

  int goals() const { return goals_; }
  // 0 when every goal was met, 1 after a miss and when there was none to meet.
  int ExitCode() const { return goals_ > 0 && misses_ == 0 ? 0 : 1; }

 private:
  void Goal(absl::string_view name, double value, double limit, bool ok);

  std::ostream& out_;
  int goals_ = 0;
  int misses_ = 0;
};

}  // namespace va::bench
