#include "lib/service/clock_watch.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/testing/fake_clock.h"

namespace va::service {
namespace {

class MemorySink final : public telemetry::Sink {
 public:
  bool Write(absl::string_view line) override {
    absl::StrAppend(&text, line);
    return true;
  }
  std::string text;
};

}  // namespace

TEST_CASE("ClockWatch C1: a clock that was set is counted, shown and logged", "[clock]") {
  va::testing::FakeClock clock;
  MemorySink sink;
  const telemetry::Log log("mpi-adapter", telemetry::Severity::kInfo, clock, sink);
  telemetry::Metrics metrics;
  // Turns by itself after an hour only.
  ClockWatch watch(clock, log, metrics, absl::Hours(1));
  const absl::Time wall = clock.Now();
  watch.Look(wall, absl::Seconds(10));
  watch.Look(wall + absl::Seconds(10), absl::Seconds(20));
  CHECK(absl::StrContains(metrics.Text(), "va_clock_steps_total 0"));
  watch.Look(wall + absl::Seconds(20) - absl::Hours(1), absl::Seconds(30));
  CHECK(absl::StrContains(metrics.Text(), "va_clock_steps_total 1"));
  CHECK(absl::StrContains(metrics.Text(), "va_clock_step_seconds -3600"));
  CHECK(absl::StrContains(sink.text, "clock.stepped"));
}

}  // namespace va::service
