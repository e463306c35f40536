#include "services/auth-gateway/web/session_token.h"

#include "lib/crypto/hash.h"

namespace va::gateway {

std::string HashToken(absl::string_view token) { return crypto::Sha256(token); }

}  // namespace va::gateway
