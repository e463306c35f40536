// Failures across the wire: absl::Status here, grpc::Status with va.common.v1.ErrorDetail inside
// the standard google.rpc.Status envelope there. Only texts written by our own code travel; a
// status without a reason comes from some library and its words may quote data, so they stay
// behind.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace va::rpc {

grpc::Status ToGrpc(const absl::Status& status);

// Keeps code, message, reason and retryability. A failure of the connection itself gets the reason
// RPC_UNAVAILABLE or RPC_DEADLINE and is retryable.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace va::rpc
