#include "services/auth-gateway/domain/step_up.h"

#include <catch2/catch.hpp>

#include "services/auth-gateway/domain/terms_redirect.h"

namespace va::gateway {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

FlowRecord FlowOf(const std::string& type) {
  FlowRecord flow;
  flow.id = "first";
  flow.plan.type = type;
  flow.plan.contexts = {"asked"};
  flow.plan.comparison = "minimum";
  flow.plan.target = "https://www.example/there";
  flow.plan.restart = "/v1/sessions/" + type + "/new";
  return flow;
}

VerifiedAssertion Answered(absl::string_view context, const std::string& csid = "idme") {
  VerifiedAssertion assertion;
  assertion.authn_context = std::string(context);
  assertion.attributes = {{"va_eauth_csid", {csid}}};
  return assertion;
}

std::string FirstContext(const std::optional<SignInPlan>& plan) {
  return plan.has_value() ? plan->contexts.front() : "none";
}

TEST_CASE("PlanNextLap: R9 R18 the leg goes on from the context that came back",
          "[flow][R9][R18]") {
  struct Row {
    const char* type;
    const char* tag;
    std::string returned;
    const char* csid;
    std::string asks;
  };
  const std::string loa1(identity::kLoa1Vets);
  const std::string loa3(identity::kLoa3);
  const std::string ial1(identity::kIal1);
  const std::string password(identity::kInboundPassword);
  const auto row = GENERATE_COPY(values<Row>({
      {"idme", "step_up_highest", loa1, "idme", loa3},
      {"idme", "step_up_application_ial", "multifactor", "idme", loa3},
      {"logingov", "step_up_highest", ial1, "logingov", std::string(identity::kIal2)},
      {"mhv", "step_up_highest", "myhealthevet", "mhv", "myhealthevet_loa3"},
      {"mhv", "step_up_application_ial", "myhealthevet_multifactor", "mhv", "myhealthevet_loa3"},
      {"dslogon", "step_up_highest", "dslogon", "dslogon", "dslogon_loa3"},
      {"idme", "step_up_application_aal", loa3, "idme", "multifactor"},
      {"mhv", "step_up_application_aal", "myhealthevet", "mhv", "myhealthevet_multifactor"},
      {"idme", "step_up_application_max_age", loa3, "idme", "asked"},
      {"custom", "step_up_application_ial", password, "mhv", "myhealthevet_loa3"},
      {"custom", "step_up_application_ial", password, "DSLogon", "dslogon_loa3"},
      {"idme", "a_tag_of_later", loa1, "idme", loa3},
      // There is no such leg: the person gets the page.
      {"idme", "step_up_application_ial", loa3, "idme", "none"},
      {"logingov", "step_up_application_aal", ial1, "logingov", "none"},
      {"custom", "step_up_application_ial", password, "somebody", "none"},
  }));
  CAPTURE(row.type, row.tag, row.returned);
  const FlowRecord flow = FlowOf(row.type);
  const auto plan = PlanNextLap(flow, row.tag, Answered(row.returned, row.csid));
  CHECK(FirstContext(plan) == row.asks);
  if (!plan.has_value()) return;
  CHECK(plan->target == flow.plan.target);
  CHECK(plan->type == flow.plan.type);
  CHECK(plan->restart == flow.plan.restart);
  CHECK(plan->force_authn);
  // Once is enough: what comes back now is what there is.
  CHECK(plan->stay_at_level);
}

TEST_CASE("PlanNextLap: R14 a lap after an unasked response asks for the contexts of its type",
          "[flow][R14]") {
  FlowRecord flow = FlowOf("idme");
  flow.plan.contexts.clear();
  const auto plan = PlanNextLap(flow, "step_up_application_max_age", Answered(identity::kLoa1Vets));
  REQUIRE(plan.has_value());
  REQUIRE_FALSE(plan->contexts.empty());
  CHECK(plan->contexts.front() == identity::kLoa1Vets);
}

TEST_CASE("PlanNextLap: R9 there is no third lap", "[flow][R9]") {
  FlowRecord flow = FlowOf("idme");
  flow.lap = 1;
  for (const char* tag :
       {"step_up_highest", "step_up_application_aal", "step_up_application_max_age"}) {
    CHECK_FALSE(PlanNextLap(flow, tag, Answered(identity::kLoa1Vets)).has_value());
  }
}

TEST_CASE("NextLapOf: the lap is an attempt of its own that knows its first leg", "[flow][R9]") {
  FlowRecord flow = FlowOf("idme");
  flow.handle_hash = "handle";
  flow.authn_request_id = "request";
  flow.had_session = true;
  flow.session_hash = "older";
  flow.session_account = "account";
  flow.session_signed_in = kNow;
  const FlowRecord lap = NextLapOf(flow, flow.plan, "step_up_highest", "second");
  CHECK(lap.id == "second");
  CHECK(lap.parent == "first");
  CHECK(lap.lap_for == "step_up_highest");
  CHECK(lap.lap == 1);
  CHECK(lap.handle_hash.empty());
  CHECK(lap.authn_request_id.empty());
  CHECK(lap.had_session);
  CHECK(lap.session_hash == "older");
  CHECK(lap.session_account == "account");
  CHECK(lap.session_signed_in == kNow);
}

TEST_CASE("IsOtherAccount: P7 verify and mfa are for the account that began them", "[flow][P7]") {
  for (const char* type : {"verify", "mfa"}) {
    FlowRecord flow = FlowOf(type);
    flow.session_account = "mine";
    CHECK_FALSE(IsOtherAccount(flow, "mine"));
    CHECK(IsOtherAccount(flow, "another"));
    CHECK(IsOtherAccount(flow, ""));
    // Nobody's: that such an attempt exists at all is a mistake.
    flow.session_account.clear();
    CHECK(IsOtherAccount(flow, "another"));
  }
  FlowRecord plain = FlowOf("idme");
  plain.session_account = "mine";
  CHECK_FALSE(IsOtherAccount(plain, "another"));
}

TEST_CASE("LastSignedIn: 13.1 only a factor of the same person leaves it where it was",
          "[flow][rule]") {
  FlowRecord flow = FlowOf("mfa");
  flow.session_account = "mine";
  const absl::Time then = kNow - absl::Hours(1);
  flow.session_signed_in = then;
  CHECK(LastSignedIn(flow, "multifactor", "mine", kNow) == then);
  CHECK(LastSignedIn(flow, "myhealthevet_multifactor", "mine", kNow) == then);
  CHECK(LastSignedIn(flow, "myhealthevet", "mine", kNow) == kNow);
  CHECK(LastSignedIn(flow, "multifactor", "another", kNow) == kNow);
  CHECK(LastSignedIn(FlowOf("idme"), "multifactor", "mine", kNow) == kNow);
  CHECK(LastSignedIn(FlowOf("idme"), "multifactor", "", kNow) == kNow);
}

TEST_CASE("TermsRedirect: 10.3 the address stands encoded in redirect_url", "[flow][terms]") {
  SignInPlan plan;
  plan.type = "idme";
  plan.application = "vaweb";
  plan.target = "http://127.0.0.1:3001/auth/login/callback";
  const std::string base = "http://127.0.0.1:3001";
  const std::string plain = base +
                            "/terms-of-use?redirect_url=http%3A%2F%2F127.0.0.1%3A3001%2Fauth%2F"
                            "login%2Fcallback";
  CHECK(TermsRedirect(base, plan) == plain);
  plan.application = "mhv";
  CHECK(TermsRedirect(base, plan) == plain + "&skip_mhv_account_creation=true");
  plan.application = "custom";
  CHECK(TermsRedirect(base, plan) == plain + "&skip_mhv_account_creation=true");
  plan.application = "vaweb";
  plan.type = "custom";
  CHECK(TermsRedirect(base, plan) == plain + "&skip_mhv_account_creation=true");
  Outcome outcome;
  CHECK(LandingOf(base, plan, outcome) == plan.target);
  outcome.terms_first = true;
  CHECK(LandingOf(base, plan, outcome) == TermsRedirect(base, plan));
}

}  // namespace
}  // namespace va::gateway
