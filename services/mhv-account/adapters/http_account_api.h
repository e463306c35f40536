// MHV's current account API over HTTPS (mpi_mhv.md 2.11): a bearer token from the Security Token
// Service for this one person, then one idempotent call. Classifies whatever comes back or does
// not; holds no state between calls. Connections live in the HTTP client, which is shared.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/base/reloadable.h"
#include "lib/http/client.h"
#include "lib/jose/signature.h"
#include "services/mhv-account/domain/ports.h"

namespace va::mhv {

inline constexpr size_t kMaxMhvAnswer = size_t{64} << 10;
// Of what we prove ourselves to the token service with.
inline constexpr absl::Duration kAssertionLife = absl::Seconds(300);

struct AccountApiSettings {
  std::string url;                            // base of the account API, without a slash at its end
  std::string sts_url;                        // base of the token service, likewise
  absl::Duration timeout = absl::Seconds(3);  // of each of the two calls
  std::string client_id;                      // `iss` of our assertions
  std::string service_account_id;
  identity::Secret api_key;  // x-api-key
};

class HttpAccountApi final : public AccountApi {
 public:
  struct Deps {
    http::Client& http;                                 // to the account API
    http::Client& sts_http;                             // to the token service
    const base::Reloadable<jose::SigningKey>& sts_key;  // RS256
    const base::Clock& clock;
    base::IdGenerator& ids;
  };

  HttpAccountApi(const Deps& deps, AccountApiSettings settings);

  // Calls that begin from now on carry this key.
  void ExchangeApiKey(identity::Secret key) { api_key_.Swap(std::move(key)); }

  absl::StatusOr<AccountAnswer> Ensure(const AccountRequest& request, absl::Time deadline) override;

 private:
  // Whose answer it is, in the reasons of faults.
  enum class Party { kSts, kMhv };
  struct Call {
    Party party;
    const std::string& url;
    std::string body;
    http::Headers headers;
  };

  absl::StatusOr<std::string> Assertion(const identity::Icn& icn) const;
  absl::StatusOr<identity::Secret> FetchToken(const identity::Icn& icn, absl::Time deadline) const;
  absl::StatusOr<http::ClientResponse> Post(Call call, absl::Time deadline) const;

  const Deps deps_;
  const AccountApiSettings settings_;
  base::Reloadable<identity::Secret> api_key_;
  const std::string account_url_;
  const std::string token_url_;
};

}  // namespace va::mhv
