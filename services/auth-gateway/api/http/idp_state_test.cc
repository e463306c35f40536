// Several identity providers in one gateway: one that is switched off is shown and believed in
// nothing, and none can answer for another.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway::testing {
namespace {

TEST_CASE(
    "SignInPage: a provider that is switched off keeps its place, as a sentence and no button",
    "[gateway][metadata]") {
  TestGateway gateway;
  CHECK(absl::StrContains(gateway.Get("/sign-in/").body, "/v1/sessions/idme/new"));
  gateway.idp().switched_off = "METADATA_MISSING";
  const http::Response page = gateway.Get("/sign-in/");
  CHECK(page.status == 200);
  CHECK_FALSE(absl::StrContains(page.body, "/v1/sessions/idme"));
  CHECK(absl::StrContains(page.body, "ID.me"));
  CHECK(absl::StrContains(page.body, "not available right now"));
  gateway.idp().switched_off.clear();
  CHECK(absl::StrContains(gateway.Get("/sign-in/").body, "/v1/sessions/idme/new"));
}

TEST_CASE(
    "Start: towards a provider that is switched off ends in an explained try later, and begins "
    "nothing",
    "[gateway][metadata]") {
  TestGateway gateway;
  gateway.idp().switched_off = "METADATA_EXPIRED";
  const http::Response page = gateway.Get("/v1/sessions/idme/new");
  CHECK(page.status == 503);
  CHECK(absl::StrContains(page.body, "Try again"));
  CHECK_FALSE(absl::StrContains(page.body, "SAMLRequest"));
  CHECK(gateway.flows.flows.empty());
  REQUIRE_FALSE(gateway.audit.tags.empty());
  CHECK(gateway.audit.tags.back() == "idp_switched_off");
}

TEST_CASE(
    "Callback S107: one provider's response in an attempt that went to another gives no session",
    "[gateway][metadata][security]") {
  for (const bool foreign : {false, true}) {
    CAPTURE(foreign);
    TestGateway gateway;
    SamlIdp other = gateway.idp();
    other.name = "other";
    other.entity_id = "https://other.test/saml";
    // Even with the same key: whom we asked must have answered.
    gateway.saml().idps.push_back(other);
    const auto attempt = gateway.Start();
    REQUIRE(gateway.flows.flows.size() == 1);
    if (foreign) gateway.flows.flows.begin()->second.idp = other.entity_id;
    const http::Response answer = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
    CHECK(gateway.flows.sessions.empty() == foreign);
    CHECK((answer.status == 403) == foreign);
  }
}

}  // namespace
}  // namespace va::gateway::testing
