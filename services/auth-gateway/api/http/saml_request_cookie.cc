#include "services/auth-gateway/api/http/saml_request_cookie.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/base/url.h"
#include "lib/http/cookies.h"

namespace va::gateway {

void SetSamlRequestCookie(http::Response& response, absl::string_view environment,
                          const FlowRecord& flow) {
  if (environment.empty()) return;
  const nlohmann::json value = {
      {"timestamp", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", flow.created_at, absl::UTCTimeZone())},
      {"transaction_id", flow.id},
      {"saml_request_id", flow.authn_request_id}};
  http::SetCookie cookie;
  cookie.name = absl::StrCat("vagov_saml_request_", environment);
  cookie.value = base::PercentEncode(value.dump());
  cookie.same_site = http::SameSite::kLax;
  const auto header = http::BuildSetCookie(cookie);
  if (header.ok()) response.headers.Add("Set-Cookie", *header);
}

}  // namespace va::gateway
