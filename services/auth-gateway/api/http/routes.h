// Every public path of the gateway and the handler that answers it. The table of the edge, in one
// place.
#pragma once

#include "lib/http/router.h"
#include "services/auth-gateway/api/http/deps.h"

namespace va::gateway {

// The public router. `deps` must outlive it.
http::Router PublicRoutes(const GatewayDeps& deps);

// GET /attempts/{request_id} of the ops port: how one attempt ended and where its time went,
// without anything personal.
http::Response HandleAttempt(const GatewayDeps& deps, http::Request& request);

}  // namespace va::gateway
