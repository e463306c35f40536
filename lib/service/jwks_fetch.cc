#include "lib/service/jwks_fetch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/jose/jwks.h"

namespace va::service {

jose::JwksFetch FetchJwks(http::Client& client, std::string url) {
  return [&client, url = std::move(url)](absl::Duration timeout) -> absl::StatusOr<std::string> {
    http::ClientRequest request;
    request.url = url;
    request.headers.Set("accept", "application/jwk-set+json, application/json");
    request.timeout = timeout;
    request.max_response = jose::kMaxJwks;
    absl::StatusOr<http::ClientResponse> response = client.Send(request);
    if (!response.ok()) return response.status();
    if (response->status == 200) return std::move(response->body);
    return base::MakeError(absl::StatusCode::kUnavailable, "JWKS_STATUS",
                           absl::StrCat("the keys were answered with status ", response->status),
                           /*retryable=*/true);
  };
}

}  // namespace va::service
