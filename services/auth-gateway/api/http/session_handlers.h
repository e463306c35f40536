// Whose session a request comes with, and the answers of those endpoints that need one.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// The live session of the request's cookie, its window moved; nothing without one.
absl::StatusOr<std::optional<SessionRecord>> SessionOf(const GatewayDeps& deps,
                                                       const http::Request& request);

// 503 and 401 for a client that reads JSON.
http::Response UnavailableJson();
http::Response NotAuthorizedJson();

}  // namespace va::gateway
