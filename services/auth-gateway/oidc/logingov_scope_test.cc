#include "services/auth-gateway/oidc/logingov_scope.h"

#include <catch2/catch.hpp>

namespace va::gateway {
namespace {

TEST_CASE("LogingovScope: asks for the verified person, their address and their number",
          "[gateway][oidc]") {
  CHECK(LogingovScope({}) ==
        "profile profile:verified_at address email openid social_security_number");
}

TEST_CASE("LogingovScope: all e-mail addresses are asked for once, where they are wanted",
          "[gateway][oidc]") {
  CHECK(LogingovScope({"all_emails"}) ==
        "profile profile:verified_at address email openid social_security_number all_emails");
  CHECK(LogingovScope({"all_emails", "all_emails"}) == LogingovScope({"all_emails"}));
}

TEST_CASE("LogingovScope: what Login.gov does not know is not asked for", "[gateway][oidc]") {
  CHECK(LogingovScope({"x509", "all_emails openid", "All_Emails", ""}) == LogingovScope({}));
}

}  // namespace
}  // namespace va::gateway
