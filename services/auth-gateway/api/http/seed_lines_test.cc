// What seeds 001 and 004 say about the way of the browser, a test for each line in our own words.
// docs/seeds.md lists every line and the test that quotes it.
#include <catch2/catch.hpp>
#include <string>

#include "services/auth-gateway/api/http/gateway_testing.h"
#include "services/auth-gateway/domain/signin_plan.h"

namespace va::gateway::testing {
namespace {

bool Says(const http::Response& response, const std::string& text) {
  return response.body.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "Seed 004: a sign-in begins at /sessions/TYPE/new, with mhv, dslogon, idme, mfa or verify",
    "[seed]") {
  for (const char* type : {"mhv", "dslogon", "idme", "mfa", "verify"}) {
    CAPTURE(type);
    CHECK(FindSignInType(type) != nullptr);
  }
  TestGateway gateway;
  for (const std::string prefix : {"", "/v1"}) {
    CHECK(gateway.Get(prefix + "/sessions/idme/new").status == 200);
    // verify and mfa are for somebody who is signed in.
    CHECK(gateway.Get(prefix + "/sessions/verify/new").status == 401);
    CHECK(gateway.Get(prefix + "/sessions/nothing/new").status == 404);
  }
}

TEST_CASE("Seed 004: /sessions/slo/new is the way out", "[seed]") {
  TestGateway gateway;
  CHECK(gateway.Get("/sessions/slo/new").status != 404);
  CHECK(gateway.Get("/v1/sessions/slo/new").status != 404);
}

TEST_CASE("Seed 004: mhv, dslogon and idme send the browser on to the provider", "[seed]") {
  TestGateway gateway;
  const http::Response form = gateway.Get("/v1/sessions/idme/new");
  CHECK(form.status == 200);
  CHECK(Says(form, "name=\"SAMLRequest\""));
  CHECK(Says(form, "https://idp.test/sso"));
}

TEST_CASE(
    "Seed 004: below the highest level the browser goes on to be verified at once, and comes "
    "back with more attributes",
    "[seed]") {
  TestGateway gateway;
  gateway.returned_context = std::string(identity::kLoa1Vets);
  const TestGateway::Attempt first = gateway.Start();
  gateway.rules.decision.verdict = Decision::Verdict::kStepUp;
  gateway.rules.decision.tag = "step_up_highest";
  const http::Response form = gateway.PostResponse(first, gateway.ResponseTo(first, "_first"));
  REQUIRE(form.status == 200);
  CHECK(Says(form, "name=\"SAMLRequest\""));
  const TestGateway::Attempt second = gateway.AttemptOf(form);
  CHECK(gateway.flows.flows[second.id].plan.contexts.front() == identity::kLoa3);
  gateway.returned_context = std::string(identity::kLoa3);
  gateway.rules.decision.verdict = Decision::Verdict::kAdmit;
  gateway.rules.decision.tag = "";
  CHECK(gateway.PostResponse(second, gateway.ResponseTo(second, "_second")).status == 303);
}

TEST_CASE("Seed 004: whoever is at the highest level already lands without a second leg",
          "[seed]") {
  TestGateway gateway;
  const TestGateway::Attempt attempt = gateway.Start();
  CHECK(gateway.PostResponse(attempt, gateway.ResponseTo(attempt)).status == 303);
  CHECK(gateway.flows.flows.size() == 1);
}

}  // namespace va::gateway::testing
