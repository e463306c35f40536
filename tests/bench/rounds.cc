#include "tests/bench/rounds.h"

#include <algorithm>
#include <ctime>

#include "absl/strings/str_cat.h"

namespace va::bench {

const std::vector<absl::Duration>& Measured::CostsOf(absl::string_view name) const {
  static const std::vector<absl::Duration> kNone;
  const auto at = costs_.find(std::string(name));
  return at == costs_.end() ? kNone : at->second;
}

absl::Duration Measured::MedianOf(absl::string_view name) const { return Median(CostsOf(name)); }

double Measured::RatioOf(absl::string_view name, absl::string_view reference) const {
  const std::vector<absl::Duration>& costs = CostsOf(name);
  const std::vector<absl::Duration>& others = CostsOf(reference);
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(costs.size(), others.size()); ++i) {
    if (others[i] > absl::ZeroDuration()) {
      ratios.push_back(absl::FDivDuration(costs[i], others[i]));
    }
  }
  return Median(std::move(ratios));
}

absl::StatusOr<Measured> RunRounds(const std::vector<Candidate>& candidates, int rounds,
                                   int warm_up) {
  Measured measured;
  const size_t all = static_cast<size_t>(warm_up) + static_cast<size_t>(rounds);
  for (size_t round = 0; round < all; ++round) {
    for (size_t turn = 0; turn < candidates.size(); ++turn) {
      const Candidate& candidate = candidates[(round + turn) % candidates.size()];
      const absl::StatusOr<absl::Duration> cost = candidate.round();
      if (!cost.ok()) {
        return absl::Status(cost.status().code(),
                            absl::StrCat(candidate.name, ": ", cost.status().message()));
      }
      if (round >= static_cast<size_t>(warm_up)) measured.Add(candidate.name, *cost);
    }
  }
  return measured;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

absl::Duration Median(const std::vector<absl::Duration>& durations) {
  std::vector<double> nanos;
  nanos.reserve(durations.size());
  for (const absl::Duration duration : durations) {
    nanos.push_back(absl::ToDoubleNanoseconds(duration));
  }
  return absl::Nanoseconds(Median(std::move(nanos)));
}

absl::Duration ThreadCpu() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

absl::StatusOr<absl::Duration> CpuOfOne(int times, const std::function<bool()>& operation) {
  const absl::Duration start = ThreadCpu();
  for (int i = 0; i < times; ++i) {
    if (!operation()) return absl::InternalError("the measured operation failed");
  }
  return (ThreadCpu() - start) / times;
}

}  // namespace va::bench
