// Where a browser goes once an attempt or a session is over: the published rules of the return
// addresses (ssoe_saml.md 10.2 and 10.4), in one place. Which `redirect` is allowed at all is
// decided before, by return_target. Pure.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace va::gateway {

// The path of the front end's result page, and of ours when no front end is configured.
inline constexpr absl::string_view kLandingPath = "/auth/login/callback";

// What an attempt fixed at its start about its way back.
struct LoginReturn {
  std::string landing;      // address of the result page; a query it has is kept
  std::string type;         // relay type of the attempt; empty: none is told
  bool inbound = false;     // the attempt came from elsewhere (type custom)
  std::string redirect;     // where a success goes instead; empty: to the result page
  bool post_login = false;  // with `redirect`: the page there is told that somebody has signed in
};

// How the attempt ended. A success has neither code nor request id.
struct LoginEnd {
  bool success = false;
  std::string code;
  std::string request_id;
};

// The address to send the browser to. On the result page's query `auth` says what happened unless
// it went well: "fail", or "force-needed" for an inbound attempt, which must end without an error
// page. Keys stand in alphabetical order.
std::string LoginRedirect(const LoginReturn& where, const LoginEnd& end);

// Where a browser goes after its session has ended. `base` is the front end, without a slash at the
// end.
std::string LogoutRedirect(absl::string_view base, bool agreements_declined);

}  // namespace va::gateway
