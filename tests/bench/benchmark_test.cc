#include "tests/bench/benchmark.h"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace va::bench {
namespace {

int Run(std::vector<std::string> arguments,
        absl::FunctionRef<absl::Status(Report& report)> measure) {
  arguments.insert(arguments.begin(), "bench-test");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  int rounds = 1;
  return RunBenchmark(
      static_cast<int>(argv.size()), argv.data(), "Measures nothing",
      [&rounds](CLI::App& app) {
        app.add_option("--rounds", rounds, "how many")->check(CLI::Range(1, 9));
      },
      measure);
}

TEST_CASE("RunBenchmark: 0 for goals that are met, 1 for a miss, a fault and no goal at all",
          "[bench]") {
  const auto meets = [](Report& report) {
    report.AtMost("test_ms", 1, 2);
    return absl::OkStatus();
  };
  CHECK(Run({}, meets) == 0);
  CHECK(Run({"--rounds", "3"}, meets) == 0);
  CHECK(Run({}, [](Report& report) {
          report.AtMost("test_ms", 3, 2);
          return absl::OkStatus();
        }) == 1);
  CHECK(Run({}, [](Report&) { return absl::OkStatus(); }) == 1);
  CHECK(Run({}, [](Report& report) {
          report.AtMost("test_ms", 1, 2);
          return absl::InternalError("broke after the first goal");
        }) == 1);
  CHECK(Run({}, [](Report&) -> absl::Status { throw std::runtime_error("thrown"); }) == 1);
}

TEST_CASE("RunBenchmark: 2 for flags nobody knows, 0 for help, and nothing is measured",
          "[bench]") {
  bool measured = false;
  const auto measure = [&measured](Report&) {
    measured = true;
    return absl::OkStatus();
  };
  CHECK(Run({"--nonsense"}, measure) == 2);
  CHECK(Run({"--rounds", "ten"}, measure) == 2);
  CHECK(Run({"--rounds", "10"}, measure) == 2);
  CHECK(Run({"--help"}, measure) == 0);
  CHECK_FALSE(measured);
}

}  // namespace
}  // namespace va::bench
