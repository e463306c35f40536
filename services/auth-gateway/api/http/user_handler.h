// GET /v0/user: who is signed in (user_endpoint.md 1). The session says most of it; MPI and VA
// Profile are asked at the same time as far as they can be, within one deadline, and each may fail
// without taking the rest along: 296 then, with one object a failure.
#pragma once

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"

namespace va::gateway {

http::Response HandleUser(const GatewayDeps& deps, http::Request& request);

// Has what is kept of the account's contact information dropped, because a session of it ended.
// Returns at once: another thread does it, and what fails ends by its own time.
void DropContact(const GatewayDeps& deps, const std::string& account_id,
                 const std::string& request_id);

}  // namespace va::gateway
