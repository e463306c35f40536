// The terms of use of somebody who is signed in: GET /terms-of-use/ shows the document that applies
// and how they answered it, POST puts an answer on record and, with a yes, has the My HealtheVet
// account asked for again.
#pragma once

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"

namespace va::gateway {

inline constexpr char kTermsPath[] = "/terms-of-use/";

http::Response HandleTermsPage(const GatewayDeps& deps, http::Request& request);
http::Response HandleTermsAnswer(const GatewayDeps& deps, http::Request& request);

}  // namespace va::gateway
