// POST /v1/sessions/callback: performs the effects that the signin_flow dispatcher asks for, one
// after the other, until the attempt has ended in one of its four ways.
#pragma once

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"

namespace va::gateway {

http::Response HandleCallback(const GatewayDeps& deps, http::Request& request);

}  // namespace va::gateway
