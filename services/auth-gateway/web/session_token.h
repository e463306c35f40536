// Opaque tokens as the browser holds them and as we keep them. The store never sees a token: it is
// given the hash, so that a leaked table grants nothing.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace va::gateway {

// Bytes of randomness in a session token, a browser id and a RelayState handle.
inline constexpr int kSessionTokenBytes = 32;
inline constexpr int kBrowserIdBytes = 16;
inline constexpr int kFlowHandleBytes = 16;

// SHA-256, 32 raw bytes.
std::string HashToken(absl::string_view token);

}  // namespace va::gateway
