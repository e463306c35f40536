// The broker's global logout (ssoe_saml.md 11.3): an address of the outside party that ends the
// session it keeps for us. No SAML message goes there, so nothing is signed; which of our
// applications asks is said by a key that the broker knows. Pure.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace va::gateway {

// As configured. Without a url there is no global logout, and ours is all there is.
struct GlobalLogout {
  std::string url;
  std::string app_key;
  std::string declined_app_key;  // of somebody who declined the terms; empty: app_key
};

// The longest client id that is handed on.
inline constexpr size_t kMaxClientId = 128;

struct GlobalLogoutRequest {
  std::string client_id;  // handed on to the broker; empty: none
  bool agreements_declined = false;
};

// Where the browser goes once our session has ended: the broker, or without one the signed-out page
// below `front_end`. The key is encoded twice, as the broker expects it, and clientId comes last:
// browser extensions that cut tracking parameters otherwise cut the key as well.
std::string GlobalLogoutRedirect(const GlobalLogout& settings, const GlobalLogoutRequest& request,
                                 absl::string_view front_end);

}  // namespace va::gateway
