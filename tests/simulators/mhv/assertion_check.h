// Reads a request for an access token as VA's token service would, and more strictly: the grant,
// the client's RS256 assertion, every claim in its form and nothing beside them (mpi_mhv.md 2.11).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/http/message.h"
#include "tests/simulators/mhv/client_keys.h"

namespace va::simulators {

// What the token service knows of its one client.
struct StsClient {
  std::string client_id;           // iss
  std::string service_account_id;  // empty: any, but one must be given
  // Those in force now; asked for every assertion, because keys are exchanged meanwhile.
  std::function<std::vector<ClientKey>()> keys;
};

// What could be read, and what is wrong. Problems name claims, never what they hold.
struct CheckedAssertion {
  std::string sub;  // the person's ICN
  std::string jti;
  std::string service_account_id;
  std::string assertion;  // as sent
  std::string key_id;     // that signed it
  std::string error;      // what the client is told; empty when all is right
  std::vector<std::string> problems;
};

// `audience` is the address of the token service, `scope` that of the account API.
CheckedAssertion CheckTokenRequest(const http::Request& request, const StsClient& client,
                                   const std::string& audience, const std::string& scope,
                                   absl::Time now);

// Ten digits, V, six digits.
bool IsIcn(absl::string_view text);

// "application/json", whatever parameters follow.
bool IsJson(const http::Request& request);

// The longest an assertion or an access token lives, and how far clocks may be apart.
inline constexpr absl::Duration kTokenLifetime = absl::Seconds(300);
inline constexpr absl::Duration kClockSkew = absl::Seconds(5);

}  // namespace va::simulators
