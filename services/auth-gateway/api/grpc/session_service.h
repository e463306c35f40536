// va.session.v1.SessionService: what a session token stands for, for services behind the gateway.
#pragma once

#include "lib/base/clock.h"
#include "lib/rpc/server.h"
#include "services/auth-gateway/domain/ports.h"

namespace va::gateway {

inline constexpr char kIntrospectMethod[] = "va.session.v1.SessionService/Introspect";

// Registers the service. `sessions` and `clock` outlive the server.
void RegisterSessionService(rpc::ServerBuilder& builder, SessionStore& sessions,
                            const base::Clock& clock);

}  // namespace va::gateway
