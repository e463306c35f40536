// How a browser leaves for an identity provider: the request is built and signed, the attempt
// stored and put on record, and only then does the browser get the form (or the redirect) that
// takes it there. Shared by the start of a sign-in and by the step-up that follows a first leg.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

// The browser id that the flow cookie carries, or a new one.
std::string BrowserIdOf(const GatewayDeps& deps, const http::Request& request);

// `flow` says what is set out to do: id, plan, and what is known of an older session or leg.
// Everything that makes it an attempt of its own (handle, request id, provider, times) is filled in
// here. A provider that is closed is a refusal, a store that is away is try later: either way the
// browser stays.
http::Response Depart(const GatewayDeps& deps, FlowRecord flow, const std::string& browser_id,
                      absl::Time deadline);

}  // namespace va::gateway
