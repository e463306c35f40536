// The two cookies (decision P7). The flow cookie binds an attempt to a browser and must survive the
// IdP's cross-site POST, so it is SameSite=None and worth nothing by itself; the session cookie is
// Lax and is never read by the SAML callback.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/http/message.h"

namespace va::gateway {

inline constexpr absl::string_view kFlowCookie = "__Host-va_flow";
inline constexpr absl::string_view kSessionCookie = "__Host-va_session";

// The cookie's value; empty when it is absent. An error when the browser sent it twice, or
// something that we never set: whose session that is cannot be told, so nothing is looked up. Most
// callers treat that as absent.
absl::StatusOr<std::string> CookieValue(const http::Request& request, absl::string_view name);

void SetFlowCookie(http::Response& response, absl::string_view browser_id, absl::Duration lifetime);
void SetSessionCookie(http::Response& response, absl::string_view token);
void ExpireSessionCookie(http::Response& response);

// Whether the browser says that a page of another origin made this request, be it of a sibling
// host. Browsers that do not say are covered by SameSite.
bool IsFromElsewhere(const http::Request& request);

// Whether the browser names an origin, and it is neither `base_url` nor the host this request was
// sent to. Covers what IsFromElsewhere cannot: browsers that send no Sec-Fetch-Site.
bool HasForeignOrigin(const http::Request& request, absl::string_view base_url);

// Whether the browser says that this is no navigation but an image, a script or a frame of some
// page.
bool IsEmbedded(const http::Request& request);

// Whether the client would rather read HTML than JSON.
bool WantsHtml(const http::Request& request);

}  // namespace va::gateway
