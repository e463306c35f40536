#include "lib/base/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace va::base {
namespace {

constexpr char kReasonUrl[] = "va/reason";
constexpr char kRetryableUrl[] = "va/retryable";
constexpr absl::string_view kFactUrl = "va/fact/";

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       bool retryable) {
  absl::Status status(code, message);
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  if (retryable) status.SetPayload(kRetryableUrl, absl::Cord("1"));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

bool IsRetryable(const absl::Status& status) {
  return status.GetPayload(kRetryableUrl).has_value();
}

absl::Status WithFact(absl::Status status, absl::string_view name, absl::string_view value) {
  status.SetPayload(absl::StrCat(kFactUrl, name), absl::Cord(value));
  return status;
}

std::string FactOf(const absl::Status& status, absl::string_view name) {
  const auto payload = status.GetPayload(absl::StrCat(kFactUrl, name));
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::map<std::string, std::string> FactsOf(const absl::Status& status) {
  std::map<std::string, std::string> facts;
  status.ForEachPayload([&facts](absl::string_view url, const absl::Cord& value) {
    if (absl::ConsumePrefix(&url, kFactUrl)) facts.emplace(std::string(url), std::string(value));
  });
  return facts;
}

}  // namespace va::base
