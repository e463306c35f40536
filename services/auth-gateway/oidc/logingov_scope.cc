#include "services/auth-gateway/oidc/logingov_scope.h"

#include <algorithm>

namespace va::gateway {
namespace {

constexpr absl::string_view kAlways =
    "profile profile:verified_at address email openid social_security_number";
constexpr absl::string_view kAllEmails = "all_emails";

}  // namespace

std::string LogingovScope(absl::Span<const absl::string_view> optional_scopes) {
  std::string out(kAlways.data(), kAlways.size());
  if (std::find(optional_scopes.begin(), optional_scopes.end(), kAllEmails) !=
      optional_scopes.end()) {
    out.append(" ").append(kAllEmails.data(), kAllEmails.size());
  }
  return out;
}

}  // namespace va::gateway
