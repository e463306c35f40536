#include "services/auth-gateway/domain/global_logout.h"

#include "absl/strings/str_cat.h"
#include "lib/base/url.h"
#include "services/auth-gateway/domain/login_redirect.h"

namespace va::gateway {

std::string GlobalLogoutRedirect(const GlobalLogout& settings, const GlobalLogoutRequest& request,
                                 absl::string_view front_end) {
  if (settings.url.empty()) return LogoutRedirect(front_end, request.agreements_declined);
  const bool declined = request.agreements_declined && !settings.declined_app_key.empty();
  const std::string& key = declined ? settings.declined_app_key : settings.app_key;
  base::FormPairs query = {{"appKey", base::PercentEncode(key)}};
  if (!request.client_id.empty()) query.emplace_back("clientId", request.client_id);
  const absl::string_view join = settings.url.find('?') == std::string::npos ? "?" : "&";
  return absl::StrCat(settings.url, join, base::BuildQuery(query));
}

}  // namespace va::gateway
