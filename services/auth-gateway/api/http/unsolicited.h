// Responses that nobody asked for (decision P1): refused, unless the policy lists the provider with
// allow_unsolicited. Nothing ties such a response to the browser that posts it, so whoever has one
// of their own could sign a stranger in as themselves. What stands against that: only listed
// providers, each response once, and only a post that the browser says comes from the provider's
// own site (attack S97).
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/domain/signin_flow.h"

namespace va::gateway {

// Reads the posted response as one that answers nothing. Nothing when no listed provider sent it:
// then it is an answer to an attempt that is not known. Otherwise what became of it; RelayState is
// not looked at, and the attempt made for it is for the default application.
std::optional<FlowEvent> ReadUnsolicited(const GatewayDeps& deps, const http::Request& request,
                                         absl::string_view form_value,
                                         const std::string& browser_id, absl::Time now,
                                         absl::Time deadline);

}  // namespace va::gateway
