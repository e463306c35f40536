// Reads a request for an account as MHV's account API would: the API key, the bearer token of the
// token service, the person in it, and every field of the body (mpi_mhv.md 2.11).
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/crypto/keys.h"
#include "lib/http/message.h"

namespace va::simulators {

inline constexpr absl::string_view kTokenIssuer = "va.gov sign in";

// What the caller is told. The codes of malformed requests and of unknown people are not known to
// the public; the two used here are among those that nobody can act on.
struct AccountRefusal {
  int status = 400;
  int code = 0;  // 0: none, the request did not get as far as the API itself
  std::string message;
};

// Problems name headers, claims and fields, never what they hold.
struct CheckedAccountRequest {
  std::string icn;
  AccountRefusal refusal;
  std::vector<std::string> problems;
};

// `scope` is the address of the account API, `token_key` that of the token service.
CheckedAccountRequest CheckAccountRequest(const http::Request& request, const std::string& api_key,
                                          const crypto::PublicKey& token_key,
                                          const std::string& scope, absl::Time now);

}  // namespace va::simulators
