// Signing out by address, as the reference does it: /v1/sessions/slo/new ends our session and goes
// on to the broker's logout, /v1/sessions/ssoe_logout is where the broker sends the browser back,
// and /terms-of-use/declined is where somebody lands who declined the terms.
#pragma once

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"

namespace va::gateway {

inline constexpr absl::string_view kTermsDeclinedPath = "/terms-of-use/declined";

// A GET with an effect (decision P8): a page of another site is not believed, the person is asked
// first. The answer to that question is the POST.
http::Response HandleGlobalLogout(const GatewayDeps& deps, http::Request& request);
http::Response HandleGlobalLogoutConfirmed(const GatewayDeps& deps, http::Request& request);

http::Response HandleGlobalLogoutReturn(const GatewayDeps& deps, http::Request& request);

http::Response HandleTermsDeclinedPage(const GatewayDeps& deps, http::Request& request);

}  // namespace va::gateway
