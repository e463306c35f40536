#include "services/auth-gateway/domain/global_logout.h"

#include <catch2/catch.hpp>

namespace va::gateway {
namespace {

const std::string kFrontEnd = "https://www.va.gov";

GlobalLogout Broker() {
  return {.url = "https://int.eauth.va.gov/slo/globallogout",
          .app_key = "https://ssoe-sp-dev.va.gov",
          .declined_app_key = "https://dev-api.va.gov/agreements_declined"};
}

TEST_CASE("GlobalLogoutRedirect: the key is encoded twice (ssoe_saml.md 11.3)", "[logout][rule]") {
  CHECK(GlobalLogoutRedirect(Broker(), {}, kFrontEnd) ==
        "https://int.eauth.va.gov/slo/globallogout?appKey=https%253A%252F%252Fssoe-sp-dev.va.gov");
}

TEST_CASE("GlobalLogoutRedirect: clientId comes last and cannot leave its place",
          "[logout][rule]") {
  CHECK(GlobalLogoutRedirect(Broker(), {.client_id = "vamobile", .agreements_declined = false},
                             kFrontEnd) ==
        "https://int.eauth.va.gov/slo/globallogout?"
        "appKey=https%253A%252F%252Fssoe-sp-dev.va.gov&clientId=vamobile");
  CHECK(GlobalLogoutRedirect(
            Broker(), {.client_id = "a&appKey=b\r\n#", .agreements_declined = false}, kFrontEnd) ==
        "https://int.eauth.va.gov/slo/globallogout?"
        "appKey=https%253A%252F%252Fssoe-sp-dev.va.gov&clientId=a%26appKey%3Db%0D%0A%23");
}

TEST_CASE("GlobalLogoutRedirect: who declined the terms leaves under the key of that",
          "[logout][rule]") {
  const GlobalLogoutRequest declined = {.client_id = "", .agreements_declined = true};
  CHECK(GlobalLogoutRedirect(Broker(), declined, kFrontEnd) ==
        "https://int.eauth.va.gov/slo/globallogout?"
        "appKey=https%253A%252F%252Fdev-api.va.gov%252Fagreements_declined");
  GlobalLogout one_key = Broker();
  one_key.declined_app_key.clear();
  CHECK(GlobalLogoutRedirect(one_key, declined, kFrontEnd) ==
        GlobalLogoutRedirect(one_key, {}, kFrontEnd));
}

TEST_CASE("GlobalLogoutRedirect: without a broker's address our own pages are the end",
          "[logout][rule]") {
  CHECK(GlobalLogoutRedirect({}, {.client_id = "x", .agreements_declined = false}, kFrontEnd) ==
        "https://www.va.gov/logout/");
  CHECK(GlobalLogoutRedirect({}, {.client_id = "", .agreements_declined = true}, kFrontEnd) ==
        "https://www.va.gov/terms-of-use/declined");
}

TEST_CASE("GlobalLogoutRedirect: a query of the configured address is kept", "[logout][rule]") {
  GlobalLogout broker = Broker();
  broker.url += "?env=int";
  CHECK(GlobalLogoutRedirect(broker, {}, kFrontEnd) ==
        "https://int.eauth.va.gov/slo/globallogout?env=int&"
        "appKey=https%253A%252F%252Fssoe-sp-dev.va.gov");
}

}  // namespace
}  // namespace va::gateway
