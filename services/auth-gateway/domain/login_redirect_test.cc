#include "services/auth-gateway/domain/login_redirect.h"

#include <catch2/catch.hpp>

namespace va::gateway {
namespace {

const std::string kLanding = "https://www.va.gov/auth/login/callback";

LoginReturn To(const std::string& type) {
  LoginReturn where;
  where.landing = kLanding;
  where.type = type;
  where.inbound = type == "custom";
  return where;
}

LoginEnd Success() { return {.success = true, .code = "", .request_id = ""}; }
LoginEnd Failure() { return {.success = false, .code = "001", .request_id = "r-1"}; }

TEST_CASE("LoginRedirect: a success lands on the result page with its type", "[redirect][rule]") {
  CHECK(LoginRedirect(To("idme"), Success()) == kLanding + "?type=idme");
  CHECK(LoginRedirect(To(""), Success()) == kLanding);
}

TEST_CASE("LoginRedirect: a failure says auth, code, request_id and type in alphabetical order",
          "[redirect][rule]") {
  CHECK(LoginRedirect(To("idme"), Failure()) ==
        kLanding + "?auth=fail&code=001&request_id=r-1&type=idme");
  CHECK(LoginRedirect(To(""), {.success = false, .code = "", .request_id = ""}) ==
        kLanding + "?auth=fail");
}

TEST_CASE("LoginRedirect: an inbound failure is force-needed, so that the front end stays silent",
          "[redirect][rule]") {
  CHECK(LoginRedirect(To("custom"), Failure()) ==
        kLanding + "?auth=force-needed&code=001&request_id=r-1&type=custom");
  CHECK(LoginRedirect(To("custom"), Success()) == kLanding + "?type=custom");
}

TEST_CASE("LoginRedirect: a redirect of the attempt is followed as it is, on success only",
          "[redirect][rule]") {
  LoginReturn where = To("mhv");
  where.redirect = "https://int.eauth.va.gov/mhv-portal-web/eauth?deeplinking=secure_messaging";
  CHECK(LoginRedirect(where, Success()) == where.redirect);
  CHECK(LoginRedirect(where, Failure()) ==
        kLanding + "?auth=fail&code=001&request_id=r-1&type=mhv");
}

TEST_CASE("LoginRedirect: post_login appends postLogin=true to the redirect", "[redirect][rule]") {
  LoginReturn where = To("mhv");
  where.post_login = true;
  where.redirect = "https://eauth.va.gov/portal?deeplinking=x";
  CHECK(LoginRedirect(where, Success()) ==
        "https://eauth.va.gov/portal?deeplinking=x&postLogin=true");
  // 25.11: the reference appends "&postLogin=true" where there is no query to append to.
  where.redirect = "https://eauth.va.gov/portal";
  CHECK(LoginRedirect(where, Success()) == "https://eauth.va.gov/portal?postLogin=true");
  where.redirect.clear();
  CHECK(LoginRedirect(where, Success()) == kLanding + "?type=mhv");
}

TEST_CASE("LoginRedirect: the query of the configured address is kept and merged in order",
          "[redirect][rule]") {
  LoginReturn where = To("idme");
  where.landing = kLanding + "?source=a%20b&type=old&debug=1";
  CHECK(LoginRedirect(where, Success()) == kLanding + "?debug=1&source=a%20b&type=idme");
  CHECK(LoginRedirect(where, Failure()) ==
        kLanding + "?auth=fail&code=001&debug=1&request_id=r-1&source=a%20b&type=idme");
}

TEST_CASE("LoginRedirect: S142 text in a type or an id cannot leave its place in the query",
          "[redirect][attack]") {
  LoginReturn where = To("a&auth=success#\r\nx");
  const std::string url = LoginRedirect(where, Failure());
  CHECK(url == kLanding + "?auth=fail&code=001&request_id=r-1&type=a%26auth%3Dsuccess%23%0D%0Ax");
}

TEST_CASE("LogoutRedirect: to the signed-out page, or to that of the terms somebody declined",
          "[redirect][rule]") {
  CHECK(LogoutRedirect("https://www.va.gov", false) == "https://www.va.gov/logout/");
  CHECK(LogoutRedirect("https://www.va.gov", true) == "https://www.va.gov/terms-of-use/declined");
}

}  // namespace
}  // namespace va::gateway
