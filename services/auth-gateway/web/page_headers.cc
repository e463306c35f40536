#include "services/auth-gateway/web/page_headers.h"

#include "absl/strings/str_cat.h"
#include "lib/base/url.h"

namespace va::gateway {

std::string ContentSecurityPolicy(PageKind kind, const std::vector<std::string>& form_targets,
                                  const std::string& framed_by) {
  const absl::StatusOr<base::Url> framer = base::ParseUrl(framed_by);
  std::string policy = absl::StrCat(
      "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors ",
      framer.ok() ? framer->Origin() : "'none'", "; base-uri 'none'; form-action 'self'");
  if (kind == PageKind::kPostForm) {
    for (const std::string& target : form_targets) {
      const absl::StatusOr<base::Url> url = base::ParseUrl(target);
      if (url.ok()) absl::StrAppend(&policy, " ", url->Origin());
    }
    absl::StrAppend(&policy, "; script-src 'self'");
  }
  return policy;
}

const std::vector<std::pair<std::string, std::string>>& DefaultSecurityHeaders() {
  static const auto* const kHeaders = new std::vector<std::pair<std::string, std::string>>{
      {"Cache-Control", "no-store"},
      // For caches that keep what they should not (attack W12).
      {"Vary", "Cookie"},
      {"Content-Security-Policy", ContentSecurityPolicy(PageKind::kPlain)},
      {"X-Content-Type-Options", "nosniff"},
      // A sign-in address names the application and its target: nobody else's business. Not
      // no-referrer, which would turn the Origin of our own forms into "null".
      {"Referrer-Policy", "same-origin"},
      {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
  };
  return *kHeaders;
}

}  // namespace va::gateway
