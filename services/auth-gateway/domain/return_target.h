// Builds the address a finished sign-in lands on. Targets are made on the server from the
// application's row: `to` must match the row's pattern, an absolute `redirect` must lie under the
// row's own hosts, and nothing a browser sends is followed as it is (decision P14, attack S141).
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/identity/policy.h"

namespace va::gateway {

// The longest `redirect` that is looked at. It travels into the attempt's row and back into a
// header.
inline constexpr size_t kMaxRedirect = 1024;

// What the browser asked for; empty strings when it asked for nothing.
struct TargetRequest {
  std::string to;
  std::string redirect;
  // Relay type of the attempt, which the front end's result page shows.
  std::string relay_type;
  // `redirect` is to be told that somebody has signed in.
  bool post_login = false;
};

// The absolute URL to land on. INVALID_ARGUMENT, with a message for an operator, when the request
// asks for a place the row does not grant.
absl::StatusOr<std::string> BuildReturnTarget(const identity::Application& application,
                                              const TargetRequest& request);

// Whether a session of this application may be sent to `url`: https, `host` (default port) or
// `host:port` in the row's list, the path that of the row's base or below it, no fragment. Checked
// again at use.
bool IsRegisteredTarget(const identity::Application& application, absl::string_view url);

// Rows without a return base land on the front end's result page: fills in its address and host.
// INVALID_ARGUMENT when `front_end_url` is not an absolute https URL.
absl::Status UseFrontEnd(absl::string_view front_end_url, identity::Policy& policy);

}  // namespace va::gateway
