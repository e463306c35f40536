#include "services/auth-gateway/web/page_headers.h"

#include <catch2/catch.hpp>
#include <map>

#include "absl/strings/match.h"

namespace va::gateway {

TEST_CASE("ContentSecurityPolicy: plain pages run no script and post only to us", "[web][csp]") {
  CHECK(ContentSecurityPolicy(PageKind::kPlain) ==
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'self'");
}

TEST_CASE("ContentSecurityPolicy: the post page adds our script and the IdP's origin",
          "[web][csp]") {
  CHECK(ContentSecurityPolicy(PageKind::kPostForm, {"https://127.0.0.1:8461/saml/sso?x=1"}) ==
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'self' https://127.0.0.1:8461; script-src 'self'");
}

TEST_CASE("S142 ContentSecurityPolicy: nothing but an origin gets in", "[web][csp][attack]") {
  const std::string none = ContentSecurityPolicy(PageKind::kPostForm);
  for (const char* target : {"https://a; script-src *", "javascript:x", "*", "https://a b/",
                             "https://a\r\nX: y/", "", "//a"}) {
    INFO(target);
    CHECK(ContentSecurityPolicy(PageKind::kPostForm, {target}) == none);
  }
  // Semicolons of a path stay behind with the path.
  CHECK_FALSE(absl::StrContains(
      ContentSecurityPolicy(PageKind::kPostForm, {"https://a.example/;script-src"}),
      ";script-src"));
}

TEST_CASE("W12 DefaultSecurityHeaders: answers are not stored, sniffed, framed or downgraded",
          "[web][csp][attack]") {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : DefaultSecurityHeaders()) {
    CHECK(headers.emplace(name, value).second);
  }
  CHECK(headers.at("Cache-Control") == "no-store");
  CHECK(headers.at("X-Content-Type-Options") == "nosniff");
  CHECK(headers.at("Referrer-Policy") == "same-origin");
  CHECK(absl::StartsWith(headers.at("Strict-Transport-Security"), "max-age=31536000"));
  CHECK(headers.at("Content-Security-Policy") == ContentSecurityPolicy(PageKind::kPlain));
}

}  // namespace va::gateway
