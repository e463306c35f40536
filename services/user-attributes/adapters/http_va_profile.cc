#include "services/user-attributes/adapters/http_va_profile.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/resilience/retry.h"
#include "services/user-attributes/adapters/va_profile_answer.h"

namespace va::attributes {
namespace {

constexpr char kPath[] = "/contact-information-hub/cuf/contact-information/v1/";
// Who we are to VA Profile.
constexpr char kSystemName[] = "VETSGOV";
constexpr resilience::RetryPolicy kRetry = {
    .max_attempts = 2, .first = absl::Milliseconds(50), .longest = absl::Milliseconds(50)};
// What failed slowly waited for somebody behind VA Profile; asked again, it would wait again.
constexpr absl::Duration kFailedAtOnce = absl::Milliseconds(500);

absl::Status Unavailable(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kUnavailable, "VA_PROFILE_UNAVAILABLE", message,
                         /*retryable=*/true);
}

absl::Status Unreadable(absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInternal, "VA_PROFILE_ANSWER", message);
}

// Codes under which the other side says of itself that it cannot answer now.
bool IsOutage(int status) { return status >= 500 || status == 408 || status == 429; }

// The next try may meet a process that lives. Who answers 429 is left alone.
bool MayHelpAgain(const absl::StatusOr<http::ClientResponse>& response) {
  if (response.ok()) return response->status >= 500;
  const std::string reason = base::ReasonOf(response.status());
  return reason == "CONNECT" || reason == "CONNECTION_LOST";
}

absl::Status FaultOf(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded, "VA_PROFILE_TIMEOUT",
                           "VA Profile did not answer in time", /*retryable=*/true);
  }
  if (absl::IsResourceExhausted(status)) return Unreadable("VA Profile's answer: too large");
  return Unavailable(
      absl::StrCat("VA Profile could not be asked: ", std::string(base::ReasonOf(status))));
}

absl::StatusOr<std::optional<ContactHistory>> ReadResponse(const http::ClientResponse& response,
                                                           const identity::CspId& vet360_id) {
  if (response.status == 404) return std::optional<ContactHistory>();
  if (response.status != 200) {
    const std::string words = absl::StrCat("VA Profile answered ", response.status);
    return IsOutage(response.status) ? Unavailable(words) : Unreadable(words);
  }
  if (!http::HasMediaType(response.headers, "application/json")) {
    return Unreadable("VA Profile's answer: no JSON by its content type");
  }
  absl::StatusOr<ContactHistory> history = ReadVaProfileAnswer(response.body, vet360_id);
  if (!history.ok()) return history.status();
  if (history->audit_id.empty()) {
    history->audit_id = std::string(response.headers.Get("vaprofiletxauditid").value_or(""));
  }
  return std::optional<ContactHistory>(*std::move(history));
}

absl::string_view OutcomeOf(const absl::StatusOr<std::optional<ContactHistory>>& answer) {
  if (answer.ok()) return answer->has_value() ? "answered" : "unknown";
  if (absl::IsDeadlineExceeded(answer.status())) return "timeout";
  return absl::IsUnavailable(answer.status()) ? "unavailable" : "answer";
}

}  // namespace

telemetry::Counter VaProfileCounter(telemetry::Metrics& metrics) {
  return metrics.AddCounter(
      "va_user_attributes_va_profile_total", "Questions to VA Profile, by what became of them.",
      {{"outcome", {"answered", "unknown", "unavailable", "timeout", "answer"}}});
}

HttpVaProfile::HttpVaProfile(Deps deps, Settings settings)
    : deps_(std::move(deps)), settings_(std::move(settings)) {}

absl::StatusOr<std::optional<ContactHistory>> HttpVaProfile::Fetch(const identity::CspId& vet360_id,
                                                                   absl::string_view request_id,
                                                                   absl::Time deadline) {
  if (!IsVet360Id(vet360_id.Reveal())) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "VET360_ID",
                           "an id of VA Profile is a number");
  }
  const absl::Time end = std::min(deadline, deps_.clock.Now() + settings_.timeout);
  const auto response = GetTwice(absl::StrCat(settings_.base_url, kPath, vet360_id.Reveal()), end);
  absl::StatusOr<std::optional<ContactHistory>> answer =
      response.ok() ? ReadResponse(*response, vet360_id) : FaultOf(response.status());
  const int status = response.ok() ? response->status : 0;
  const absl::string_view outcome = OutcomeOf(answer);
  deps_.outcomes.Add({outcome});
  if (outcome != "answered") {
    deps_.log.Warn("va_profile.not_answered", {{"req", request_id},
                                               {"outcome", outcome},
                                               {"status", status},
                                               {"detail", answer.status().message()}});
  }
  if (answer.ok() || status == 0) return answer;
  return base::WithFact(answer.status(), "status", absl::StrCat(status));
}

absl::StatusOr<http::ClientResponse> HttpVaProfile::GetTwice(const std::string& url,
                                                             absl::Time end) const {
  const absl::Time began = deps_.clock.Now();
  absl::StatusOr<http::ClientResponse> response = Get(url, end);
  const absl::Time failed = deps_.clock.Now();
  if (!MayHelpAgain(response) || failed - began > kFailedAtOnce) return response;
  const auto pause = resilience::NextPause(kRetry, 1, failed, end, Random01());
  if (!pause.has_value()) return response;
  if (deps_.sleep) deps_.sleep(*pause);
  return Get(url, end);
}

absl::StatusOr<http::ClientResponse> HttpVaProfile::Get(const std::string& url,
                                                        absl::Time end) const {
  const absl::Duration timeout = end - deps_.clock.Now();
  if (timeout <= absl::ZeroDuration()) {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded, "TIMEOUT", "no time was left");
  }
  http::ClientRequest request;
  request.url = url;
  request.headers.Add("Accept", "application/json");
  request.headers.Add("Content-Type", "application/json");
  request.headers.Add("cufSystemName", kSystemName);
  request.timeout = timeout;
  request.max_response = kMaxVaProfileAnswer;
  return deps_.http.Send(request);
}

double HttpVaProfile::Random01() const {
  const std::string bytes = deps_.ids.RandomBytes(4);
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return static_cast<double>(number) / 4294967296.0;
}

absl::StatusOr<std::optional<ContactHistory>> NoVaProfile::Fetch(
    const identity::CspId& /*vet360_id*/, absl::string_view /*request_id*/,
    absl::Time /*deadline*/) {
  return base::MakeError(absl::StatusCode::kUnavailable, "VA_PROFILE_UNAVAILABLE",
                         "VA Profile is not configured: va_profile.base_url is empty");
}

}  // namespace va::attributes
