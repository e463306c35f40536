// Sessions as a browser meets them: cookies, landing, /v0/user, logout, and what never gets logged.
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/stack.h"
#include "tests/simulators/signin/result.h"

namespace va::e2e {
namespace {

using testing::CookieSameSite;
using testing::Persona;
using testing::UserAgent;

base::Url GatewayUrl() { return base::ParseUrl(Stack::Get().url()).value(); }

TEST_CASE("E2e: the two cookies have the attributes of decision P7", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  const absl::Time now = Stack::Get().clock().Now();
  const auto flow = agent.jar().Find(GatewayUrl(), "__Host-va_flow", now);
  const auto session = agent.jar().Find(GatewayUrl(), "__Host-va_session", now);
  REQUIRE(flow.has_value());
  REQUIRE(session.has_value());
  CHECK(flow->same_site == CookieSameSite::kNone);
  CHECK(flow->http_only);
  CHECK(flow->expires.has_value());
  CHECK(session->same_site == CookieSameSite::kLax);
  CHECK(session->http_only);
}

TEST_CASE("E2e: the callback gets the flow cookie across sites and never the session's", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  const absl::Time now = Stack::Get().clock().Now();
  const std::string sent = agent.jar().HeaderFor(GatewayUrl(), {"POST", true}, now);
  CHECK(absl::StrContains(sent, "__Host-va_flow="));
  CHECK_FALSE(absl::StrContains(sent, "__Host-va_session="));
}

TEST_CASE("E2e: an application's page is reached, with the place inside it", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto end = simulators::Walk(agent, At("mhv", "mhv", "home"), "mhv_premium");
  REQUIRE(end.ok());
  CHECK(end->status() == 200);
  CHECK(absl::StartsWith(end->url(), Stack::Get().idp_url()));
  CHECK(absl::EndsWith(end->url(), "/mhv-portal-web/eauth?deeplinking=home"));
}

TEST_CASE("E2e: a session ends by POST /v0/logout and only there", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  REQUIRE(HoldsSession(agent));
  const std::string token =
      agent.jar().Find(GatewayUrl(), "__Host-va_session", Stack::Get().clock().Now())->value;

  const std::string logout = absl::StrCat(Stack::Get().url(), "/v0/logout");
  CHECK(agent.Request("GET", logout)->status() == 405);
  CHECK(agent.Request("POST", logout, {{"Sec-Fetch-Site", "cross-site"}})->status() == 403);
  CHECK(HoldsSession(agent));

  const int64_t sessions = Stack::Get().Sessions();
  CHECK(agent.Request("POST", logout)->status() == 204);
  CHECK_FALSE(HoldsSession(agent));
  CHECK(Stack::Get().Sessions() == sessions - 1);
  CHECK_FALSE(
      agent.jar().Find(GatewayUrl(), "__Host-va_session", Stack::Get().clock().Now()).has_value());
  // The old token is worth nothing, not only forgotten by this browser.
  UserAgent thief = Stack::Get().NewBrowser();
  const auto user = thief.Request("GET", absl::StrCat(Stack::Get().url(), "/v0/user"),
                                  {{"Cookie", absl::StrCat("__Host-va_session=", token)}});
  CHECK(user->status() == 401);
  CHECK(agent.Request("POST", logout)->status() == 204);  // again: no error
}

TEST_CASE("E2e: without a session GET /v0/user answers 401 in JSON", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto page = agent.Request("GET", absl::StrCat(Stack::Get().url(), "/v0/user"));
  REQUIRE(page.ok());
  CHECK(page->status() == 401);
  CHECK(nlohmann::json::parse(page->body())["errors"][0]["status"] == "401");
}

TEST_CASE("E2e: both tabs of one browser can sign in, in any order", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto first = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
  const auto second = simulators::WalkToAnswer(agent, At("mhv"), "mhv_basic");
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  REQUIRE(simulators::Return(agent, *second).ok());
  CHECK(HoldsSession(agent));
  REQUIRE(simulators::Return(agent, *first).ok());
  CHECK(HoldsSession(agent));
}

TEST_CASE("E2e: the sign-in page offers a button for every CSP that leads to a sign-in", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto page =
      agent.Open(absl::StrCat(Stack::Get().url(), "/sign-in/?application=mhv&to=home"));
  REQUIRE(page.ok());
  CHECK(page->status() == 200);
  int starts = 0;
  for (const testing::HtmlLink& link : page->content.links) {
    if (!absl::StartsWith(link.href, "/v1/sessions/")) continue;
    ++starts;
    const auto start = agent.Follow(*page, link.href);
    REQUIRE(start.ok());
    INFO(link.href);
    CHECK(start->content.FormWithField("SAMLRequest") != nullptr);
    CHECK(simulators::GoToProvider(agent, *start).ok());
  }
  CHECK(starts == 6);  // four providers, two of which make accounts
}

TEST_CASE("E2e: the older path starts a sign-in too, and metadata is served", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto alias = agent.Open(absl::StrCat(Stack::Get().url(), "/sessions/idme/new"));
  REQUIRE(alias.ok());
  CHECK(simulators::GoToProvider(agent, *alias).ok());
  const auto metadata =
      agent.Request("GET", absl::StrCat(Stack::Get().url(), "/v1/sessions/metadata"));
  REQUIRE(metadata.ok());
  CHECK(metadata->status() == 200);
  CHECK(absl::StrContains(metadata->body(), "AssertionConsumerService"));
}

TEST_CASE("E2e: every type of sign-in sends what the IdP accepts", "[e2e]") {
  for (const char* type :
       {"mhv", "mhv_verified", "dslogon", "dslogon_verified", "idme", "idme_verified", "logingov",
        "logingov_verified", "signup", "idme_signup", "idme_signup_verified", "logingov_signup",
        "logingov_signup_verified"}) {
    UserAgent agent = Stack::Get().NewBrowser();
    const auto start = simulators::Start(agent, At(type));
    INFO(type << ": " << start.status());
    REQUIRE(start.ok());
    const auto choice = simulators::GoToProvider(agent, *start);
    INFO(choice.status());
    CHECK(choice.ok());
  }
}

TEST_CASE("E2e: somebody who is signed in elsewhere comes in by type custom (ssoe_saml.md 9.3)",
          "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto start =
      agent.Open(absl::StrCat(Stack::Get().url(), "/sessions/custom/new?authn=",
                              "http%3A%2F%2Fidmanagement.gov%2Fns%2Fassurance%2Floa%2F1%2Fvets"));
  REQUIRE(start.ok());
  const auto choice = simulators::GoToProvider(agent, *start);
  INFO(choice.status());
  REQUIRE(choice.ok());
  const auto answer = simulators::ChoosePersona(agent, *choice, "idme_loa1");
  REQUIRE(answer.ok());
  const auto landed = simulators::Return(agent, *answer);
  REQUIRE(landed.ok());
  CHECK(absl::StrContains(landed->url(), "/auth/login/callback?type=custom"));
  CHECK(HoldsSession(agent));
}

TEST_CASE("E2e: verify and mfa go on from a session and are refused without one (6.3, 9.2)",
          "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  for (const char* type : {"verify", "mfa"}) {
    const auto refused =
        agent.Request("GET", absl::StrCat(Stack::Get().url(), "/v1/sessions/", type, "/new"));
    REQUIRE(refused.ok());
    CHECK(refused->status() == 401);
  }
  REQUIRE(simulators::Walk(agent, At("dslogon"), "dslogon_level2").ok());
  REQUIRE(HoldsSession(agent));
  for (const char* type : {"verify", "mfa"}) {
    const auto start = simulators::Start(agent, At(type));
    INFO(type << ": " << start.status());
    REQUIRE(start.ok());
    CHECK(simulators::GoToProvider(agent, *start).ok());
  }
  CHECK(HoldsSession(agent));  // a start ends nothing
}

TEST_CASE("E2e: a sixth tab takes the place of the oldest, whose answer starts over", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto oldest = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
  REQUIRE(oldest.ok());
  std::optional<testing::Page> newest;
  for (int tab = 0; tab < 5; ++tab) {
    auto answer = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
    REQUIRE(answer.ok());
    newest = *std::move(answer);
  }
  CHECK(simulators::Return(agent, *oldest)->status() == 403);
  CHECK_FALSE(HoldsSession(agent));
  CHECK(simulators::Return(agent, *newest)->status() == 200);
  CHECK(HoldsSession(agent));
}

TEST_CASE(
    "E2e: GET /v1/sessions/slo/new signs out, and a page of another site only asks (P8, S139)",
    "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  const std::string address = absl::StrCat(Stack::Get().url(), "/v1/sessions/slo/new");
  const auto asked =
      agent.Request("GET", address, {{"Sec-Fetch-Site", "cross-site"}, {"Accept", "text/html"}});
  REQUIRE(asked.ok());
  CHECK(asked->status() == 200);
  CHECK(HoldsSession(agent));
  const auto declined =
      agent.Open(absl::StrCat(Stack::Get().url(), "/v1/sessions/slo/new?agreements_declined=true"));
  REQUIRE(declined.ok());
  CHECK(declined->status() == 200);
  CHECK(absl::StrContains(declined->url(), "/terms-of-use/declined"));
  CHECK_FALSE(HoldsSession(agent));
}

// Every file below the stack's folder that something was logged to.
std::vector<std::pair<std::string, std::string>> Logs() {
  std::vector<std::pair<std::string, std::string>> logs;
  for (const char* folder : {"log", "audit"}) {
    const std::string path = absl::StrCat(Stack::Get().dev_dir(), "/", folder);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      logs.emplace_back(entry.path().filename().string(), text.str());
    }
  }
  return logs;
}

