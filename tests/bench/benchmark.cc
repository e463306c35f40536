#include "tests/bench/benchmark.h"

#include <cstdio>
#include <exception>
#include <iostream>

namespace va::bench {
namespace {

int Run(int argc, char** argv, const char* what, absl::FunctionRef<void(CLI::App& app)> add_flags,
        absl::FunctionRef<absl::Status(Report& report)> measure) {
  CLI::App app(what);
  add_flags(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // 0: help was asked for
  }
  Report report(std::cout);
  const absl::Status measured = measure(report);
  if (!measured.ok()) {
    std::cerr << "bench: " << measured.message() << "\n";
    return 1;
  }
  return report.ExitCode();
}

}  // namespace

int RunBenchmark(int argc, char** argv, const char* what,
                 absl::FunctionRef<void(CLI::App& app)> add_flags,
                 absl::FunctionRef<absl::Status(Report& report)> measure) noexcept {
  try {
    return Run(argc, argv, what, add_flags, measure);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
  }
}

}  // namespace va::bench
