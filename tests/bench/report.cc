#include "tests/bench/report.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace va::bench {
namespace {

std::string Readable(absl::Duration duration) {
  const double ms = absl::ToDoubleMilliseconds(duration);
  return ms < 1 ? absl::StrFormat("%.1f µs", ms * 1000) : absl::StrFormat("%.2f ms", ms);
}

}  // namespace

void Report::Say(absl::string_view line) { out_ << line << std::endl; }

void Report::Cost(const Measured& measured, absl::string_view name, absl::string_view what) {
  const std::vector<absl::Duration>& costs = measured.CostsOf(name);
  if (costs.empty()) return;
  const auto [least, most] = std::minmax_element(costs.begin(), costs.end());
  Say(absl::StrFormat("%-24s %10s  (%s to %s in %d rounds)  %s", name, Readable(Median(costs)),
                      Readable(*least), Readable(*most), static_cast<int>(costs.size()), what));
}

void Report::AtMost(absl::string_view name, double value, double limit) {
  Goal(name, value, limit, value <= limit);
}

void Report::AtLeast(absl::string_view name, double value, double limit) {
  Goal(name, value, limit, value >= limit);
}

void Report::Goal(absl::string_view name, double value, double limit, bool ok) {
  ++goals_;
  if (!ok) ++misses_;
  Say(absl::StrFormat("GOAL %s %.3f %.3f %s", name, value, limit, ok ? "ok" : "miss"));
}

}  // namespace va::bench
