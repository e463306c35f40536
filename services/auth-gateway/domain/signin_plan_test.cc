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

const std::string kNs = "http://idmanagement.gov/ns/assurance/";
const std::string kSelect = "https://eauth.va.gov/csp/";
const std::string kPassword = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";

using Contexts = std::vector<std::string>;

SignInPlan PlanFor(const std::string& type, const base::FormPairs& query = {},
                   const std::optional<CurrentContext>& session = std::nullopt) {
  const auto plan = PlanSignIn(TestPolicy(), {type, query, session}, kNow);
  REQUIRE(std::holds_alternative<SignInPlan>(plan));
  return std::get<SignInPlan>(plan);
}

void CheckRefused(const std::variant<SignInPlan, PlanRefusal>& plan, PlanRefusal::Kind kind,
                  const std::string& tag) {
  REQUIRE(std::holds_alternative<PlanRefusal>(plan));
  CHECK(std::get<PlanRefusal>(plan).kind == kind);
  CHECK(std::get<PlanRefusal>(plan).refusal.tag == tag);
}

void CheckError(const std::variant<SignInPlan, PlanRefusal>& plan, const std::string& code,
                const std::string& title, const std::string& detail) {
  REQUIRE(std::holds_alternative<PlanRefusal>(plan));
  const std::optional<ApiError>& error = std::get<PlanRefusal>(plan).error;
  REQUIRE(error.has_value());
  CHECK(error->code == code);
  CHECK(error->title == title);
  CHECK(error->detail == detail);
}

