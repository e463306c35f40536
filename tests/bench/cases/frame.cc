// bench: what the frame of a service costs: its HTTP and RPC edges, its start
// needs: stack
//
// Each part stands beside its bare reference in the same run.
#include <string>

#include "tests/bench/benchmark.h"
#include "tests/bench/frame_http.h"
#include "tests/bench/frame_rpc.h"
#include "tests/bench/frame_start.h"
#include "tests/bench/frame_telemetry.h"

namespace va::bench {
namespace {

struct Flags {
  HttpRounds http;
  RpcRounds rpc;
  StartRounds start;
  TelemetryRounds telemetry;
  std::string only;
};

int Main(int argc, char** argv) noexcept {
  Flags flags;
  return RunBenchmark(
      argc, argv, "What the frame of a service costs",
      [&flags](CLI::App& app) {
        app.add_option("--http-rounds", flags.http.rounds, "rounds of the HTTP part")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        app.add_option("--rpc-rounds", flags.rpc.rounds, "rounds of the RPC part")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        app.add_option("--starts", flags.start.starts, "starts of each service")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        app.add_option("--only", flags.only, "one part alone")
            ->check(CLI::IsMember({"http", "rpc", "start", "telemetry"}));
      },
      [&flags](Report& report) -> absl::Status {
        const auto wanted = [&flags](const char* part) {
          return flags.only.empty() || flags.only == part;
        };
        // First: it forks, and the others start threads.
        if (wanted("http")) {
          if (absl::Status done = MeasureHttp(flags.http, report); !done.ok()) return done;
        }
        if (wanted("rpc")) {
          if (absl::Status done = MeasureRpc(flags.rpc, report); !done.ok()) return done;
        }
        if (wanted("telemetry")) {
          if (absl::Status done = MeasureTelemetry(flags.telemetry, report); !done.ok())
            return done;
        }
        if (wanted("start")) return MeasureStart(flags.start, report);
        return absl::OkStatus();
      });
}

}  // namespace
}  // namespace va::bench

int main(int argc, char** argv) { return va::bench::Main(argc, argv); }
