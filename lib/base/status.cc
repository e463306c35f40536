#include "lib/base/status.h"

#include "absl/strings/cord.h"

namespace va::base {
namespace {

constexpr char kReasonUrl[] = "va/reason";
constexpr char kRetryableUrl[] = "va/retryable";

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

}  // namespace va::base