TEST_CASE("PlanSignIn: each type asks for its own contexts and comparison (ssoe_saml.md 9.1)",
          "[plan]") {
  const Contexts mhv = {"myhealthevet", kSelect + "IDME_MHV"};
  const Contexts dslogon = {"dslogon", kSelect + "IDME_DSL"};
  const Contexts loa1 = {kNs + "loa/1/vets", kSelect + "IDME"};
  const Contexts loa3 = {kNs + "loa/3", kSelect + "IDME"};
  const Contexts ial1 = {kNs + "ial/1", kNs + "aal/2", kSelect + "LOGINGOV"};
  const Contexts ial2 = {kNs + "ial/2", kNs + "aal/2", kSelect + "LOGINGOV"};
  struct Row {
    std::string type;
    Contexts contexts;
    std::string comparison;
    std::string relay_type;
    std::string op;
  };
  const Row rows[] = {
      {"mhv", mhv, "exact", "mhv", ""},
      {"mhv_verified", mhv, "exact", "mhv_verified", ""},
      {"dslogon", dslogon, "exact", "dslogon", ""},
      {"dslogon_verified", dslogon, "exact", "dslogon", ""},
      {"idme", loa1, "minimum", "idme", ""},
      {"idme_verified", loa3, "minimum", "idme", ""},
      {"logingov", ial1, "minimum", "logingov", ""},
      {"logingov_verified", ial2, "exact", "logingov", ""},
      {"signup", loa1, "exact", "signup", "signup"},
      {"idme_signup", loa1, "exact", "signup", "signup"},
      {"idme_signup_verified", loa3, "exact", "signup", "signup"},
      {"logingov_signup", ial1, "exact", "signup", ""},
      {"logingov_signup_verified", ial2, "exact", "signup", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    const SignInPlan plan = PlanFor(row.type);
    CHECK(plan.type == row.type);
    CHECK(plan.contexts == row.contexts);
    CHECK(plan.comparison == row.comparison);
    CHECK(plan.force_authn);
    CHECK(plan.operation == "authorize");
    CHECK(plan.policy_version == "test-1");
    CHECK(plan.target == "https://www.va.gov/auth/login/callback?type=" + row.relay_type);
    REQUIRE(FindSignInType(row.type) != nullptr);
    CHECK(FindSignInType(row.type)->op == row.op);
  }
  CHECK(SignInTypes().size() == std::size(rows) + 3);  // mfa, verify, custom
}

TEST_CASE("PlanSignIn: verify and mfa go on from the context of the session (ssoe_saml.md 9.2)",
          "[plan]") {
  const SignInPlan verify = PlanFor("verify", {}, CurrentContext{"dslogon", "dslogon"});
  CHECK(verify.contexts == Contexts{"dslogon_loa3", kSelect + "IDME_DSL"});
  CHECK(verify.csp == Csp::kDslogon);
  CHECK(verify.comparison == "exact");
  CHECK(verify.force_authn);
  CHECK(verify.target == "https://www.va.gov/auth/login/callback?type=verify");
  const SignInPlan mfa = PlanFor("mfa", {}, CurrentContext{kPassword, "mhv"});
  CHECK(mfa.contexts == Contexts{"myhealthevet_multifactor"});
  CHECK(mfa.csp == Csp::kMhv);
  CHECK(mfa.target == "https://www.va.gov/auth/login/callback?type=mfa");
  // The session says nothing to any other type.
  CHECK(PlanFor("idme", {}, CurrentContext{"dslogon", "dslogon"}) == PlanFor("idme"));
}

TEST_CASE("PlanSignIn: verify and mfa without a session are not authorized (ssoe_saml.md 6.3)",
          "[plan]") {
  for (const char* type : {"verify", "mfa"}) {
    // Before anything else is looked at.
    for (const base::FormPairs& query : {base::FormPairs{}, {{"operation", "asdf"}}}) {
      const auto plan = PlanSignIn(TestPolicy(), {type, query}, kNow);
      CheckRefused(plan, PlanRefusal::Kind::kNotAuthorized, "session_required");
      CheckError(plan, "401", "Not authorized", "Not authorized");
    }
  }
}

TEST_CASE("PlanSignIn: verify from a context the table does not list is refused (25.15)",
          "[plan]") {
  for (const char* context : {"", "unknown", "myhealthevet_loa3"}) {
    CAPTURE(context);
    CheckRefused(PlanSignIn(TestPolicy(), {"verify", {}, CurrentContext{context, "mhv"}}, kNow),
                 PlanRefusal::Kind::kBadRequest, "context_not_listed");
  }
}

TEST_CASE("PlanSignIn: custom asks for one context without ForceAuthn (ssoe_saml.md 9.3)",
          "[plan]") {
  struct Row {
    base::FormPairs query;
    std::string context;
    Csp csp;
  };
  const Row rows[] = {
      {{{"csp_type", "logingov"}, {"ial", "1"}}, kNs + "ial/1", Csp::kLogingov},
      {{{"csp_type", "logingov"}, {"ial", "2"}}, kNs + "ial/2", Csp::kLogingov},
      {{{"authn", "myhealthevet"}}, "myhealthevet", Csp::kMhv},
      {{{"authn", "dslogon_loa3"}}, "dslogon_loa3", Csp::kDslogon},
      {{{"authn", kNs + "loa/3/vets/mfa"}}, kNs + "loa/3/vets/mfa", Csp::kIdme},
      {{{"authn", kNs + "ial/2"}}, kNs + "ial/2", Csp::kLogingov},
      // The context decides; what else is said of it is ignored, as in the reference.
      {{{"csp_type", "dslogon"}, {"authn", "multifactor"}, {"ial", "7"}},
       "multifactor",
       Csp::kIdme},
      // The inbound context names no provider, so the caller has to.
      {{{"csp_type", "dslogon"}, {"authn", kPassword}}, kPassword, Csp::kDslogon},
      {{{"csp_type", "myhealthevet"}, {"authn", kPassword}}, kPassword, Csp::kMhv},
  };
  for (const Row& row : rows) {
    CAPTURE(row.context);
    const SignInPlan plan = PlanFor("custom", row.query);
    CHECK(plan.contexts == Contexts{row.context});
    CHECK(plan.csp == row.csp);
    CHECK(plan.comparison == "exact");
    CHECK_FALSE(plan.force_authn);
    CHECK(plan.target == "https://www.va.gov/auth/login/callback?type=custom");
  }
}

TEST_CASE("PlanSignIn: a parameter of custom that is missing or wrong is named (ssoe_saml.md 6.3)",
          "[plan]") {
  struct Row {
    base::FormPairs query;
    std::string code;
    std::string detail;
  };
  const std::string missing = "The required parameter \"";
  const std::string wrong = "\" is not a valid value for \"";
  const Row rows[] = {
      {{}, "108", missing + "authn\", is missing"},
      {{{"authn", ""}}, "108", missing + "authn\", is missing"},
      {{{"authn", " "}}, "108", missing + "authn\", is missing"},
      {{{"csp_type", "idme"}, {"ial", "2"}}, "108", missing + "authn\", is missing"},
      {{{"csp_type", "logingov"}}, "108", missing + "ial\", is missing"},
      {{{"csp_type", "logingov"}, {"ial", ""}}, "108", missing + "ial\", is missing"},
      {{{"csp_type", "logingov"}, {"authn", "x"}}, "108", missing + "ial\", is missing"},
      {{{"csp_type", "logingov"}, {"ial", "3"}}, "103", "\"3" + wrong + "ial\""},
      {{{"csp_type", "logingov"}, {"ial", "1 "}}, "103", "\"1 " + wrong + "ial\""},
      {{{"authn", "qwerty"}}, "103", "\"qwerty" + wrong + "authn\""},
      {{{"authn", "MyHealtheVet"}}, "103", "\"MyHealtheVet" + wrong + "authn\""},
      {{{"authn", kPassword}}, "103", "\"" + kPassword + wrong + "authn\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.detail);
    const auto plan = PlanSignIn(TestPolicy(), {"custom", row.query}, kNow);
    REQUIRE(std::holds_alternative<PlanRefusal>(plan));
    CHECK(std::get<PlanRefusal>(plan).kind == PlanRefusal::Kind::kBadRequest);
    CheckError(plan, row.code, row.code == "108" ? "Missing parameter" : "Invalid field value",
               row.detail);
  }
}

TEST_CASE("PlanSignIn: an operation is one of the published list (ssoe_saml.md 1.3)", "[plan]") {
  for (const char* operation :
       {"authorize", "interstitial_verify", "interstitial_signup", "mhv_exception",
        "myhealthevet_test_account", "verify_cta_authenticated", "verify_page_authenticated",
        "verify_page_unauthenticated"}) {
    CHECK(PlanFor("idme", {{"operation", operation}}).operation == operation);
  }
  for (const std::string operation : {"asdf", "", "Authorize"}) {
    const auto plan = PlanSignIn(TestPolicy(), {"idme", {{"operation", operation}}}, kNow);
    CheckRefused(plan, PlanRefusal::Kind::kBadRequest, "parameter_invalid");
    CheckError(plan, "103", "Invalid field value",
               "\"" + operation + "\" is not a valid value for \"operation\"");
  }
}

TEST_CASE("PlanSignIn: S147 ForceAuthn is dropped by type custom alone", "[plan][attack]") {
  CHECK(PlanFor("idme", {{"ForceAuthn", "false"}, {"force_authn", "false"}}).force_authn);
  for (const SignInType& type : SignInTypes()) {
    CAPTURE(type.name);
    const CurrentContext session{"myhealthevet", "mhv"};
    const base::FormPairs authn = {{"authn", "multifactor"}};
    CHECK(PlanFor(std::string(type.name), authn, session).force_authn == (type.name != "custom"));
  }
}

TEST_CASE("PlanSignIn: postLogin is told to an allowed redirect and to nothing else", "[plan]") {
  const std::string under = "https://www.va.gov/auth/login/callback/x";
  CHECK(PlanFor("idme", {{"redirect", under}, {"postLogin", "true"}}).target ==
        under + "?postLogin=true");
  CHECK(PlanFor("idme", {{"redirect", under}, {"postLogin", "1"}}).target == under);
  CHECK(PlanFor("idme", {{"postLogin", "true"}}).target ==
        "https://www.va.gov/auth/login/callback?type=idme");
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

TEST_CASE("PlanSignIn: R9 a start may say that the level that comes back is enough", "[plan][R9]") {
  CHECK_FALSE(PlanFor("idme", {}).stay_at_level);
  for (const char* other : {"", "true", "0", "False"}) {
    CHECK_FALSE(PlanFor("idme", {{"uplevel", other}}).stay_at_level);
    CHECK(PlanFor("idme", {{"uplevel", other}}).restart == "/v1/sessions/idme/new");
  }
  const SignInPlan stays = PlanFor("idme", {{"uplevel", "false"}});
  CHECK(stays.stay_at_level);
  CHECK(stays.restart == "/v1/sessions/idme/new?uplevel=false");
  CHECK(RestartAtLevel("/v1/sessions/idme/new") == stays.restart);
  CHECK(RestartAtLevel("/v1/sessions/idme/new?to=%2Fx") ==
        "/v1/sessions/idme/new?to=%2Fx&uplevel=false");
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
  CHECK(PlanFor("custom", {{"ial", "2"},
                           {"csp_type", "logingov"},
                           {"operation", "mhv_exception"},
                           {"postLogin", "true"},
                           {"skip_dupe", "true"},
                           {"clientId", "x"}})
            .restart ==
        "/v1/sessions/custom/new?postLogin=true&operation=mhv_exception&csp_type=logingov&ial=2");
}

TEST_CASE("StatusFor: each refusal of a start has an honest status", "[plan]") {
  CHECK(StatusFor(PlanRefusal::Kind::kNotFound) == 404);
  CHECK(StatusFor(PlanRefusal::Kind::kBadRequest) == 400);
  CHECK(StatusFor(PlanRefusal::Kind::kNotAuthorized) == 401);
  CHECK(StatusFor(PlanRefusal::Kind::kCspClosed) == 403);
}

TEST_CASE("PlanSignIn: S147 the address to come back to is never the browser's choice",
          "[plan][attack]") {
  CheckRefused(PlanSignIn(TestPolicy(), {"idme", {{"redirect", "https://evil.example/"}}}, kNow),
               PlanRefusal::Kind::kBadRequest, "target_not_allowed");
}

}  // namespace
}  // namespace va::gateway
