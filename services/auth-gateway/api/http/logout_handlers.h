// Signing out: by the person's own button, and by the word of their identity provider. POST
// /v0/logout ends the session of the cookie first and then tells the IdP; /v1/sessions/saml_logout
// takes the messages of single logout, by Redirect and by POST (SAML profiles 4.4).
#pragma once

#include <optional>
#include <variant>

#include "lib/http/message.h"
#include "services/auth-gateway/api/http/deps.h"
#include "services/auth-gateway/domain/logout.h"

namespace va::gateway {

inline constexpr absl::string_view kSamlLogoutPath = "/v1/sessions/saml_logout";

// Ends the session of the request's cookie and puts that on record. Whether the browser may ask for
// it was decided before. What ended, if anything did; the answer to give when that cannot be said.
// Whoever goes on also expires the cookie.
std::variant<std::optional<EndedSession>, http::Response> EndSessionOf(
    const GatewayDeps& deps, const http::Request& request);

// The same, and then on to the IdP that wants to hear of it, or to the signed-out page.
http::Response SignOut(const GatewayDeps& deps, const http::Request& request);

http::Response HandleLogout(const GatewayDeps& deps, http::Request& request);

http::Response HandleSamlLogoutQuery(const GatewayDeps& deps, http::Request& request);
http::Response HandleSamlLogoutForm(const GatewayDeps& deps, http::Request& request);

}  // namespace va::gateway
