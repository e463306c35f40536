#include "tests/bench/frame_start.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/http/client.h"
#include "lib/testing/test_pki.h"
#include "tests/bench/rounds.h"
#include "tests/bench/second_process.h"
#include "tests/bench/stack.h"

namespace va::bench {
namespace {

constexpr double kReadySeconds = 2;

absl::StatusOr<absl::Duration> StartOnce(const std::string& service, const std::string& dev_dir,
                                         http::Client& client) {
  const testing::TempDir audit;
  const std::string prefix = absl::StrCat("VA_", absl::AsciiStrToUpper(Underscored(service)), "__");
  const auto ops = FreePort();
  const auto grpc = FreePort();
  const auto edge = FreePort();
  if (!ops.ok() || !grpc.ok() || !edge.ok()) return absl::InternalError("no free port");
  std::vector<std::string> settings = {
      absl::StrCat(prefix, "OPS__LISTEN=127.0.0.1:", *ops),
      absl::StrCat(prefix, "GRPC__LISTEN=127.0.0.1:", *grpc),
      absl::StrCat(prefix, "AUDIT__FILE=", audit.path(), "/audit.jsonl"),
  };
  if (service == "auth-gateway") {
    settings.push_back(absl::StrCat(prefix, "PUBLIC__LISTEN=127.0.0.1:", *edge));
  }
  const base::Stopwatch watch;
  SecondProcess process(ProgramBeside(service), absl::StrCat(dev_dir, "/config/", service, ".yaml"),
                        settings);
  if (absl::Status ready = process.AwaitReady(*ops, client); !ready.ok()) {
    return absl::UnavailableError(absl::StrCat(service, ": ", ready.message()));
  }
  return watch.Elapsed();
}

}  // namespace

absl::Status MeasureStart(const StartRounds& how, Report& report) {
  const char* const dev_dir = std::getenv("VA_DEV_DIR");
  if (dev_dir == nullptr) return absl::FailedPreconditionError("VA_DEV_DIR is not set: no stack");
  const auto client = http::CurlClient::Create({.allow_plain_http = true});
  if (!client.ok()) return client.status();
  std::vector<Candidate> candidates;
  for (const std::string& service : ServiceNames()) {
    candidates.push_back(
        {service, [&service, dev_dir, &client] { return StartOnce(service, dev_dir, **client); }});
  }
  const auto measured = RunRounds(candidates, how.starts);
  if (!measured.ok()) return measured.status();
  for (const std::string& service : ServiceNames()) {
    report.Cost(*measured, service, "from its start to ready");
    report.AtMost(absl::StrCat("start_to_ready_s_", Underscored(service)),
                  absl::ToDoubleSeconds(measured->MedianOf(service)), kReadySeconds);
  }
  return absl::OkStatus();
}

}  // namespace va::bench
