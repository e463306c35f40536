// Single logout as plain values: which sessions an IdP means, what is left to tell of a session
// that ended, and the one record of a browser that was sent to its IdP to sign out there as well.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"

namespace va::gateway {

// The sessions that an IdP means by a LogoutRequest.
struct IdpSessions {
  std::string idp;  // entity id
  identity::PersonText name_id;
  // Empty: left open, as the format is of a session that was asserted without one. Two that are
  // stated and differ are two people, even with one name.
  std::string name_id_format;
  std::string name_qualifier;                // who gave the name; empty: the IdP itself
  std::vector<std::string> session_indexes;  // none: all of that name
  // Without an index: sessions whose person authenticated after this are not meant. Or a request
  // that somebody kept would end a session that began after it (attack S140).
  absl::Time authenticated_by = absl::InfiniteFuture();
};

// The sessions of an account, or of one credential on it.
struct AccountSessions {
  std::string account_id;
  std::string verification_id;  // empty: whichever credential
  // Sessions that began after this are not meant.
  absl::Time begun_by = absl::InfiniteFuture();
};

// A session that is gone, as far as its IdP and the trail have to hear of it.
struct EndedSession {
  std::string token_hash;
  std::string flow_id;  // attempt that issued it
  std::string account_id;
  std::string application;
  std::optional<identity::Csp> csp;
  std::string idp;  // entity id; empty for a session of a release that did not keep it
  identity::PersonText name_id;
  std::string name_id_format;
  std::string name_qualifier;
  std::string sp_name_qualifier;
  std::string session_index;
};

// A LogoutRequest of ours that is on its way. Our own session ended before.
struct PendingLogout {
  std::string handle_hash;           // SHA-256 of the RelayState handle
  std::string browser_hash;          // SHA-256 of the flow cookie
  std::string request_id;            // what InResponseTo must say
  std::string idp;                   // entity id the browser was sent to
  std::optional<identity::Csp> csp;  // as the person knows it
  absl::Time created_at;
  absl::Time expires_at;
};

}  // namespace va::gateway
