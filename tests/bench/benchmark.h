// The frame of every benchmark's main: flags, one measurement, faults in words, the exit code.
#pragma once

#include "CLI/CLI.hpp"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "tests/bench/report.h"

namespace va::bench {

// Parses the flags that `add_flags` adds, runs `measure` and returns the exit code: 0 goals met, 1
// a miss or a fault, 2 usage. `what` stands in the help. Never throws.
int RunBenchmark(int argc, char** argv, const char* what,
                 absl::FunctionRef<void(CLI::App& app)> add_flags,
                 absl::FunctionRef<absl::Status(Report& report)> measure) noexcept;

}  // namespace va::bench
