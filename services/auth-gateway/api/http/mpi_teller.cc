#include "services/auth-gateway/api/http/mpi_teller.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "lib/base/status.h"

namespace va::gateway {

MpiTeller::MpiTeller(Submit submit, TellingLimits limits, PersonIndex& persons,
                     const base::Clock& clock, const telemetry::Log& log,
                     TellingTelemetry telemetry)
    : submit_(std::move(submit)),
      limits_(limits),
      persons_(persons),
      clock_(clock),
      log_(log),
      telemetry_(telemetry),
      stop_by_ns_(std::numeric_limits<int64_t>::max()) {}

void MpiTeller::Enqueue(MpiNews news) {
  const absl::string_view why = WhyUntellable(news);
  if (!why.empty()) return Skip(news, "skipped", why);
  const absl::Time fresh_until = clock_.Now() + limits_.fresh;
  const auto shared = std::make_shared<const MpiNews>(std::move(news));
  if (!submit_([this, shared, fresh_until] { Work(*shared, fresh_until); })) {
    Skip(*shared, "dropped", "QUEUE_FULL");
  }
}

void MpiTeller::StopBy(absl::Time end) { stop_by_ns_ = absl::ToUnixNanos(end); }

void MpiTeller::Work(const MpiNews& news, absl::Time fresh_until) {
  telemetry::Span span(telemetry_.tracer, clock_, "sign_in.tell_mpi");
  span.Join(news.flow_id);
  if (clock_.Now() >= fresh_until) return Skip(news, "dropped", "WAITED_TOO_LONG");
  const auto deadline = NextDeadline();
  if (!deadline.has_value()) return Skip(news, "dropped", "STOPPING");
  const base::Stopwatch watch;
  const auto told = persons_.Tell(news, {news.flow_id, *deadline});
  Report(news, told, watch.Elapsed());
}

void MpiTeller::Skip(const MpiNews& news, absl::string_view outcome, absl::string_view why) const {
  telemetry_.outcomes.Add({ToString(news.update.reason), outcome});
  log_.Warn("mpi.not_told", {{"req", news.flow_id},
                             {"update", ToString(news.update.reason)},
                             {"outcome", outcome},
                             {"reason", why}});
}

void MpiTeller::Report(const MpiNews& news, const absl::StatusOr<MpiTold>& told,
                       absl::Duration took) const {
  // A message that mpi-adapter does not take is refused; whatever else went wrong may have been
  // heard or not.
  const MpiTold outcome = told.ok()                                ? *told
                          : absl::IsInvalidArgument(told.status()) ? MpiTold::kRefused
                                                                   : MpiTold::kUnavailable;
  telemetry_.outcomes.Add({ToString(news.update.reason), ToString(outcome)});
  const int64_t ms = absl::ToInt64Milliseconds(took);
  if (outcome == MpiTold::kDone || outcome == MpiTold::kKnown) {
    log_.Info("mpi.told", {{"req", news.flow_id},
                           {"update", ToString(news.update.reason)},
                           {"outcome", ToString(outcome)},
                           {"ms", ms}});
    return;
  }
  log_.Warn("mpi.not_told", {{"req", news.flow_id},
                             {"update", ToString(news.update.reason)},
                             {"outcome", ToString(outcome)},
                             {"reason", told.ok() ? "" : base::ReasonOf(told.status())},
                             {"ms", ms}});
}

std::optional<absl::Time> MpiTeller::NextDeadline() const {
  const absl::Time now = clock_.Now();
  const int64_t stop_by_ns = stop_by_ns_.load();
  if (stop_by_ns == std::numeric_limits<int64_t>::max()) return now + limits_.deadline;
  const absl::Time stop_by = absl::FromUnixNanos(stop_by_ns);
  if (now >= stop_by) return std::nullopt;
  return std::min(now + limits_.deadline, stop_by);
}

}  // namespace va::gateway
