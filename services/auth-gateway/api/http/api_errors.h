// Refusals as the JSON surfaces word them: {"errors": [{title, detail, code, status}]}
// (ssoe_saml.md 6.3).
#pragma once

#include "lib/http/message.h"
#include "services/auth-gateway/domain/signin_plan.h"

namespace va::gateway {

http::Response ApiErrorJson(int status, const ApiError& error);

}  // namespace va::gateway
