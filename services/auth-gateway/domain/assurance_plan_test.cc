// What an application's level does to the request (decision R18).
#include <catch2/catch.hpp>

#include "lib/identity/authn_context.h"
#include "services/auth-gateway/domain/signin_plan.h"

namespace va::gateway {
namespace {

using identity::Csp;

SignInPlan PlanAt(int min_ial, const std::string& type) {
  identity::Policy policy;
  policy.default_application = "app";
  identity::Application app;
  app.name = "app";
  app.return_base = "https://www.example/auth/login/callback";
  app.return_hosts = {"www.example"};
  app.allowed_csps = {Csp::kIdme, Csp::kLogingov, Csp::kMhv, Csp::kDslogon};
  app.min_ial = min_ial;
  policy.applications = {app};
  for (const Csp csp : app.allowed_csps) {
    identity::CspRow row;
    row.csp = csp;
    policy.csps.push_back(row);
  }
  auto plan = PlanSignIn(policy, {type, {}}, absl::FromUnixSeconds(1'700'000'000));
  REQUIRE(std::holds_alternative<SignInPlan>(plan));
  return std::get<SignInPlan>(plan);
}

TEST_CASE("PlanSignIn: R18 an application of ial 2 asks for it at once where a context says it",
          "[plan][R18]") {
  struct Row {
    const char* type;
    const char* as;  // the type whose request it is
  };
  const auto row = GENERATE(values<Row>({
      {"idme", "idme_verified"},
      {"logingov", "logingov_verified"},
      {"idme_signup", "idme_signup_verified"},
      {"logingov_signup", "logingov_signup_verified"},
      {"idme_verified", "idme_verified"},
      // No first leg there says a level: the second lap does (9.2).
      {"mhv", "mhv"},
      {"dslogon", "dslogon"},
  }));
  CAPTURE(row.type);
  const SignInPlan raised = PlanAt(2, row.type);
  const SignInPlan as = PlanAt(1, row.as);
  CHECK(raised.contexts == as.contexts);
  CHECK(raised.comparison == as.comparison);
  // What the person chose, and comes back to, stays what it was.
  const SignInPlan plain = PlanAt(1, row.type);
  CHECK(raised.type == row.type);
  CHECK(raised.target == plain.target);
  CHECK(raised.restart == plain.restart);
}

TEST_CASE("PlanSignIn: R18 an application of ial 1 asks for nothing more", "[plan][R18]") {
  CHECK(PlanAt(1, "idme").contexts.front() == identity::kLoa1Vets);
}

}  // namespace
}  // namespace va::gateway
