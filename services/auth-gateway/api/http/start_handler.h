// GET /v1/sessions/{type}/new: makes the plan, remembers the attempt, and sends the browser to the
// identity provider with a signed request.
#pragma once

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"

namespace va::gateway {

http::Response HandleStart(const GatewayDeps& deps, http::Request& request);

}  // namespace va::gateway
