// A JWK that is an object already, for the files of lib/jose: alone, or one of a set.
#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "lib/jose/jwk.h"

namespace va::jose {

// Errors: JwkReject. The object was read with each name once.
absl::StatusOr<Jwk> ReadJwk(const nlohmann::json& object);

// Whether the object has a member that no public key has.
bool HasPrivatePart(const nlohmann::json& object);

// Overwrites the private members before they are forgotten.
void CleanseJwk(nlohmann::json& object);

}  // namespace va::jose