// "file: value" for every personal value that stands in one of the texts.
std::vector<std::string> Leaks(const std::vector<std::pair<std::string, std::string>>& texts) {
  std::vector<std::string> leaks;
  for (const Persona& persona : Stack::Get().personas()) {
    for (const std::string& value : persona.PersonalValues()) {
      for (const auto& [name, text] : texts) {
        if (absl::StrContains(text, value)) leaks.push_back(absl::StrCat(name, ": ", value));
      }
    }
  }
  return leaks;
}

TEST_CASE("E2e: no log and no audit file holds a value of any persona", "[e2e]") {
  Stack& stack = Stack::Get();
  stack.ExpireMhvAccounts();  // so that MHV is really asked
  for (const Persona& persona : stack.personas()) {
    UserAgent agent = stack.NewBrowser();
    const auto end = simulators::Walk(agent, At(persona.type), persona.id);
    INFO(persona.id << ": " << end.status());
    REQUIRE(end.ok());
    const auto result = simulators::ReadResultOf(persona, agent, *end, stack.url(), stack.ops_url(),
                                                 stack.ops_client());
    INFO(result.status());
    REQUIRE(result.ok());
  }
  const auto logs = Logs();
  REQUIRE(logs.size() > 5);
  CHECK_THAT(Leaks(logs), Catch::Equals(std::vector<std::string>()));
  // The scan bites.
  const Persona& planted = Stack::Get().persona("idme_loa3");
  const std::string line =
      absl::StrCat("{\"ev\":\"x\",\"ssn\":\"", planted.Value("va_eauth_pnid"), "\"}");
  CHECK_FALSE(Leaks({{"planted", line}}).empty());
  const Persona& proofed = Stack::Get().persona("proofed_in_person");
  for (const std::string& value :
       {proofed.mhv->user_profile_id, proofed.mhv->proofing->document,
        Stack::Get().persona("hostile_name").Value("va_eauth_firstname")}) {
    CHECK_FALSE(Leaks({{"planted", "{\"ev\":\"x\",\"detail\":\"" + value}}).empty());
  }
}

}  // namespace
}  // namespace va::e2e
