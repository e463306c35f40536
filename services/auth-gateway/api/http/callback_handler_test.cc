#include "services/auth-gateway/api/http/callback_handler.h"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway::testing {
namespace {

using telemetry::AuditEvent;

std::string Header(const http::Response& response, absl::string_view name) {
  return std::string(response.headers.Get(name).value_or(""));
}

bool SetsSession(const http::Response& response) {
  return Header(response, "Set-Cookie").find("__Host-va_session=") == 0;
}

// A refusal is a page with an honest status, one audit event with the tag, and no session.
void CheckRefused(TestGateway& gateway, const http::Response& response, int status,
                  const std::string& tag) {
  CHECK(response.status == status);
  CHECK_FALSE(SetsSession(response));
  CHECK(gateway.flows.sessions.empty());
  REQUIRE_FALSE(gateway.audit.events.empty());
  CHECK(gateway.audit.events.back() == AuditEvent::kAssertionRefused);
  CHECK(gateway.audit.tags.back() == tag);
  CHECK(std::count(gateway.audit.events.begin(), gateway.audit.events.end(),
                   AuditEvent::kAssertionRefused) == 1);
}

TEST_CASE("Callback: a genuine response ends in a session and the plan's target", "[callback]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  const http::Response response = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(response.status == 303);
  CHECK(Header(response, "Location") == "https://sp.test/auth/login/callback?type=idme");
  const std::string cookie = Header(response, "Set-Cookie");
  CHECK(cookie.find("__Host-va_session=") == 0);
  for (const char* attribute : {"; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"}) {
    CHECK(cookie.find(attribute) != std::string::npos);
  }
  REQUIRE(gateway.flows.sessions.size() == 1);
  // The store is given the hash; the token goes to the browser alone.
  const std::string token = cookie.substr(18, cookie.find(';') - 18);
  CHECK(gateway.flows.sessions[0].token_hash == TestGateway::HashOf(token));
  CHECK(gateway.Get("/v0/user", "__Host-va_session=" + token).body.find("\"Ada\"") !=
        std::string::npos);
}

TEST_CASE("Callback: S90 P2 the same response again from the same browser lands and makes nothing",
          "[callback][attack]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  REQUIRE(gateway.PostResponse(attempt, answer).status == 303);
  const http::Response again = gateway.PostResponse(attempt, answer);
  CHECK(again.status == 303);
  CHECK(Header(again, "Location") == "https://sp.test/auth/login/callback?type=idme");
  CHECK_FALSE(again.headers.Has("Set-Cookie"));
  CHECK(gateway.flows.sessions.size() == 1);
  CHECK(gateway.rules.admits == 1);
}

TEST_CASE("Callback: S98 the attacker's own response in the victim's browser is refused",
          "[callback][attack]") {
  TestGateway gateway;
  const auto attacker = gateway.Start();
  const std::string answer = gateway.ResponseTo(attacker);
  auto victim = gateway.Start();
  victim.handle = attacker.handle;
  CheckRefused(gateway, gateway.PostResponse(victim, answer), 403, "other_browser");
}

TEST_CASE("Callback: S95 a response to another attempt of the same browser is refused",
          "[callback][attack]") {
  TestGateway gateway;
  const auto first = gateway.Start();
  const auto second = gateway.Start("", first.cookie);
  const http::Response response = gateway.PostResponse(second, gateway.ResponseTo(first));
  CHECK(response.status == 403);
  CHECK(gateway.flows.sessions.empty());
}

TEST_CASE("Callback: without the flow cookie nothing happens", "[callback]") {
  TestGateway gateway;
  auto attempt = gateway.Start();
  attempt.cookie.clear();
  CheckRefused(gateway, gateway.PostResponse(attempt, gateway.ResponseTo(attempt)), 403,
               "flow_cookie_missing");
}

TEST_CASE("Callback: P6 S143 a handle that is missing or unknown leads nowhere",
          "[callback][attack][P6]") {
  for (const char* handle : {"", "guess", "https://evil.example/"}) {
    TestGateway gateway;
    auto attempt = gateway.Start();
    attempt.handle = handle;
    CheckRefused(gateway, gateway.PostResponse(attempt, gateway.ResponseTo(attempt)), 403,
                 "unknown_relay_state");
  }
}

TEST_CASE("Callback: P10 an attempt that took longer than 15 minutes is too late",
          "[callback][P10]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  gateway.clock.Advance(absl::Minutes(15));
  CheckRefused(gateway, gateway.PostResponse(attempt, gateway.ResponseTo(attempt)), 403,
               "flow_expired");
}

TEST_CASE("Callback: C1 a clock set back by an hour revives no attempt and no session",
          "[callback][attack]") {
  const auto pass = [](TestGateway& gateway, absl::Duration time) {
    gateway.clock.Advance(time);
    gateway.ran += time;
  };
  {
    TestGateway gateway;
    const auto attempt = gateway.Start();
    pass(gateway, absl::Minutes(15));
    gateway.clock.Advance(-absl::Hours(1));
    CheckRefused(gateway, gateway.PostResponse(attempt, gateway.ResponseTo(attempt)), 403,
                 "flow_expired");
  }
  TestGateway gateway;
  const std::string session = gateway.SignedIn();
  gateway.clock.Advance(-absl::Hours(1));
  pass(gateway, absl::Minutes(29));
  CHECK(gateway.Get("/v0/user", session).status == 200);
  pass(gateway, absl::Minutes(1));
  CHECK(gateway.Get("/v0/user", session).status == 401);
  // An attempt begins and ends by the time that has really passed.
  gateway.flows.sessions.clear();
  gateway.audit.events.clear();
  const auto attempt = gateway.Start();
  pass(gateway, absl::Minutes(16));
  CheckRefused(gateway, gateway.PostResponse(attempt, gateway.ResponseTo(attempt)), 403,
               "flow_expired");
}

TEST_CASE("Callback: S78 S79 W16 what is no form or no base64 is a bad request",
          "[callback][attack]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  CHECK(gateway.PostResponse(attempt, "***").status == 400);
  CHECK(gateway.PostResponse(attempt, "").status == 400);
  CHECK(gateway.PostResponse(attempt, base::Base64Encode("<a>")).status == 400);
  const std::string twice = base::BuildQuery(
      {{"SAMLResponse", answer}, {"SAMLResponse", answer}, {"RelayState", attempt.handle}});
  CHECK(gateway.Post("/v1/sessions/callback", attempt.cookie, twice).status == 400);
  CHECK(gateway.flows.assertions.empty());
  // None of it has spoilt the attempt: the honest answer still counts.
  CHECK(gateway.PostResponse(attempt, answer).status == 303);
}

TEST_CASE("Callback: a refused response can be followed by the genuine one", "[callback]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  std::string altered = OrDie(base::Base64DecodeStrict(gateway.ResponseTo(attempt)));
  altered.replace(altered.find("name-1"), 6, "name-2");
  CHECK(gateway.PostResponse(attempt, base::Base64Encode(altered)).status == 403);
  CHECK(gateway.PostResponse(attempt, gateway.ResponseTo(attempt)).status == 303);
}

TEST_CASE("Callback: R6 MPI is asked only when the rules say so", "[callback][R6]") {
  TestGateway gateway;
  const auto first = gateway.Start();
  gateway.PostResponse(first, gateway.ResponseTo(first, "_a1"));
  CHECK(gateway.index.asked == 0);
  gateway.rules.derived.asks_mpi = true;
  const auto second = gateway.Start();
  gateway.PostResponse(second, gateway.ResponseTo(second, "_a2"));
  CHECK(gateway.index.asked == 1);
}

TEST_CASE("Callback: R5 MPI or the rules down is try later and stays on record", "[callback][R5]") {
  TestGateway gateway;
  gateway.rules.derived.asks_mpi = true;
  gateway.index.down = true;
  const auto attempt = gateway.Start();
  const http::Response response = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(response.status == 503);
  CHECK(response.body.find("Nothing is wrong with your account") != std::string::npos);
  CHECK_FALSE(Header(response, "Retry-After").empty());
  CHECK_FALSE(SetsSession(response));
  REQUIRE(gateway.flows.flows[attempt.id].outcome.has_value());
  CHECK(gateway.flows.flows[attempt.id].outcome->kind == OutcomeKind::kTryLater);
  CHECK(gateway.flows.flows[attempt.id].outcome->tag == "mpi_unavailable");
}

TEST_CASE("Callback: every attempt that was decided is counted once, by how it ended",
          "[callback]") {
  TestGateway gateway;
  const auto counted = [&](const std::string& outcome) {
    return gateway.metrics.Text().find("application=\"other\",outcome=\"" + outcome) !=
           std::string::npos;
  };
  const auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  REQUIRE(gateway.PostResponse(attempt, answer).status == 303);
  // A double click decides nothing anew.
  REQUIRE(gateway.PostResponse(attempt, answer).status == 303);
  CAPTURE(gateway.metrics.Text());
  CHECK(counted("session\",code=\"none\"} 1\n"));
  gateway.rules.derived.asks_mpi = true;
  gateway.index.down = true;
  const auto second = gateway.Start();
  REQUIRE(gateway.PostResponse(second, gateway.ResponseTo(second, "_a2")).status == 503);
  CHECK(counted("try_later\",code=\"other\"} 1\n"));
}

TEST_CASE("Callback: S93 a replay store that is down lets nobody in", "[callback][attack]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  gateway.flows.down = true;
  const http::Response response = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(response.status == 503);
  CHECK_FALSE(SetsSession(response));
  CHECK(gateway.rules.admits == 0);
}

TEST_CASE("Callback: L3 no session without its record, whichever record cannot be written",
          "[callback][attack]") {
  for (const AuditEvent event :
       {AuditEvent::kAssertionAccepted, AuditEvent::kMpiMatched, AuditEvent::kSessionIssued}) {
    CAPTURE(telemetry::ToString(event));
    TestGateway gateway;
    gateway.rules.derived.asks_mpi = true;
    gateway.audit.failing = {event};
    const auto attempt = gateway.Start();
    const http::Response response = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
    CHECK(response.status == 503);
    CHECK_FALSE(Header(response, "Retry-After").empty());
    CHECK_FALSE(SetsSession(response));
    CHECK(gateway.flows.sessions.empty());
    REQUIRE(gateway.flows.flows[attempt.id].outcome.has_value());
    CHECK(gateway.flows.flows[attempt.id].outcome->tag == "audit_unavailable");
    // The trail works for others: what became of the attempt is on record.
    CHECK(gateway.audit.events.back() == AuditEvent::kAssertionRefused);
    // And it is over once the record can be written: the person tries again.
    gateway.audit.failing = {};
    const auto next = gateway.Start();
    CHECK(gateway.PostResponse(next, gateway.ResponseTo(next, "_a2")).status == 303);
  }
}

TEST_CASE("Start: L3 an attempt whose record cannot be written is not begun", "[start][attack]") {
  TestGateway gateway;
  gateway.audit.failing = {AuditEvent::kSignInStarted};
  const http::Response response = gateway.Get("/v1/sessions/idme/new");
  CHECK(response.status == 503);
  CHECK(response.body.find("SAMLRequest") == std::string::npos);
  gateway.audit.failing = {};
  CHECK(gateway.Get("/v1/sessions/idme/new").status == 200);
}

TEST_CASE(
    "Callback: the session's record names its account, and the decision stands on record where "
    "it was made, once",
    "[callback]") {
  TestGateway gateway;
  gateway.rules.derived.asks_mpi = true;
  const auto attempt = gateway.Start();
  REQUIRE(gateway.PostResponse(attempt, gateway.ResponseTo(attempt)).status == 303);
  const auto& events = gateway.audit.events;
  CHECK(events == std::vector<AuditEvent>{AuditEvent::kSignInStarted,
                                          AuditEvent::kAssertionAccepted, AuditEvent::kMpiMatched,
                                          AuditEvent::kSessionIssued});
  CHECK(gateway.audit.accounts.back() == gateway.flows.sessions.at(0).account_id);
  CHECK_FALSE(gateway.audit.accounts.back().empty());
}

TEST_CASE("Callback: R19 a refusal is a page, or a redirect where the row says so",
          "[callback][R19]") {
  TestGateway gateway;
  gateway.rules.decision.verdict = Decision::Verdict::kDeny;
  gateway.rules.decision.code = "101";
  gateway.rules.decision.tag = "multiple_mhv_ids";
  const auto page = gateway.Start();
  const http::Response shown = gateway.PostResponse(page, gateway.ResponseTo(page, "_a1"));
  CHECK(shown.status == 403);
  CHECK(shown.body.find("101") != std::string::npos);
  CHECK(shown.body.find(page.id) != std::string::npos);

  const auto redirect = gateway.Start("?application=compatible");
  const http::Response sent = gateway.PostResponse(redirect, gateway.ResponseTo(redirect, "_a2"));
  CHECK(sent.status == 302);
  CHECK(Header(sent, "Location") ==
        absl::StrCat("https://sp.test/auth/login/callback?auth=fail&code=101&request_id=",
                     redirect.id, "&type=idme"));
}

TEST_CASE("Callback: who was asked to authenticate anew must have done so (ForceAuthn)",
          "[callback]") {
  // At a shared computer an older sign-in at the provider is somebody else's.
  TestGateway gateway;
  const auto attempt = gateway.Start();
  gateway.clock.Advance(absl::Minutes(5));
  CheckRefused(gateway,
               gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_a1", absl::Minutes(7))),
               403, "authn_instant_too_old");
  CHECK(
      gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_a1", absl::Minutes(4))).status ==
      303);
}

TEST_CASE("Callback: P5 what must be signed is what the policy says of the CSP's provider",
          "[callback][attack]") {
  identity::Policy policy = TestPolicy();
  policy.idps = {{.name = "another"}, {.name = "ssoe", .want = SignatureWanted::kBoth}};
  TestGateway gateway(policy);
  const auto attempt = gateway.Start();
  // Only the assertion is signed.
  const http::Response response = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(response.status == 403);
  CHECK(gateway.flows.sessions.empty());
  CHECK(gateway.rules.admits == 0);
}

TEST_CASE("Callback: P5 a CSP that no provider speaks for any more ends without a session",
          "[callback]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  gateway.flows.flows[attempt.id].plan.csp = identity::Csp::kDslogon;  // no row of the policy
  const http::Response response = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(response.status == 503);
  CHECK(gateway.flows.sessions.empty());
  CHECK(gateway.rules.admits == 0);
}

TEST_CASE("Callback: E5 the policy of now judges, whichever the attempt was planned under",
          "[callback][E5]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  gateway.flows.flows[attempt.id].plan.policy_version = "an older one";
  gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(gateway.rules.policy_version == "test-1");
}

TEST_CASE("Callback: R2 skip_dupe stays on record and changes nothing else", "[callback][R2]") {
  TestGateway gateway;
  const auto attempt = gateway.Start("?skip_dupe=true");
  CHECK(gateway.PostResponse(attempt, gateway.ResponseTo(attempt)).status == 303);
  CHECK(gateway.flows.flows[attempt.id].outcome->findings ==
        std::vector<std::string>{"skip_dupe_asked"});
  CHECK(gateway.flows.flows[attempt.id].outcome->waived.empty());
}

TEST_CASE("Callback: repeats beyond the permits are answered at once", "[callback]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  REQUIRE(gateway.PostResponse(attempt, answer).status == 303);
  gateway.TakeAllWaiters();
  const http::Response response = gateway.PostResponse(attempt, answer);
  CHECK(response.status == 503);
  CHECK_FALSE(SetsSession(response));
}

TEST_CASE("Callback: the browser is answered before anybody asks what follows the session",
          "[callback][provisioning]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  const auto attempt = gateway.Start();
  const http::Response response = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  REQUIRE(response.status == 303);
  CHECK(gateway.accounts.asked.empty());
  CHECK(gateway.proofing.asked.empty());
  CHECK(gateway.flows.flows[attempt.id].provisioning ==
        Provisioning{MhvAccountState::kPending, ProofingState::kPending});

  gateway.RunTasks();
  CHECK(gateway.flows.flows[attempt.id].provisioning ==
        Provisioning{MhvAccountState::kEnsured, ProofingState::kInvited});
  REQUIRE(gateway.accounts.asked.size() == 1);
  const AdmittedPerson& asked = gateway.accounts.asked[0];
  CHECK(asked.flow_id == attempt.id);
  CHECK(asked.account_id == "account-1");
  CHECK(asked.icn.Reveal() == "1000000001V000001");
  CHECK(asked.email.Reveal() == "ada@example.test");
  // E6: the proof of this admission, handed on as it came.
  CHECK(asked.decision_token.Reveal() == "token-of-admit");
  CHECK(gateway.proofing.asked[0].mhv_id.Reveal() == "12345");
}

TEST_CASE("Callback: whoever is not asked about has no state, and nothing is queued",
          "[callback][provisioning]") {
  TestGateway gateway;  // LOA3 without an ICN
  gateway.SignedIn();
  CHECK(gateway.tasks.empty());
  CHECK(gateway.Kept() == Provisioning{});

  TestGateway refused;
  refused.AdmitMhvPerson();
  refused.rules.decision.verdict = Decision::Verdict::kDeny;
  refused.rules.decision.code = "101";
  const auto attempt = refused.Start();
  refused.PostResponse(attempt, refused.ResponseTo(attempt));
  CHECK(refused.tasks.empty());
  CHECK(refused.flows.flows[attempt.id].provisioning == Provisioning{});
}

TEST_CASE("Callback: a repeat lands again and asks nothing again", "[callback][provisioning]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  const auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  REQUIRE(gateway.PostResponse(attempt, answer).status == 303);
  REQUIRE(gateway.PostResponse(attempt, answer).status == 303);
  CHECK(gateway.tasks.size() == 1);
}

TEST_CASE("Callback: a full queue and a My HealtheVet that is down leave the session alone",
          "[callback][provisioning][M8]") {
  TestGateway full;
  full.AdmitMhvPerson();
  full.room = 0;
  const std::string cookie = full.SignedIn();
  CHECK(full.Get("/v0/user", cookie).status == 200);
  CHECK(full.Kept().mhv_account == MhvAccountState::kPending);
  CHECK(full.logged().find("provisioning.dropped") != std::string::npos);

  TestGateway down;
  down.AdmitMhvPerson();
  down.accounts.answer = Down();
  down.proofing.answer = Down();
  const std::string other = down.SignedIn();
  down.RunTasks();
  CHECK(down.Get("/v0/user", other).status == 200);
  CHECK(down.Kept() == Provisioning{MhvAccountState::kUnavailable, ProofingState::kUnavailable});
}

TEST_CASE("Callback: E6 the decision token is neither kept nor shown nor logged",
          "[callback][E6]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  const auto attempt = gateway.Start();
  const http::Response landed = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  gateway.accounts.answer = Down();
  gateway.RunTasks();
  const std::string set = Header(landed, "Set-Cookie");
  const std::string cookie = set.substr(0, set.find(';'));
  CHECK(gateway.Get("/v0/user", cookie).body.find("token-of-admit") == std::string::npos);
  CHECK(gateway.Get("/auth/login/callback", cookie).body.find("token-of-admit") ==
        std::string::npos);
  CHECK(gateway.logged().find("provisioning.failed") != std::string::npos);
  CHECK(gateway.logged().find("token-of-admit") == std::string::npos);
}

TEST_CASE("User: mhv_account says its state, inherited_proofing is null while nobody knows",
          "[user][M8]") {
  struct Case {
    Provisioning kept;
    const char* account;
    const char* proofing;
  };
  const Case cases[] = {
      {{MhvAccountState::kPending, ProofingState::kPending}, R"("pending")", "null"},
      {{MhvAccountState::kEnsured, ProofingState::kInvited},
       R"("ensured")",
       R"({"complete":false,"dismissed_until":null,"eligible":true})"},
      {{MhvAccountState::kNeedsTerms, ProofingState::kNotEligible},
       R"("needs_terms")",
       R"({"complete":false,"dismissed_until":null,"eligible":false})"},
      {{MhvAccountState::kUnavailable, ProofingState::kUnavailable}, R"("unavailable")", "null"},
      {{MhvAccountState::kIneligible, std::nullopt}, R"("ineligible")", "null"},
      {{}, "null", "null"},
  };
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  const std::string cookie = gateway.SignedIn();
  for (const Case& row : cases) {
    gateway.flows.flows[gateway.flows.sessions[0].flow_id].provisioning = row.kept;
    const std::string body = gateway.Get("/v0/user", cookie).body;
    INFO(body);
    const auto account = nlohmann::json::parse(body)["data"]["attributes"]["mhv_account"];
    CHECK((account.is_null() ? account : account["state"]).dump() == row.account);
    CHECK(body.find(absl::StrCat("\"inherited_proofing\":", row.proofing)) != std::string::npos);
  }
}

TEST_CASE("User: the attempt's row is read only for people who are asked about", "[user]") {
  TestGateway gateway;  // LOA3 without an ICN
  const std::string cookie = gateway.SignedIn();
  const int before = gateway.flows.looked_up;
  CHECK(gateway.Get("/v0/user", cookie).status == 200);
  CHECK(gateway.flows.looked_up == before);
}

TEST_CASE("Attempt: the operator's view says where the questions stand, or null", "[routes]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  gateway.SignedIn();
  const std::string id = gateway.flows.sessions[0].flow_id;
  std::string body = gateway.GetAttempt(id).body;
  CHECK(body.find(R"("mhv_account":"pending")") != std::string::npos);
  CHECK(body.find(R"("proofing":"pending")") != std::string::npos);
  gateway.accounts.answer = MhvAccountState::kIneligible;
  gateway.RunTasks();
  body = gateway.GetAttempt(id).body;
  CHECK(body.find(R"("mhv_account":"ineligible")") != std::string::npos);
  CHECK(body.find(R"("proofing":"invited")") != std::string::npos);
  gateway.flows.flows[id].provisioning = {};
  body = gateway.GetAttempt(id).body;
  CHECK(body.find(R"("mhv_account":null)") != std::string::npos);
  CHECK(body.find(R"("proofing":null)") != std::string::npos);
}

TEST_CASE("Result: the page says how it stands, and invites only who was invited",
          "[pages][provisioning]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  const std::string cookie = gateway.SignedIn();
  const std::string pending = gateway.Get("/auth/login/callback", cookie).body;
  CHECK(pending.find("still checking with My HealtheVet") != std::string::npos);
  CHECK(pending.find("<a class=\"stand-alone\" href=\"/auth/login/callback\">Look again</a>") !=
        std::string::npos);
  CHECK(pending.find("/inherited_proofing/consent") == std::string::npos);
  gateway.RunTasks();
  const std::string done = gateway.Get("/auth/login/callback", cookie).body;
  CHECK(done.find("Your My HealtheVet account is ready.") != std::string::npos);
  CHECK(done.find("href=\"/inherited_proofing/consent\"") != std::string::npos);
  CHECK(done.find("Look again") == std::string::npos);
}

TEST_CASE("Start: an image of another page cannot crowd out what a person has open", "[start]") {
  TestGateway gateway;
  const http::Response image = gateway.Get("/v1/sessions/idme/new", "",
                                           {{"Sec-Fetch-Site", "cross-site"},
                                            {"Sec-Fetch-Mode", "no-cors"},
                                            {"Sec-Fetch-Dest", "image"}});
  CHECK(image.status == 403);
  CHECK(gateway.flows.flows.empty());
  const http::Response link = gateway.Get("/v1/sessions/idme/new", "",
                                          {{"Sec-Fetch-Site", "cross-site"},
                                           {"Sec-Fetch-Mode", "navigate"},
                                           {"Sec-Fetch-Dest", "document"}});
  CHECK(link.status == 200);
}

TEST_CASE("Result: without a session the page says so and shows no error code", "[pages]") {
  TestGateway gateway;
  const http::Response response = gateway.Get("/auth/login/callback");
  CHECK(response.status == 401);
  CHECK(response.body.find("You are not signed in") != std::string::npos);
  CHECK(response.body.find("Error code") == std::string::npos);
}

TEST_CASE("Result: only a request id of ours is shown on the failure page", "[pages]") {
  TestGateway gateway;
  const std::string base = "/auth/login/callback?auth=fail&code=101&request_id=";
  const http::Response ours = gateway.Get(base + "8d0c6f4e-0000-4000-8000-000000000001");
  CHECK(ours.status == 403);
  CHECK(ours.body.find("8d0c6f4e-0000-4000-8000-000000000001") != std::string::npos);
  CHECK(gateway.Get(base + "Call+1-900-EVIL").body.find("EVIL") == std::string::npos);
}

TEST_CASE("Logout: from another page it is refused, recorded, and the session lives on",
          "[logout]") {
  for (const char* site : {"cross-site", "same-site"}) {
    TestGateway gateway;
    const auto attempt = gateway.Start();
    const http::Response landed = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
    const std::string set = Header(landed, "Set-Cookie");
    const std::string cookie = set.substr(0, set.find(';'));
    CHECK(gateway.Post("/v0/logout", cookie, "", {{"Sec-Fetch-Site", site}}).status == 403);
    CHECK(gateway.audit.events.back() == AuditEvent::kRequestRefused);
    CHECK(gateway.Get("/v0/user", cookie).status == 200);
  }
}

TEST_CASE("Start: the request is signed, the flow cookie survives a cross-site POST (P7)",
          "[start][P7]") {
  TestGateway gateway;
  const http::Response response = gateway.Get("/v1/sessions/idme/new");
  const std::string cookie = Header(response, "Set-Cookie");
  for (const char* attribute :
       {"; Secure", "; HttpOnly", "; SameSite=None", "; Path=/", "; Max-Age=900"}) {
    CAPTURE(attribute);
    CHECK(cookie.find(attribute) != std::string::npos);
  }
  CHECK(Header(response, "Content-Security-Policy").find("https://idp.test") != std::string::npos);
  CHECK(response.body.find("SAMLRequest") != std::string::npos);
}

TEST_CASE("Start: several tabs of one browser share its id, each has its own handle", "[start]") {
  TestGateway gateway;
  const auto first = gateway.Start();
  const auto second = gateway.Start("", first.cookie);
  CHECK(first.cookie == second.cookie);
  CHECK(first.handle != second.handle);
  CHECK(first.authn_request_id != second.authn_request_id);
}

TEST_CASE("Start: what does not exist or is not allowed is refused and nothing is stored",
          "[start]") {
  TestGateway gateway;
  const std::pair<const char*, int> rows[] = {
      {"/v1/sessions/facebook/new", 404},
      {"/v1/sessions/idme/new?application=nosuch", 400},
      {"/v1/sessions/idme/new?redirect=https%3A%2F%2Fevil.example%2F", 400},
      {"/v1/sessions/idme/new?application=%", 400},
      {"/v1/sessions/mhv/new", 403},
  };
  for (const auto& [target, status] : rows) {
    CAPTURE(target);
    gateway.audit.events.clear();
    const http::Response response = gateway.Get(target);
    CHECK(response.status == status);
    CHECK_FALSE(response.headers.Has("Set-Cookie"));
    CHECK(gateway.audit.events == std::vector<AuditEvent>{AuditEvent::kRequestRefused});
  }
  CHECK(gateway.flows.flows.empty());
}

TEST_CASE("Start: a store that is down is try later", "[start]") {
  TestGateway gateway;
  gateway.flows.down = true;
  CHECK(gateway.Get("/v1/sessions/idme/new").status == 503);
}

TEST_CASE("Routes: W10 methods that do not belong to a path are refused", "[routes][attack]") {
  TestGateway gateway;
  CHECK(gateway.Post("/v1/sessions/idme/new", "", "").status == 405);
  CHECK(gateway.Get("/v1/sessions/callback").status == 405);
  CHECK(gateway.Get("/v0/logout").status == 405);
  CHECK(gateway.Get("/nowhere").status == 404);
}

TEST_CASE("User: without a session 401, with a dead store 503, never somebody", "[user]") {
  TestGateway gateway;
  CHECK(gateway.Get("/v0/user").status == 401);
  CHECK(gateway.Get("/v0/user", "__Host-va_session=guess").status == 401);
  CHECK(gateway.Get("/v0/user", "__Host-va_session=a; __Host-va_session=b").status == 401);
  gateway.flows.down = true;
  CHECK(gateway.Get("/v0/user", "__Host-va_session=guess").status == 503);
}

TEST_CASE("Logout: ends the session and deletes the cookie with the same attributes (P7)",
          "[logout][P7]") {
  TestGateway gateway;
  const auto attempt = gateway.Start();
  const http::Response landed = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  const std::string set = Header(landed, "Set-Cookie");
  const std::string cookie = set.substr(0, set.find(';'));
  REQUIRE(gateway.Get("/v0/user", cookie).status == 200);
  const http::Response out = gateway.Post("/v0/logout", cookie, "");
  CHECK(out.status == 204);
  const std::string expired = Header(out, "Set-Cookie");
  for (const char* attribute :
       {"__Host-va_session=;", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age=0"}) {
    CAPTURE(attribute);
    CHECK(expired.find(attribute) != std::string::npos);
  }
  CHECK(gateway.Get("/v0/user", cookie).status == 401);
}

TEST_CASE("Cookies: A14 what other software of the domain set keeps nobody out",
          "[callback][logout][attack]") {
  TestGateway gateway;
  auto attempt = gateway.Start("", "_ga=1; _ga=2; a=\xc3\xa9");
  attempt.cookie = "_ga=1; _ga=2; a=\xc3\xa9; " + attempt.cookie;
  const http::Response landed = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  REQUIRE(landed.status == 303);
  const std::string set = Header(landed, "Set-Cookie");
  const std::string cookie = "_ga=1; flag; _ga=2; " + set.substr(0, set.find(';'));
  CHECK(gateway.Get("/v0/user", cookie).status == 200);
  CHECK(gateway.Post("/v0/logout", cookie, "").status == 204);
  CHECK(gateway.flows.sessions.empty());
}

TEST_CASE("Cookies: A14 two of one name count as none, and end no session in silence",
          "[callback][logout][attack]") {
  TestGateway gateway;
  auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  auto shadowed = attempt;
  shadowed.cookie += "; __Host-va_flow=planted";
  CheckRefused(gateway, gateway.PostResponse(shadowed, answer), 403, "flow_cookie_missing");
  const http::Response landed = gateway.PostResponse(attempt, answer);
  const std::string set = Header(landed, "Set-Cookie");
  const std::string cookie = set.substr(0, set.find(';'));
  const std::string twice = cookie + "; __Host-va_session=planted";
  CHECK(gateway.Get("/v0/user", twice).status == 401);
  const http::Response out = gateway.Post("/v0/logout", twice, "");
  CHECK(out.status == 400);
  CHECK_FALSE(out.headers.Has("Set-Cookie"));
  CHECK(gateway.audit.tags.back() == "cookie_refused");
  CHECK(gateway.Get("/v0/user", cookie).status == 200);
}

}  // namespace
}  // namespace va::gateway::testing
