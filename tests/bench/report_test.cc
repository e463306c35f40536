#include "tests/bench/report.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <sstream>

namespace va::bench {
namespace {

TEST_CASE("Report: a goal is one line with name, value, limit and ok or miss", "[bench]") {
  std::ostringstream out;
  Report report(out);
  report.AtMost("cost_ms", 2.5, 3);
  CHECK(report.ExitCode() == 0);
  report.AtMost("cost_ms", 3, 3);
  report.AtLeast("rate", 4, 4);
  CHECK(report.ExitCode() == 0);
  report.AtMost("cost_ms", 3.1, 3);
  report.AtLeast("rate", 3.9, 4);
  CHECK(report.ExitCode() == 1);
  report.AtMost("cost_ms", 1, 3);
  CHECK(report.ExitCode() == 1);  // a miss stays one
  CHECK(report.goals() == 6);
  CHECK(out.str() ==
        "GOAL cost_ms 2.500 3.000 ok\n"
        "GOAL cost_ms 3.000 3.000 ok\n"
        "GOAL rate 4.000 4.000 ok\n"
        "GOAL cost_ms 3.100 3.000 miss\n"
        "GOAL rate 3.900 4.000 miss\n"
        "GOAL cost_ms 1.000 3.000 ok\n");
}

TEST_CASE("Report: no goal at all, or a value that is no number, is no success", "[bench]") {
  std::ostringstream out;
  CHECK(Report(out).ExitCode() == 1);
  Report most(out);
  most.AtMost("x", std::nan(""), 1);
  CHECK(most.ExitCode() == 1);
  Report least(out);
  least.AtLeast("x", std::nan(""), 1);
  CHECK(least.ExitCode() == 1);
}

TEST_CASE("Report: a cost is told by its median and its span", "[bench]") {
  Measured measured;
  for (const int us : {1500, 900, 20000}) measured.Add("it", absl::Microseconds(us));
  std::ostringstream out;
  Report report(out);
  report.Cost(measured, "it", "of what");
  report.Cost(measured, "nobody", "of what");
  CHECK(out.str() ==
        "it                          1.50 ms  (900.0 µs to 20.00 ms in 3 rounds)  of what\n");
}

}  // namespace
}  // namespace va::bench
