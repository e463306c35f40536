#include "lib/service/upstream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::service {
namespace {

// The reasons of http::Client, and classes of answers.
std::vector<std::string> Outcomes() {
  return {"2xx",
          "3xx",
          "4xx",
          "5xx",
          "CONNECT",
          "TLS",
          "CONNECTION_LOST",
          "TIMEOUT",
          "RESPONSE_TOO_LARGE",
          "BAD_REQUEST"};
}

// Between answers that took too long and connections that never came, an upstream is slow in
// hundreds of milliseconds, not in single ones.
std::vector<double> UpstreamBuckets() {
  return {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

std::string OutcomeOf(const absl::StatusOr<http::ClientResponse>& answer) {
  if (!answer.ok()) return base::ReasonOf(answer.status());
  return absl::StrCat(answer->status / 100, "xx");
}

}  // namespace

MeteredClient::MeteredClient(std::unique_ptr<http::Client> client, std::string party, Deps deps)
    : client_(std::move(client)),
      party_(std::move(party)),
      tracer_(deps.tracer),
      clock_(deps.clock),
      requests_(deps.metrics.AddCounter("va_upstream_requests_total",
                                        "Requests to parties outside, by party and outcome.",
                                        {{"party", {party_}}, {"outcome", Outcomes()}})),
      took_(deps.metrics.AddHistogram("va_upstream_request_seconds", "How long they took.",
                                      {{"party", {party_}}}, UpstreamBuckets())) {}

absl::StatusOr<http::ClientResponse> MeteredClient::Send(const http::ClientRequest& request) {
  const base::TraceContext parent = base::CurrentTrace();
  const base::TraceContext trace = base::ChildOf(parent);
  const base::Stopwatch watch;
  absl::StatusOr<http::ClientResponse> answer =
      absl::InternalError("not sent");  // replaced in either branch
  if (trace.valid()) {
    http::ClientRequest traced = request;
    traced.headers.Set("traceparent", base::ToTraceparent(trace));
    answer = client_->Send(traced);
  } else {
    answer = client_->Send(request);
  }
  Done(OutcomeOf(answer), watch.Elapsed(), trace, parent);
  return answer;
}

void MeteredClient::Done(absl::string_view outcome, absl::Duration took,
                         const base::TraceContext& trace, const base::TraceContext& parent) const {
  requests_.Add({party_, outcome});
  took_.Observe({party_}, took);
  if (!trace.valid()) return;
  // The reason of a failure is one of a closed set; anything else would be somebody's text.
  const std::vector<std::string> outcomes = Outcomes();
  const bool known = std::find(outcomes.begin(), outcomes.end(), outcome) != outcomes.end();
  tracer_.Record({party_,
                  telemetry::SpanKind::kClient,
                  trace,
                  parent.span,
                  clock_.Now() - took,
                  took,
                  outcome != "2xx",
                  {{"va.outcome", known ? outcome : absl::string_view("other")}}});
}

std::unique_ptr<http::Client> Metered(std::unique_ptr<http::Client> client, std::string party,
                                      const Runtime& runtime) {
  return std::make_unique<MeteredClient>(
      std::move(client), std::move(party),
      MeteredClient::Deps{runtime.metrics, runtime.tracer, runtime.clock});
}

}  // namespace va::service
