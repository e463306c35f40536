#include "services/auth-gateway/api/http/start_handler.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "services/auth-gateway/api/http/gateway_testing.h"
#include "services/auth-gateway/domain/signin_plan.h"
#include "services/auth-gateway/web/page_headers.h"

namespace va::gateway::testing {
namespace {

using nlohmann::json;

const std::string kNs = "http://idmanagement.gov/ns/assurance/";

const std::pair<const char*, identity::Csp> kCsps[] = {{"idme", identity::Csp::kIdme},
                                                       {"logingov", identity::Csp::kLogingov},
                                                       {"mhv", identity::Csp::kMhv},
                                                       {"dslogon", identity::Csp::kDslogon}};

// Every provider is open, to every application.
identity::Policy AllProviders() {
  identity::Policy policy = TestPolicy();
  const identity::CspRow like = policy.csps[0];
  policy.csps.clear();
  for (identity::Application& application : policy.applications) application.allowed_csps.clear();
  for (const auto& [id, csp] : kCsps) {
    policy.csps.push_back(like);
    policy.csps.back().csp = csp;
    policy.csps.back().id = id;
    for (identity::Application& application : policy.applications) {
      application.allowed_csps.push_back(csp);
    }
  }
  return policy;
}

FlowRecord OnlyFlow(const TestGateway& gateway) {
  REQUIRE(gateway.flows.flows.size() == 1);
  return gateway.flows.flows.begin()->second;
}

std::string SessionCookie(const std::string& token) { return "__Host-va_session=" + token; }

// Somebody is signed in with `context`; their cookie.
std::string SignedInWith(TestGateway& gateway, const std::string& context,
                         const std::string& service) {
  SessionRecord session;
  session.token_hash = TestGateway::HashOf("t0ken");
  session.account_id = "account-7";
  session.authn_context = context;
  session.service_name = service;
  session.last_signed_in = absl::FromUnixSeconds(1'600'000'000);
  session.expires_at = absl::InfiniteFuture();
  gateway.flows.sessions.push_back(session);
  return SessionCookie("t0ken");
}

json ErrorOf(const http::Response& response) {
  CHECK(response.headers.Get("Content-Type").value_or("") == "application/json; charset=utf-8");
  return json::parse(response.body).at("errors").at(0);
}

TEST_CASE("Start: every type begins an attempt under both paths", "[start]") {
  for (const SignInType& type : SignInTypes()) {
    for (const std::string& prefix : {std::string("/v1"), std::string()}) {
      CAPTURE(type.name, prefix);
      TestGateway gateway(AllProviders());
      const std::string cookie = SignedInWith(gateway, "myhealthevet", "mhv");
      const http::Response response = gateway.Get(
          prefix + "/sessions/" + std::string(type.name) + "/new?authn=dslogon", cookie);
      CHECK(response.status == 200);
      CHECK(absl::StrContains(response.body, "name=\"SAMLRequest\""));
      CHECK(OnlyFlow(gateway).plan.type == type.name);
    }
  }
  TestGateway gateway;
  CHECK(gateway.Get("/v1/sessions/facebook/new").status == 404);
  CHECK(gateway.Get("/sessions/facebook/new").status == 404);
}

TEST_CASE("Start: what is asked of the provider is the plan's (ssoe_saml.md 9.1)", "[start]") {
  TestGateway gateway(AllProviders());
  const auto attempt = gateway.AttemptOf(gateway.Get("/v1/sessions/custom/new?authn=multifactor"));
  CHECK_FALSE(gateway.flows.flows.at(attempt.id).plan.force_authn);
  CHECK(gateway.flows.flows.at(attempt.id).plan.contexts ==
        std::vector<std::string>{"multifactor"});
}

TEST_CASE("Start: op=signup travels in the query of a redirect and in no form (ssoe_saml.md 9.1)",
          "[start]") {
  for (const SignInType& type : SignInTypes()) {
    if (type.asks != Asks::kTable) continue;
    CAPTURE(type.name);
    TestGateway gateway(AllProviders());
    const std::string path = absl::StrCat("/v1/sessions/", type.name, "/new");
    const bool makes_account = type.name == "signup" || absl::StartsWith(type.name, "idme_signup");
    CHECK_FALSE(absl::StrContains(gateway.Get(path).body, "op=signup"));
    gateway.saml().idps[0].sso.binding = SamlBinding::kRedirect;
    const http::Response redirect = gateway.Get(path);
    const std::string location(redirect.headers.Get("Location").value_or(""));
    CHECK(absl::StartsWith(location, "https://idp.test/sso?"));
    CHECK(absl::StrContains(location, "SAMLRequest="));
    CHECK(absl::StrContains(location, "op=signup") == makes_account);
  }
}

TEST_CASE("Start: a parameter that is missing or wrong is named in JSON (ssoe_saml.md 6.3)",
          "[start]") {
  const std::tuple<std::string, std::string, std::string, std::string> rows[] = {
      {"custom/new", "108", "Missing parameter", "The required parameter \"authn\", is missing"},
      {"custom/new?csp_type=logingov", "108", "Missing parameter",
       "The required parameter \"ial\", is missing"},
      {"custom/new?authn=qwerty", "103", "Invalid field value",
       "\"qwerty\" is not a valid value for \"authn\""},
      {"custom/new?csp_type=logingov&ial=3", "103", "Invalid field value",
       "\"3\" is not a valid value for \"ial\""},
      {"idme/new?operation=asdf", "103", "Invalid field value",
       "\"asdf\" is not a valid value for \"operation\""},
  };
  for (const auto& [path, code, title, detail] : rows) {
    CAPTURE(path);
    TestGateway gateway(AllProviders());
    const http::Response response = gateway.Get("/v1/sessions/" + path);
    CHECK(response.status == 400);
    CHECK(ErrorOf(response) ==
          json{{"code", code}, {"title", title}, {"detail", detail}, {"status", "400"}});
    CHECK(gateway.flows.flows.empty());
    // R19: who reads HTML gets our page, with the same status.
    const http::Response page =
        gateway.Get("/v1/sessions/" + path, "", {{"Accept", "text/html,*/*;q=0.8"}});
    CHECK(page.status == 400);
    CHECK(absl::StrContains(page.headers.Get("Content-Type").value_or(""), "text/html"));
  }
}

TEST_CASE("Start: S142 what a detail quotes is JSON text whatever it is", "[start][attack]") {
  TestGateway gateway(AllProviders());
  const http::Response response =
      gateway.Get("/v1/sessions/custom/new?authn=%ff%22%3Cscript%3E%0d%0aSet-Cookie:%20x");
  CHECK(response.status == 400);
  CHECK_FALSE(response.headers.Has("Set-Cookie"));
  const std::string detail = ErrorOf(response).at("detail");
  CHECK(absl::StrContains(detail, "\"<script>\r\nSet-Cookie: x\" is not a valid value"));
}

TEST_CASE("Start: verify and mfa without a session are 401 Not authorized (ssoe_saml.md 6.3)",
          "[start]") {
  for (const std::string type : {"verify", "mfa"}) {
    TestGateway gateway(AllProviders());
    for (const std::string& cookie : {std::string(), SessionCookie("nosuch")}) {
      const http::Response response = gateway.Get("/v1/sessions/" + type + "/new", cookie);
      CHECK(response.status == 401);
      CHECK(ErrorOf(response) == json{{"code", "401"},
                                      {"title", "Not authorized"},
                                      {"detail", "Not authorized"},
                                      {"status", "401"}});
    }
    CHECK(gateway.Get("/v1/sessions/" + type + "/new", "", {{"Accept", "text/html"}}).status ==
          401);
    CHECK(gateway.flows.flows.empty());
  }
}

TEST_CASE(
    "Start: verify goes on from the session's context, and a session we cannot see is "
    "neither there nor away",
    "[start]") {
  TestGateway gateway(AllProviders());
  const std::string cookie = SignedInWith(gateway, kNs + "ial/1", "logingov");
  REQUIRE(gateway.Get("/v1/sessions/verify/new", cookie).status == 200);
  const FlowRecord flow = OnlyFlow(gateway);
  CHECK(flow.plan.csp == identity::Csp::kLogingov);
  CHECK(flow.plan.contexts == std::vector<std::string>{kNs + "ial/2", kNs + "aal/2",
                                                       "https://eauth.va.gov/csp/LOGINGOV"});
  gateway.flows.down = true;
  const http::Response later = gateway.Get("/v1/sessions/verify/new", cookie);
  CHECK(later.status == 503);
  CHECK(later.headers.Has("Retry-After"));
}

TEST_CASE("Start: 25.15 no request is made from a context that the table does not list",
          "[start]") {
  TestGateway gateway(AllProviders());
  const std::string cookie = SignedInWith(gateway, "something new", "idme");
  CHECK(gateway.Get("/v1/sessions/verify/new", cookie).status == 400);
  CHECK(gateway.audit.tags.back() == "context_not_listed");
  CHECK(gateway.flows.flows.empty());
}

TEST_CASE("Start: P7 P8 S139 a start ends no session; the attempt remembers which one stood",
          "[start][attack][P7][P8]") {
  for (const char* site : {"cross-site", "none"}) {
    TestGateway gateway(AllProviders());
    const std::string cookie = SignedInWith(gateway, "myhealthevet", "mhv");
    const http::Response response =
        gateway.Get("/v1/sessions/idme/new", cookie, {{"Sec-Fetch-Site", site}});
    CHECK(response.status == 200);
    CHECK(gateway.Get("/v0/user", cookie).status == 200);
    for (const absl::string_view set : response.headers.GetAll("Set-Cookie")) {
      CHECK_FALSE(absl::StartsWith(set, "__Host-va_session="));
    }
    const FlowRecord flow = OnlyFlow(gateway);
    CHECK(flow.had_session);
    CHECK(flow.session_hash == TestGateway::HashOf("t0ken"));
    CHECK(flow.session_account == "account-7");
    CHECK(flow.session_signed_in == absl::FromUnixSeconds(1'600'000'000));
  }
  TestGateway gateway;
  gateway.Start();
  CHECK_FALSE(OnlyFlow(gateway).had_session);
  CHECK(OnlyFlow(gateway).session_hash.empty());
}

TEST_CASE("Start: an image, a frame or a script of some page begins nothing", "[start][attack]") {
  TestGateway gateway;
  for (const http::Headers& headers :
       {http::Headers{{"Sec-Fetch-Mode", "no-cors"}, {"Sec-Fetch-Dest", "image"}},
        http::Headers{{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "iframe"}}}) {
    CHECK(gateway.Get("/v1/sessions/idme/new", "", headers).status == 403);
  }
  CHECK(gateway.flows.flows.empty());
}

TEST_CASE("Start: 25.32 the SAML cookie says when and by which ids, and no parameter", "[start]") {
  TestGateway gateway(AllProviders());
  gateway.UseSamlCookie("localhost");
  const http::Response response =
      gateway.Get("/v1/sessions/idme/new?operation=mhv_exception&application=vaweb");
  const std::vector<absl::string_view> cookies = response.headers.GetAll("Set-Cookie");
  REQUIRE(cookies.size() == 2);
  const std::string cookie(cookies[1]);
  REQUIRE(absl::StartsWith(cookie, "vagov_saml_request_localhost="));
  for (const char* attribute : {"; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"}) {
    CHECK(absl::StrContains(cookie, attribute));
  }
  CHECK_FALSE(absl::StrContains(cookie, "Max-Age"));
  CHECK_FALSE(absl::StrContains(cookie, "Domain"));
  const size_t from = cookie.find('=') + 1;
  const auto text = base::PercentDecode(cookie.substr(from, cookie.find(';') - from));
  REQUIRE(text.ok());
  const FlowRecord flow = OnlyFlow(gateway);
  const json value = json::parse(*text);
  CHECK(value.size() == 3);
  CHECK(value.at("transaction_id") == flow.id);
  CHECK(value.at("saml_request_id") == flow.authn_request_id);
  CHECK(absl::StrContains(value.at("timestamp").get<std::string>(), "T"));

  TestGateway without;
  CHECK(without.Get("/v1/sessions/idme/new").headers.GetAll("Set-Cookie").size() == 1);
}

TEST_CASE("Start: each tab has an attempt of its own, and each of them can end", "[start]") {
  TestGateway gateway;
  const auto first = gateway.Start();
  const auto second = gateway.Start("", first.cookie);
  CHECK(second.cookie == first.cookie);
  CHECK(second.handle != first.handle);
  CHECK(second.authn_request_id != first.authn_request_id);
  // In the order nobody expects.
  CHECK(gateway.PostResponse(second, gateway.ResponseTo(second, "_b")).status == 303);
  CHECK(gateway.PostResponse(first, gateway.ResponseTo(first, "_a")).status == 303);
}

TEST_CASE("Start: at most five attempts of a browser are open, the oldest is dropped", "[start]") {
  TestGateway gateway;
  std::vector<TestGateway::Attempt> tabs = {gateway.Start()};
  const auto other_browser = gateway.Start();
  for (int i = 0; i < 5; ++i) {
    gateway.clock.Advance(absl::Seconds(1));
    tabs.push_back(gateway.Start("", tabs[0].cookie));
  }
  // Its page says what happened and offers a new start.
  const http::Response dropped = gateway.PostResponse(tabs[0], gateway.ResponseTo(tabs[0], "_0"));
  CHECK(dropped.status == 403);
  CHECK(gateway.audit.tags.back() == "unknown_relay_state");
  CHECK(absl::StrContains(dropped.body, "href=\"/sign-in/\""));
  for (size_t i = 1; i < tabs.size(); ++i) {
    const std::string id = "_" + std::to_string(i);
    CHECK(gateway.PostResponse(tabs[i], gateway.ResponseTo(tabs[i], id)).status == 303);
  }
  CHECK(gateway.PostResponse(other_browser, gateway.ResponseTo(other_browser, "_o")).status == 303);
}

TEST_CASE("Start: the page that posts is never kept, so the back button asks for a new attempt",
          "[start]") {
  TestGateway gateway;
  const http::Response form = gateway.Get("/v1/sessions/idme/new");
  // The server's default for whatever sets none: no-store.
  CHECK(form.headers.Get("Cache-Control").value_or("no-store") == "no-store");
  const auto& defaults = DefaultSecurityHeaders();
  CHECK(std::any_of(defaults.begin(), defaults.end(), [](const auto& header) {
    return header.first == "Cache-Control" && header.second == "no-store";
  }));
  // Back to the provider, which answers the same request anew: used up, told so, no new session.
  const auto attempt = gateway.AttemptOf(form);
  REQUIRE(gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_1")).status == 303);
  CHECK(gateway.PostResponse(attempt, gateway.ResponseTo(attempt, "_2")).status == 403);
  CHECK(gateway.flows.sessions.size() == 1);
}

TEST_CASE("Start: a page that expired leads back to the same attempt", "[start]") {
  TestGateway gateway;
  const auto attempt = gateway.Start("?application=vaweb&operation=mhv_exception");
  gateway.clock.Advance(absl::Minutes(16));
  gateway.ran += absl::Minutes(16);
  const http::Response late = gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
  CHECK(late.status == 403);
  CHECK(absl::StrContains(late.body,
                          "/v1/sessions/idme/new?application=vaweb&amp;operation=mhv_exception"));
}

TEST_CASE("SignInPage: accounts are made by the sign-up types, verified ones where that is needed",
          "[start]") {
  identity::Policy policy = AllProviders();
  policy.applications[1].min_ial = 2;
  TestGateway gateway(policy);
  const std::string page = gateway.Get("/sign-in/?operation=mhv_exception").body;
  for (const char* type : {"idme", "logingov"}) {
    CAPTURE(type);
    CHECK(absl::StrContains(
        page, absl::StrCat("\"/v1/sessions/", type, "_signup/new?operation=mhv_exception\"")));
  }
  CHECK_FALSE(absl::StrContains(page, "mhv_signup"));
  CHECK_FALSE(absl::StrContains(page, "dslogon_signup"));
  const std::string verified = gateway.Get("/sign-in/?application=compatible").body;
  CHECK(
      absl::StrContains(verified, "/v1/sessions/idme_signup_verified/new?application=compatible"));
  CHECK(absl::StrContains(verified, "/v1/sessions/idme_verified/new?application=compatible"));
}

}  // namespace
}  // namespace va::gateway::testing
