// The signed-in person: GET /v0/user says who they are.
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

http::Response HandleUser(const GatewayDeps& deps, http::Request& request);

// 503 for a client that reads JSON.
http::Response UnavailableJson();

}  // namespace va::gateway
