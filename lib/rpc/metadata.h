// What of a call's metadata is ours: names, and the only forms in which a value is believed. Either
// value ends up in logs and traces, so anything else counts as absent.
#pragma once

#include "absl/strings/string_view.h"

namespace va::rpc {

inline constexpr char kRequestIdKey[] = "va-request-id";
inline constexpr char kTraceparentKey[] = "traceparent";

// 1 to 64 letters, digits, '-', '_' and '.'.
bool IsRequestId(absl::string_view text);

// Version 00 of W3C trace context: 00-<32 lower hex, not all 0>-<16 lower hex, not all 0>-<2 hex>.
bool IsTraceparent(absl::string_view text);

}  // namespace va::rpc
