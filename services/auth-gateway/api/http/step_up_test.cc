// What follows a first leg: the lap that goes on by itself, sessions that replace one another, the
// terms of use, and responses that nobody asked for.
#include <catch2/catch.hpp>

#include "services/auth-gateway/api/http/gateway_testing.h"
#include "services/auth-gateway/api/http/outcome_response.h"
#include "services/auth-gateway/saml/redirect_binding.h"

namespace va::gateway::testing {
namespace {

using telemetry::AuditEvent;

constexpr char kResult[] = "https://sp.test/auth/login/callback";

std::string Header(const http::Response& response, absl::string_view name) {
  return std::string(response.headers.Get(name).value_or(""));
}

bool SetsSession(const http::Response& response) {
  return Header(response, "Set-Cookie").find("__Host-va_session=") == 0;
}

bool Says(const http::Response& response, const std::string& text) {
  return response.body.find(text) != std::string::npos;
}

void Decide(TestGateway& gateway, Decision::Verdict verdict, const std::string& tag) {
  gateway.rules.decision.verdict = verdict;
  gateway.rules.decision.tag = tag;
}

const FlowRecord& LapOf(TestGateway& gateway, const std::string& parent) {
  for (const auto& [id, flow] : gateway.flows.flows) {
    if (flow.parent == parent) return flow;
  }
  FAIL("there is no second lap");
  std::abort();
}

// A first leg that came back too low, and the form that goes on at once.
struct Lap {
  TestGateway::Attempt first;
  http::Response form;
  TestGateway::Attempt second;
};

Lap GoneOn(TestGateway& gateway, const std::string& tag = "step_up_highest",
           const std::string& query = "") {
  Lap lap;
  gateway.returned_context = std::string(identity::kLoa1Vets);
  lap.first = gateway.Start(query);
  Decide(gateway, Decision::Verdict::kStepUp, tag);
  lap.form = gateway.PostResponse(lap.first, gateway.ResponseTo(lap.first, "_first"));
  REQUIRE(lap.form.status == 200);
  lap.second = gateway.AttemptOf(lap.form);
  gateway.returned_context = std::string(identity::kLoa3);
  return lap;
}

TEST_CASE("StepUp: R9 who came back too low goes on at once, in a new attempt of the same target",
          "[callback][R9]") {
  TestGateway gateway;
  const Lap lap = GoneOn(gateway);
  CHECK(Says(lap.form, "name=\"SAMLRequest\""));
  CHECK(Says(lap.form, "https://idp.test/sso"));
  CHECK_FALSE(SetsSession(lap.form));
  CHECK(gateway.flows.sessions.empty());

  const FlowRecord& first = gateway.flows.flows[lap.first.id];
  CHECK(first.stage == FlowStage::kDone);
  CHECK(first.outcome->kind == OutcomeKind::kStepUp);
  const FlowRecord& second = LapOf(gateway, lap.first.id);
  CHECK(second.lap == 1);
  CHECK(second.id != first.id);
  CHECK(second.authn_request_id != first.authn_request_id);
  CHECK(second.handle_hash != first.handle_hash);
  CHECK(second.browser_hash == first.browser_hash);
  CHECK(second.plan.target == first.plan.target);
  CHECK(second.plan.type == first.plan.type);
  CHECK(second.plan.force_authn);
  CHECK(second.plan.contexts.front() == identity::kLoa3);
  CHECK(second.plan.comparison == "exact");
}

TEST_CASE("StepUp: R9 the second lap lands on the target of the first", "[callback][R9]") {
  TestGateway gateway;
  const Lap lap = GoneOn(gateway, "step_up_highest",
                         "?redirect=https%3A%2F%2Fsp.test%2Fauth%2Flogin%2Fcallback%2Fdeep");
  Decide(gateway, Decision::Verdict::kAdmit, "");
  const http::Response landed =
      gateway.PostResponse(lap.second, gateway.ResponseTo(lap.second, "_second"));
  CHECK(landed.status == 303);
  CHECK(Header(landed, "Location") == "https://sp.test/auth/login/callback/deep");
  CHECK(SetsSession(landed));
  CHECK(gateway.flows.sessions.size() == 1);
  CHECK(Says(gateway.GetAttempt(lap.second.id), "\"first_leg\":\"" + lap.first.id + "\""));
}

TEST_CASE("StepUp: R9 a second time ends in a page with a button of its own, never in a loop",
          "[callback][R9]") {
  struct Row {
    const char* tag;
    const char* headline;
    const char* button;
  };
  const auto row = GENERATE(values<Row>({
      {"step_up_highest", "Verify your identity to go on", "/v1/sessions/idme_verified/new"},
      {"step_up_application_ial", "Verify your identity to go on",
       "/v1/sessions/idme_verified/new"},
      {"step_up_application_aal", "A second step is needed to go on", "/v1/sessions/idme/new"},
      {"step_up_application_max_age", "Sign in again to go on", "/v1/sessions/idme/new"},
  }));
  CAPTURE(row.tag);
  TestGateway gateway;
  const Lap lap = GoneOn(gateway);
  Decide(gateway, Decision::Verdict::kStepUp, row.tag);
  const http::Response page =
      gateway.PostResponse(lap.second, gateway.ResponseTo(lap.second, "_second"));
  CHECK(page.status == 403);
  CHECK(Says(page, row.headline));
  CHECK(Says(page, row.button));
  CHECK_FALSE(Says(page, "SAMLRequest"));
  CHECK(gateway.flows.flows.size() == 2);
  CHECK(gateway.flows.sessions.empty());
}

TEST_CASE("StepUp: R18 what is missing decides what the second lap asks for", "[callback][R18]") {
  struct Row {
    const char* tag;
    std::string context;
  };
  const auto row = GENERATE(values<Row>({
      {"step_up_type_verified", std::string(identity::kLoa3)},
      {"step_up_application_ial", std::string(identity::kLoa3)},
      {"step_up_application_aal", "multifactor"},
      {"step_up_application_max_age", std::string(identity::kLoa1Vets)},
  }));
  CAPTURE(row.tag);
  TestGateway gateway;
  const Lap lap = GoneOn(gateway, row.tag);
  CHECK(LapOf(gateway, lap.first.id).plan.contexts.front() == row.context);
}

TEST_CASE("StepUp: R14 a second lap that is answered with less than it asked for is refused",
          "[callback][R14]") {
  TestGateway gateway;
  const Lap lap = GoneOn(gateway);
  gateway.returned_context = std::string(identity::kLoa1Vets);
  const http::Response page =
      gateway.PostResponse(lap.second, gateway.ResponseTo(lap.second, "_second"));
  CHECK(page.status == 403);
  CHECK(gateway.audit.tags.back() == "assurance_not_met");
  CHECK(gateway.flows.sessions.empty());
}

TEST_CASE("StepUp: R9 whoever is not verified in a lap that nobody needs may go on without it",
          "[callback][R9]") {
  struct Row {
    const char* tag;
    bool goes_on;
  };
  const auto row = GENERATE(values<Row>({{"step_up_highest", true},
                                         {"step_up_application_ial", false},
                                         {"step_up_type_verified", false}}));
  CAPTURE(row.tag);
  TestGateway gateway;
  const Lap lap = GoneOn(gateway, row.tag, "?to=%2Fdeep");
  gateway.returned_context = std::string(identity::kLoa1Vets);
  const http::Response page =
      gateway.PostResponse(lap.second, gateway.ResponseTo(lap.second, "_second"));
  CHECK(page.status == 403);
  CHECK(Says(page, "Sign in without verifying") == row.goes_on);
  CHECK(Says(page, "/v1/sessions/idme/new?to=%2Fdeep&amp;uplevel=false") == row.goes_on);
  CHECK(Says(page, lap.second.id.empty() ? "?" : lap.second.id));
}

TEST_CASE("StepUp: R9 what the button leads to asks for no second lap", "[callback][R9]") {
  TestGateway gateway;
  const auto attempt = gateway.Start("?uplevel=false");
  CHECK(gateway.flows.flows[attempt.id].plan.stay_at_level);
  const http::Response landed = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(landed.status == 303);
  CHECK(gateway.rules.plan.stay_at_level);
}

TEST_CASE(
    "StepUp: R9 to turn back in such a lap is answered here, also where refusals are redirects",
    "[callback][R9]") {
  TestGateway gateway;
  const Lap lap = GoneOn(gateway);
  FlowRecord flow = LapOf(gateway, lap.first.id);
  flow.plan.on_refusal = identity::OnRefusal::kRedirect;
  Outcome outcome;
  outcome.code = "001";
  outcome.tag = "clicked_deny";
  const http::Response page = OutcomeResponse(gateway.deps(), outcome, &flow, flow.id);
  CHECK(page.status == 403);
  CHECK(Says(page, "Your identity was not verified"));
  CHECK(Says(page, "001"));
  CHECK(Says(page, "/v1/sessions/idme/new?uplevel=false"));
  // Whoever turns back in a lap that the application needs is sent to its front end as ever.
  flow.lap_for = "step_up_application_ial";
  CHECK(OutcomeResponse(gateway.deps(), outcome, &flow, flow.id).status == 302);
  // A mistake of the message is none of the person's.
  flow.lap_for = "step_up_highest";
  outcome.code = "007";
  outcome.tag = "signature_invalid";
  CHECK(OutcomeResponse(gateway.deps(), outcome, &flow, flow.id).status == 302);
}

TEST_CASE("StepUp: R9 where no leg leads to a level reached before the person comes in as they are",
          "[callback][R9]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  gateway.rules.admits_who_stays = true;
  Decide(gateway, Decision::Verdict::kStepUp, "step_up_highest");
  const http::Response landed = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(landed.status == 303);
  CHECK(SetsSession(landed));
  CHECK(gateway.rules.admits == 2);
}

TEST_CASE("Callback: an attempt at a provider that was switched off since ends in try later",
          "[callback]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  SamlIdp& idp = gateway.idp();
  idp.switched_off = "METADATA_EXPIRED";
  REQUIRE_FALSE(idp.IsOpen());
  const http::Response page = gateway.PostResponse(attempt, answer);
  CHECK(page.status == 503);
  CHECK(gateway.audit.tags.back() == "idp_unavailable");
  CHECK(gateway.flows.sessions.empty());
  // It comes back by itself, and the answer is as good as before.
  idp.switched_off.clear();
  CHECK(gateway.PostResponse(attempt, answer).status == 303);
}

TEST_CASE("StepUp: a context that no leg goes on from ends in the page", "[callback][R9]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  Decide(gateway, Decision::Verdict::kStepUp, "step_up_application_ial");
  // Already verified by the context: there is no verify leg from there.
  const http::Response page = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(page.status == 403);
  CHECK(Says(page, "Verify your identity to go on"));
}

TEST_CASE("StepUp: P2 the first leg posted again is a replay, and the lap stays usable",
          "[callback][P2]") {
  TestGateway gateway;
  gateway.returned_context = std::string(identity::kLoa1Vets);
  const auto first = gateway.Start();
  const std::string answer = gateway.ResponseTo(first, "_first");
  Decide(gateway, Decision::Verdict::kStepUp, "step_up_highest");
  const auto second = gateway.AttemptOf(gateway.PostResponse(first, answer));
  const http::Response again = gateway.PostResponse(first, answer);
  CHECK(again.status == 403);
  CHECK(Says(again, "This sign-in was already used"));
  gateway.returned_context = std::string(identity::kLoa3);
  Decide(gateway, Decision::Verdict::kAdmit, "");
  CHECK(gateway.PostResponse(second, gateway.ResponseTo(second, "_second")).status == 303);
}

TEST_CASE("StepUp: R19 a step-up is shown as our page even where refusals are redirects",
          "[callback][R19]") {
  TestGateway gateway;
  const auto attempt = gateway.Start("?application=compatible");
  Decide(gateway, Decision::Verdict::kStepUp, "step_up_highest");
  const http::Response page = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(page.status == 403);
  CHECK(Says(page, "Verify your identity"));
}

// --- Sessions that replace one another -----------------------------------------------------------

// Somebody who is signed in and starts `type` from there; the provider answers with `context`.
TestGateway::Attempt StartedFrom(TestGateway& gateway, const std::string& cookie,
                                 const std::string& type, const std::string& context) {
  const http::Response form = gateway.Get("/v1/sessions/" + type + "/new", cookie);
  gateway.returned_context = context;
  return gateway.AttemptOf(form);
}

TEST_CASE("StepUp: P7 a session that steps up replaces the older one (25.35)", "[callback][P7]") {
  TestGateway gateway;
  const std::string older = gateway.SignedIn();
  const std::string older_hash = gateway.flows.sessions[0].token_hash;
  const auto attempt = StartedFrom(gateway, older, "mfa", "multifactor");
  CHECK(gateway.Get("/v0/user", older).status == 200);
  const http::Response landed = gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_mfa"));
  CHECK(landed.status == 303);
  REQUIRE(gateway.flows.sessions.size() == 1);
  CHECK(gateway.flows.sessions[0].token_hash != older_hash);
  CHECK(gateway.Get("/v0/user", older).status == 401);
}

TEST_CASE("StepUp: P7 an answer about another account does not enter the session",
          "[callback][P7][attack]") {
  TestGateway gateway;
  const std::string older = gateway.SignedIn();
  const auto attempt = StartedFrom(gateway, older, "mfa", "multifactor");
  gateway.rules.decision.session.account_id = "account-2";
  const size_t issued = static_cast<size_t>(std::count(
      gateway.audit.events.begin(), gateway.audit.events.end(), AuditEvent::kSessionIssued));
  const http::Response page = gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_mfa"));
  CHECK(page.status == 403);
  CHECK_FALSE(SetsSession(page));
  CHECK(Says(page, "That is another account"));
  CHECK(gateway.flows.flows[attempt.id].outcome->tag == "other_account");
  CHECK(static_cast<size_t>(std::count(gateway.audit.events.begin(), gateway.audit.events.end(),
                                       AuditEvent::kSessionIssued)) == issued);
  // The older session is as it was.
  REQUIRE(gateway.flows.sessions.size() == 1);
  CHECK(gateway.flows.sessions[0].account_id == "account-1");
  CHECK(gateway.Get("/v0/user", older).status == 200);
}

TEST_CASE("StepUp: a plain sign-in of somebody else replaces the session of this browser",
          "[callback][P7]") {
  TestGateway gateway;
  const std::string older = gateway.SignedIn();
  const auto attempt = StartedFrom(gateway, older, "idme", std::string(identity::kLoa3));
  gateway.rules.decision.session.account_id = "account-2";
  CHECK(gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_two")).status == 303);
  REQUIRE(gateway.flows.sessions.size() == 1);
  CHECK(gateway.flows.sessions[0].account_id == "account-2");
}

TEST_CASE("StepUp: 13.1 a second factor that is set up leaves last_signed_in where it was",
          "[callback][rule]") {
  TestGateway gateway;
  const std::string older = gateway.SignedIn();
  const absl::Time signed_in = gateway.flows.sessions[0].last_signed_in;
  CHECK(signed_in == gateway.clock.Now());
  gateway.clock.Advance(absl::Minutes(10));
  gateway.ran += absl::Minutes(10);
  const std::string context = GENERATE(as<std::string>{}, "multifactor", "loa3");
  const bool factor = context == "multifactor";
  const auto attempt = StartedFrom(gateway, older, factor ? "mfa" : "idme_verified",
                                   factor ? context : std::string(identity::kLoa3));
  REQUIRE(gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_next")).status == 303);
  REQUIRE(gateway.flows.sessions.size() == 1);
  CHECK((gateway.flows.sessions[0].last_signed_in == signed_in) == factor);
}

TEST_CASE("StepUp: the lap keeps what the first leg knew of an older session", "[callback][P7]") {
  TestGateway gateway;
  const std::string older = gateway.SignedIn();
  const auto first = StartedFrom(gateway, older, "idme", std::string(identity::kLoa1Vets));
  Decide(gateway, Decision::Verdict::kStepUp, "step_up_highest");
  gateway.PostResponse(first, gateway.ResponseTo(first, "_first"));
  const FlowRecord& lap = LapOf(gateway, first.id);
  CHECK(lap.had_session);
  CHECK(lap.session_hash == gateway.flows.flows[first.id].session_hash);
  CHECK(lap.session_account == "account-1");
}

// --- Terms of use --------------------------------------------------------------------------------

identity::Policy WithTerms() {
  identity::Policy policy = TestPolicy();
  for (identity::Application& application : policy.applications) application.terms_first = true;
  identity::Application mhv = policy.applications[0];
  mhv.name = "mhv";
  policy.applications.push_back(mhv);
  return policy;
}

http::Response SignIn(TestGateway& gateway, const std::string& query = "") {
  const auto attempt = gateway.Start(query);
  return gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_a" + attempt.id));
}

TEST_CASE("Terms: 10.3 who has not accepted them is sent there with the address of the target",
          "[callback][terms]") {
  TestGateway gateway(WithTerms());
  gateway.AdmitMhvPerson();
  const http::Response landed = SignIn(gateway);
  CHECK(landed.status == 303);
  CHECK(SetsSession(landed));
  CHECK(Header(landed, "Location") ==
        "https://sp.test/terms-of-use?redirect_url="
        "https%3A%2F%2Fsp.test%2Fauth%2Flogin%2Fcallback%3Ftype%3Didme");
  CHECK(Header(SignIn(gateway, "?application=mhv"), "Location") ==
        "https://sp.test/terms-of-use?redirect_url="
        "https%3A%2F%2Fsp.test%2Fauth%2Flogin%2Fcallback%3Ftype%3Didme"
        "&skip_mhv_account_creation=true");
}

TEST_CASE("Terms: 10.3 nobody is sent there who need not go", "[callback][terms]") {
  SECTION("accepted") {
    TestGateway gateway(WithTerms());
    gateway.AdmitMhvPerson();
    gateway.terms.status.accepted = true;
    CHECK(Header(SignIn(gateway), "Location") == "https://sp.test/auth/login/callback?type=idme");
  }
  SECTION("without an ICN") {
    TestGateway gateway(WithTerms());
    CHECK(Header(SignIn(gateway), "Location") == "https://sp.test/auth/login/callback?type=idme");
  }
  SECTION("an application that is not listed") {
    TestGateway gateway;
    gateway.AdmitMhvPerson();
    CHECK(Header(SignIn(gateway), "Location") == "https://sp.test/auth/login/callback?type=idme");
  }
  SECTION("terms that cannot be asked for turn nobody away") {
    TestGateway gateway(WithTerms());
    gateway.AdmitMhvPerson();
    gateway.terms.down = true;
    CHECK(Header(SignIn(gateway), "Location") == "https://sp.test/auth/login/callback?type=idme");
    CHECK(gateway.logged().find("sign_in.terms_unknown") != std::string::npos);
  }
}

TEST_CASE("Terms: P2 a repeat lands at the terms as the first did", "[callback][terms][P2]") {
  TestGateway gateway(WithTerms());
  gateway.AdmitMhvPerson();
  const auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  const std::string first = Header(gateway.PostResponse(attempt, answer), "Location");
  const http::Response again = gateway.PostResponse(attempt, answer);
  CHECK(Header(again, "Location") == first);
  CHECK_FALSE(SetsSession(again));
}

TEST_CASE("Terms: 10.3 our page goes on to the attempt's own target, not to redirect_url",
          "[callback][terms][attack]") {
  TestGateway gateway(WithTerms());
  gateway.AdmitMhvPerson();
  const std::string deep = "https://sp.test/auth/login/callback/deep";
  const http::Response landed =
      SignIn(gateway, "?redirect=https%3A%2F%2Fsp.test%2Fauth%2Flogin%2Fcallback%2Fdeep");
  const std::string set = Header(landed, "Set-Cookie");
  const std::string cookie = set.substr(0, set.find(';'));
  const http::Response page =
      gateway.Get("/terms-of-use?redirect_url=https%3A%2F%2Fevil.example%2F", cookie);
  CHECK(page.status == 200);
  CHECK(Says(page, "href=\"" + deep + "\""));
  CHECK_FALSE(Says(page, "evil.example"));
}

// --- Unsolicited responses -----------------------------------------------------------------------

identity::Policy WithUnsolicited() {
  identity::Policy policy = TestPolicy();
  policy.idps[0].allow_unsolicited = true;
  return policy;
}

http::Response PostUnasked(TestGateway& gateway, const std::string& response,
                           const std::string& origin, const std::string& relay_state = "",
                           const std::string& cookie = "") {
  base::FormPairs form = {{"SAMLResponse", response}};
  if (!relay_state.empty()) form.emplace_back("RelayState", relay_state);
  http::Headers headers;
  if (!origin.empty()) headers.Add("Origin", origin);
  return gateway.Post("/v1/sessions/callback", cookie, base::BuildQuery(form), headers);
}

TEST_CASE("Unsolicited: P1 S97 refused unless the provider is listed", "[callback][attack][P1]") {
  TestGateway gateway;
  const http::Response page = PostUnasked(gateway, gateway.ResponseTo({}), "https://idp.test");
  CHECK(page.status == 403);
  CHECK(gateway.audit.tags.back() == "unknown_relay_state");
  CHECK(gateway.flows.flows.empty());
  CHECK(gateway.flows.sessions.empty());
}

TEST_CASE("Unsolicited: P1 of a listed provider it lands on the default page, RelayState ignored",
          "[callback][P1]") {
  TestGateway gateway(WithUnsolicited());
  const std::string relay = GENERATE(as<std::string>{}, "", "https://evil.example/", "mhv",
                                     "{\"type\":\"mhv_verified\"}");
  const http::Response landed =
      PostUnasked(gateway, gateway.ResponseTo({}), "https://idp.test", relay);
  CHECK(landed.status == 303);
  CHECK(Header(landed, "Location") == std::string(kResult) + "?type=idme");
  CHECK(SetsSession(landed));
  REQUIRE(gateway.flows.sessions.size() == 1);
  CHECK(gateway.flows.sessions[0].application == "vaweb");
}

TEST_CASE("Unsolicited: S97 a post that does not come from the provider's site is refused",
          "[callback][attack][P1]") {
  TestGateway gateway(WithUnsolicited());
  const std::string origin =
      GENERATE(as<std::string>{}, "", "null", "https://evil.example",
               "https://idp.test.evil.example", "https://idp.tes", "http://idp.test",
               "https://sp.test", "https:", "https://idp.test/", "https://idp.test:444");
  CAPTURE(origin);
  const http::Response page = PostUnasked(gateway, gateway.ResponseTo({}), origin);
  CHECK(page.status == 403);
  CHECK_FALSE(SetsSession(page));
  CHECK(gateway.audit.tags.back() == "unsolicited_origin");
  CHECK(gateway.flows.sessions.empty());
}

TEST_CASE("Unsolicited: S97 S90 it counts once, and an answer to a question is none",
          "[callback][attack][P1]") {
  TestGateway gateway(WithUnsolicited());
  SECTION("posted again") {
    const std::string response = gateway.ResponseTo({});
    REQUIRE(PostUnasked(gateway, response, "https://idp.test").status == 303);
    const http::Response again = PostUnasked(gateway, response, "https://idp.test");
    CHECK(again.status == 403);
    CHECK(gateway.audit.tags.back() == "replay");
    CHECK(gateway.flows.sessions.size() == 1);
  }
  SECTION("an answer to somebody's attempt, its handle left away") {
    const auto attempt = gateway.Start();
    const http::Response page =
        PostUnasked(gateway, gateway.ResponseTo(attempt), "https://idp.test");
    CHECK(page.status == 403);
    CHECK(gateway.audit.tags.back() == "unknown_relay_state");
    CHECK(gateway.flows.sessions.empty());
  }
  SECTION("with the handle of an open attempt it has to answer that") {
    const auto attempt = gateway.Start();
    const http::Response page = PostUnasked(gateway, gateway.ResponseTo({}), "https://idp.test",
                                            attempt.handle, attempt.cookie);
    CHECK(page.status == 403);
    CHECK(gateway.flows.sessions.empty());
  }
}

TEST_CASE("Unsolicited: S97 a provider speaks for its own people only", "[callback][attack][P1]") {
  identity::Policy policy = WithUnsolicited();
  policy.idps.push_back({.name = "other"});
  policy.csps[0].idp = "other";
  TestGateway gateway(policy);
  const http::Response page = PostUnasked(gateway, gateway.ResponseTo({}), "https://idp.test");
  CHECK(page.status == 403);
  CHECK(gateway.audit.tags.back() == "other_idp");
  CHECK(gateway.flows.sessions.empty());
}

TEST_CASE("Unsolicited: one that does not hold says why, one of a dead store is try later",
          "[callback][P1]") {
  TestGateway gateway(WithUnsolicited());
  SECTION("too old") {
    const std::string response = gateway.ResponseTo({});
    gateway.clock.Advance(absl::Minutes(30));
    gateway.ran += absl::Minutes(30);
    CHECK(PostUnasked(gateway, response, "https://idp.test").status == 403);
    CHECK(gateway.audit.tags.back() == "auth_too_late");
  }
  SECTION("store down") {
    const std::string response = gateway.ResponseTo({});
    gateway.flows.down = true;
    CHECK(PostUnasked(gateway, response, "https://idp.test").status == 503);
  }
  CHECK(gateway.flows.sessions.empty());
}

// --- The Redirect binding ------------------------------------------------------------------------

// The request that a Location carries, and its RelayState.
RedirectQuery Carried(TestGateway& gateway, const http::Response& response) {
  const std::string location = Header(response, "Location");
  auto query = ReadRedirectQuery(location.substr(location.find('?') + 1));
  REQUIRE(query.ok());
  const crypto::PublicKey keys[] = {gateway.saml().signing_key.Public()};
  CHECK(VerifyRedirectQuery(*query, keys).ok());
  return *query;
}

TEST_CASE("Departure: a provider of the Redirect binding gets the request in a signed query",
          "[start][saml]") {
  TestGateway gateway;
  gateway.saml().idps[0].sso.binding = SamlBinding::kRedirect;
  const http::Response response = gateway.Get("/v1/sessions/idme/new");
  CHECK(response.status == 303);
  CHECK(Header(response, "Location").find("https://idp.test/sso?SAMLRequest=") == 0);
  CHECK(Header(response, "Set-Cookie").find("__Host-va_flow=") == 0);
  const RedirectQuery query = Carried(gateway, response);
  CHECK(query.kind == SamlMessageKind::kRequest);
  CHECK(query.xml.find("<samlp:AuthnRequest") != std::string::npos);
  CHECK(query.xml.find("Destination=\"https://idp.test/sso\"") != std::string::npos);
  // Bindings 3.4.4.1: the query is signed, the message carries no signature.
  CHECK(query.xml.find("Signature") == std::string::npos);
  CHECK(gateway.flows.flows.size() == 1);
  CHECK(gateway.flows.flows.begin()->second.handle_hash == TestGateway::HashOf(query.relay_state));
}

TEST_CASE("Departure: only a signup tells the provider so, in the query and not in the message",
          "[start][saml]") {
  TestGateway gateway;
  gateway.saml().idps[0].sso.binding = SamlBinding::kRedirect;
  const http::Response response = gateway.Get("/v1/sessions/idme_signup/new");
  CHECK(Header(response, "Location").find("https://idp.test/sso?op=signup&SAMLRequest=") == 0);
  CHECK(Carried(gateway, response).xml.find("op=signup") == std::string::npos);
}

TEST_CASE("Departure: a second lap leaves by the same binding", "[callback][R9]") {
  TestGateway gateway;
  gateway.returned_context = std::string(identity::kLoa1Vets);
  const auto first = gateway.Start();
  gateway.saml().idps[0].sso.binding = SamlBinding::kRedirect;
  Decide(gateway, Decision::Verdict::kStepUp, "step_up_highest");
  const http::Response response = gateway.PostResponse(first, gateway.ResponseTo(first));
  CHECK(response.status == 303);
  CHECK(Carried(gateway, response).xml.find(std::string(identity::kLoa3)) != std::string::npos);
}

}  // namespace
}  // namespace va::gateway::testing
