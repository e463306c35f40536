#include "lib/rpc/status.h"

#include <string>
#include <utility>

#include "google/rpc/status.pb.h"
#include "lib/base/status.h"
#include "va/common/v1/error.pb.h"

namespace va::rpc {
namespace {

// Finds our detail among those of the envelope; anything malformed counts as absent.
bool FindDetail(const std::string& bytes, common::v1::ErrorDetail& detail) {
  google::rpc::Status envelope;
  if (bytes.empty() || !envelope.ParseFromString(bytes)) return false;
  for (const google::protobuf::Any& any : envelope.details()) {
    if (any.Is<common::v1::ErrorDetail>()) return any.UnpackTo(&detail);
  }
  return false;
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  std::string reason = base::ReasonOf(status);
  // The two enumerations are the same numbers by design of both libraries.
  const auto code = static_cast<grpc::StatusCode>(status.code());
  std::string message =
      reason.empty() ? absl::StatusCodeToString(status.code()) : std::string(status.message());
  if (reason.empty()) reason = absl::StatusCodeToString(status.code());

  common::v1::ErrorDetail detail;
  detail.set_reason(std::move(reason));
  detail.set_retryable(base::IsRetryable(status));
  for (const auto& [name, value] : base::FactsOf(status)) (*detail.mutable_safe())[name] = value;
  google::rpc::Status envelope;
  envelope.set_code(static_cast<int>(status.code()));
  envelope.set_message(message);
  envelope.add_details()->PackFrom(detail);
  return {code, message, envelope.SerializeAsString()};
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  common::v1::ErrorDetail detail;
  if (FindDetail(status.error_details(), detail)) {
    absl::Status failure =
        base::MakeError(code, detail.reason(), status.error_message(), detail.retryable());
    for (const auto& [name, value] : detail.safe()) {
      failure = base::WithFact(std::move(failure), name, value);
    }
    return failure;
  }
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return base::MakeError(code, "RPC_UNAVAILABLE", status.error_message(), true);
    case absl::StatusCode::kDeadlineExceeded:
      return base::MakeError(code, "RPC_DEADLINE", status.error_message(), true);
    default:
      return base::MakeError(code, absl::StatusCodeToString(code), status.error_message());
  }
}

}  // namespace va::rpc
