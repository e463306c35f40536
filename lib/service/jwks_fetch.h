// Where a jose::JwksCache gets its set from: an address over HTTPS.
#pragma once

#include <string>

#include "lib/http/client.h"
#include "lib/jose/jwks_cache.h"

namespace va::service {

// A GET of `url`, which the operator named: no redirect is followed, nothing but 200 is an answer,
// and no more is read than a JWK Set may have. `client` outlives the function. Errors: those of the
// client, and UNAVAILABLE, JWKS_STATUS.
jose::JwksFetch FetchJwks(http::Client& client, std::string url);

}  // namespace va::service
