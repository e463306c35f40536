// Strict reading of JSON objects in tokens, for the files of lib/jose: every name once at every
// level (attack J8: two readers would take different values), bounded depth, well-formed UTF-8 and
// no byte order mark.
#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/jose/jose_reject.h"
#include "lib/jose/jwt.h"

namespace va::jose {

// `not_json` and `duplicate` are the rejects to answer with. The caller has bounded the size.
absl::StatusOr<nlohmann::json> ReadObject(absl::string_view text, JoseReject not_json,
                                          JoseReject duplicate);

// The payload of a token as an object.
absl::StatusOr<nlohmann::json> ReadClaimsObject(absl::string_view payload);

// The registered claims of such an object. CLAIM_MALFORMED for a wrong type, a time that is no
// sensible number, an empty audience.
absl::StatusOr<Claims> RegisteredClaims(const nlohmann::json& object);

}  // namespace va::jose
