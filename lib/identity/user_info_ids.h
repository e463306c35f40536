// Which correlated identifiers user info may show to a client (sign_in_service.md 19.3): a
// station's own, and those of systems that are on the list. Everything else is nobody's business
// there.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace va::identity {

// Whether every identifier of the pipe-joined list may be shown. An empty list may.
bool AreApprovedForUserInfo(absl::string_view joined);

// The list without what may not be shown, in order.
std::string ApprovedForUserInfo(absl::string_view joined);

}  // namespace va::identity
