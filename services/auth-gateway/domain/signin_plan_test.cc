#include "services/auth-gateway/domain/signin_plan.h"

#include <catch2/catch.hpp>

namespace va::gateway {
namespace {

using identity::Csp;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

identity::Policy TestPolicy() {
  identity::Policy policy;
  policy.version = "test-1";
  policy.default_application = "vaweb";
  identity::Application vaweb;
  vaweb.name = "vaweb";
  vaweb.return_base = "https://www.va.gov/auth/login/callback";
  vaweb.return_hosts = {"www.va.gov"};
  vaweb.allowed_csps = {Csp::kIdme, Csp::kLogingov, Csp::kMhv, Csp::kDslogon};
  identity::Application limited = vaweb;
  limited.name = "arp";
  limited.allowed_csps = {Csp::kIdme};
  policy.applications = {vaweb, limited};
  for (const Csp csp : vaweb.allowed_csps) {
    identity::CspRow row;
    row.csp = csp;
    policy.csps.push_back(row);
  }
  return policy;
}

SignInPlan PlanFor(const std::string& type, const base::FormPairs& query = {}) {
  const auto plan = PlanSignIn(TestPolicy(), {type, query}, kNow);
  REQUIRE(std::holds_alternative<SignInPlan>(plan));
  return std::get<SignInPlan>(plan);
}

void CheckRefused(const std::variant<SignInPlan, PlanRefusal>& plan, PlanRefusal::Kind kind,
                  const std::string& tag) {
  REQUIRE(std::holds_alternative<PlanRefusal>(plan));
  CHECK(std::get<PlanRefusal>(plan).kind == kind);
  CHECK(std::get<PlanRefusal>(plan).refusal.tag == tag);
}

TEST_CASE("PlanSignIn: each type asks for its own contexts and comparison (ssoe_saml.md 9.1)",
          "[plan]") {
  using Contexts = std::vector<std::string>;
  const std::string loa1 = "http://idmanagement.gov/ns/assurance/loa/1/vets";
  const std::string loa3 = "http://idmanagement.gov/ns/assurance/loa/3";
  const std::string ial = "http://idmanagement.gov/ns/assurance/ial/";
  const std::string aal2 = "http://idmanagement.gov/ns/assurance/aal/2";
  const std::string csp = "https://eauth.va.gov/csp/";
  const std::tuple<std::string, Contexts, std::string> rows[] = {
      {"mhv", {"myhealthevet", csp + "IDME_MHV"}, "exact"},
      {"mhv_verified", {"myhealthevet", csp + "IDME_MHV"}, "exact"},
      {"dslogon", {"dslogon", csp + "IDME_DSL"}, "exact"},
      {"dslogon_verified", {"dslogon", csp + "IDME_DSL"}, "exact"},
      {"idme", {loa1, csp + "IDME"}, "minimum"},
      {"idme_verified", {loa3, csp + "IDME"}, "minimum"},
      {"logingov", {ial + "1", aal2, csp + "LOGINGOV"}, "minimum"},
      {"logingov_verified", {ial + "2", aal2, csp + "LOGINGOV"}, "exact"},
  };
  for (const auto& [type, contexts, comparison] : rows) {
    CAPTURE(type);
    const SignInPlan plan = PlanFor(type);
    CHECK(plan.contexts == contexts);
    CHECK(plan.comparison == comparison);
    CHECK(plan.force_authn);
    CHECK(plan.policy_version == "test-1");
  }
}

TEST_CASE("PlanSignIn: without an application the default row decides", "[plan]") {
  CHECK(PlanFor("idme").application == "vaweb");
  CHECK(PlanFor("idme").target == "https://www.va.gov/auth/login/callback?type=idme");
  CHECK(PlanFor("mhv_verified").target ==
        "https://www.va.gov/auth/login/callback?type=mhv_verified");
}

TEST_CASE("PlanSignIn: an unknown type does not exist", "[plan]") {
  CheckRefused(PlanSignIn(TestPolicy(), {"facebook", {}}, kNow), PlanRefusal::Kind::kNotFound,
               "unknown_type");
  CheckRefused(PlanSignIn(TestPolicy(), {"IDME", {}}, kNow), PlanRefusal::Kind::kNotFound,
               "unknown_type");
}

TEST_CASE("PlanSignIn: an unknown application and a parameter given twice are bad requests",
          "[plan]") {
  CheckRefused(PlanSignIn(TestPolicy(), {"idme", {{"application", "nosuch"}}}, kNow),
               PlanRefusal::Kind::kBadRequest, "unknown_application");
  CheckRefused(
      PlanSignIn(TestPolicy(), {"idme", {{"application", "vaweb"}, {"application", "arp"}}}, kNow),
      PlanRefusal::Kind::kBadRequest, "parameter_twice");
}

TEST_CASE("PlanSignIn: a CSP is offered only where and while policy says so", "[plan]") {
  CheckRefused(PlanSignIn(TestPolicy(), {"mhv", {{"application", "arp"}}}, kNow),
               PlanRefusal::Kind::kCspClosed, "csp_not_offered");
  identity::Policy closed = TestPolicy();
  closed.csps[0].enabled = false;
  CheckRefused(PlanSignIn(closed, {"idme", {}}, kNow), PlanRefusal::Kind::kCspClosed,
               "csp_not_offered");
}

TEST_CASE("PlanSignIn: R2 skip_dupe is recorded and grants nothing", "[plan][R2]") {
  SignInPlan asked = PlanFor("mhv", {{"skip_dupe", "true"}});
  CHECK(asked.skip_dupe);
  asked.skip_dupe = false;
  CHECK(asked == PlanFor("mhv"));
  // Old rule profiles act on it: whatever is not the word itself was not asked.
  for (const char* other : {"TRUE", "1", "false", "true "}) {
    CHECK_FALSE(PlanFor("mhv", {{"skip_dupe", other}}).skip_dupe);
  }
}

TEST_CASE("PlanSignIn: the way back to the same attempt keeps what was asked", "[plan]") {
  CHECK(PlanFor("idme", {{"application", "arp"}, {"to", "a b"}}).restart ==
        "/v1/sessions/idme/new?application=arp&to=a%20b");
}

TEST_CASE("PlanSignIn: S147 the address to come back to is never the browser's choice",
          "[plan][attack]") {
  CheckRefused(PlanSignIn(TestPolicy(), {"idme", {{"redirect", "https://evil.example/"}}}, kNow),
               PlanRefusal::Kind::kBadRequest, "target_not_allowed");
}

}  // namespace
}  // namespace va::gateway
