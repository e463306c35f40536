#include "services/inherited-proofing/adapters/http_mhv_proofing.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status.h"
#include "services/inherited-proofing/adapters/mhv_answers.h"

namespace va::proofing {
namespace {

// The longest good answer is below a kilobyte.
constexpr size_t kMaxAnswer = 64 * 1024;

absl::Status Fault(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kUnavailable, reason, message, true);
}

absl::Status BadId() {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "IDENTIFIER_MALFORMED",
                         "an identifier that MHV cannot be asked by");
}

// A call that brought no HTTP answer.
absl::Status ClassifyFault(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return Fault("MHV_TIMEOUT", "MHV did not answer in time");
  if (absl::IsResourceExhausted(status)) {
    return Fault("MHV_MALFORMED", "MHV's answer is larger than any answer of this kind");
  }
  return Fault("MHV_UNAVAILABLE", absl::StrCat("MHV: ", base::ReasonOf(status)));
}

// An answer without a type counts as JSON: whether MHV labels its answers is not known. A page of a
// proxy does carry one.
bool MayBeJson(const http::Headers& headers) {
  return !headers.Has("Content-Type") || http::HasMediaType(headers, "application/json");
}

}  // namespace

HttpMhvProofing::HttpMhvProofing(Deps deps, MhvSettings settings)
    : deps_(deps), settings_(std::move(settings)), app_token_(settings_.app_token) {
  settings_.url = std::string(absl::StripSuffix(settings_.url, "/"));
}

absl::StatusOr<std::string> HttpMhvProofing::Get(absl::string_view call, absl::string_view id,
                                                 const CallScope& scope) const {
  const absl::Duration left = scope.deadline - deps_.clock.Now();
  if (left <= absl::ZeroDuration()) return Fault("MHV_TIMEOUT", "no time left to ask MHV");
  http::ClientRequest request;
  request.url = absl::StrCat(settings_.url, "/", call, "/", id);
  request.headers.Add("appToken", app_token_.Get()->Reveal());
  request.headers.Add("Content-Type", "application/json");
  request.headers.Add("Accept", "application/json");
  request.timeout = std::min(left, settings_.timeout);
  request.max_response = kMaxAnswer;
  absl::StatusOr<http::ClientResponse> response = deps_.http.Send(request);
  if (!response.ok()) return ClassifyFault(response.status());
  if (response->status != 200) {
    return Fault("MHV_UNAVAILABLE", absl::StrCat("MHV answered HTTP ", response->status));
  }
  if (!MayBeJson(response->headers)) {
    return Fault("MHV_CONTENT_TYPE", "MHV's answer says that it is not JSON");
  }
  return std::move(response->body);
}

absl::StatusOr<std::optional<MhvAccount>> HttpMhvProofing::FindAccount(const identity::Icn& icn,
                                                                       const CallScope& scope) {
  // Both kinds of id become part of a path: nothing else may come along with them.
  if (!icn.IsWellFormed()) return BadId();
  const absl::StatusOr<std::string> body = Get("validmhvid", icn.Reveal(), scope);
  if (!body.ok()) return body.status();
  return ParseAccount(*body);
}

absl::StatusOr<ProofingRecord> HttpMhvProofing::ReadRecord(const identity::CspId& mhv_id,
                                                           const CallScope& scope) {
  if (!IsMhvId(mhv_id)) return BadId();
  const absl::StatusOr<std::string> body = Get("mhvacctinfo", mhv_id.Reveal(), scope);
  if (!body.ok()) return body.status();
  return ParseRecord(*body);
}

}  // namespace va::proofing
