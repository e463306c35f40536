#include "tests/bench/simulator_knobs.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/clock.h"

namespace va::bench {
namespace {

constexpr absl::Duration kQuiet = absl::Milliseconds(500);
constexpr absl::Duration kLookEvery = absl::Milliseconds(50);

}  // namespace

absl::Status SimulatorKnobs::Set(absl::string_view fault) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = absl::StrCat(url_, "/_sim/faults");
  request.headers.Add("Content-Type", "application/json");
  request.body = std::string(fault);
  const auto answer = client_.Send(request);
  if (!answer.ok()) return answer.status();
  if (answer->status == 200) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(name_, " refused a fault with ", answer->status));
}

absl::StatusOr<int64_t> SimulatorKnobs::Calls() {
  http::ClientRequest request;
  request.url = absl::StrCat(url_, "/_sim/calls");
  const auto answer = client_.Send(request);
  if (!answer.ok()) return answer.status();
  const auto counts = nlohmann::json::parse(answer->body, nullptr, false);
  if (!counts.is_object()) return absl::InternalError(absl::StrCat(name_, " counts no calls"));
  int64_t calls = 0;
  for (const auto& [path, count] : counts.items()) {
    if (!count.is_number_integer()) return absl::InternalError("a count that is no number");
    calls += count.get<int64_t>();
  }
  return calls;
}

absl::Status SimulatorKnobs::Settle(absl::Duration limit) {
  const base::Stopwatch whole;
  base::Stopwatch quiet;
  int64_t seen = -1;
  while (whole.Elapsed() < limit) {
    const auto calls = Calls();
    if (!calls.ok()) return calls.status();
    if (*calls != seen) {
      seen = *calls;
      quiet = base::Stopwatch();
    } else if (quiet.Elapsed() >= kQuiet) {
      return absl::OkStatus();
    }
    absl::SleepFor(kLookEvery);
  }
  return absl::DeadlineExceededError(
      absl::StrCat(name_, " is still being called for earlier work"));
}

}  // namespace va::bench
