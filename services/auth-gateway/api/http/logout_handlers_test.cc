// Single logout, both ways: what an IdP says ends exactly what it names, and what the person is
// told is never more than what is known.
#include "services/auth-gateway/api/http/logout_handlers.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/url.h"
#include "services/auth-gateway/api/http/gateway_testing.h"
#include "services/auth-gateway/saml/logout_message.h"
#include "services/auth-gateway/saml/saml_names.h"

namespace va::gateway::testing {
namespace {

using telemetry::AuditEvent;

constexpr char kIdpSlo[] = "https://idp.test/slo";

// A gateway whose provider takes part in single logout.
struct Scene {
  explicit Scene(SamlBinding binding = SamlBinding::kRedirect) {
    gateway.idp().slo = SamlEndpoint{kIdpSlo, binding};
    gateway.rules.decision.session.assurance.csp = identity::Csp::kIdme;
  }

  LogoutRequestSpec Request() {
    LogoutRequestSpec spec;
    spec.id = "_idp-asks";
    spec.issue_instant = gateway.clock.Now();
    spec.not_on_or_after = gateway.clock.Now() + absl::Minutes(5);
    spec.destination = kSlo;
    spec.issuer = kIdp;
    spec.name_id = "name-1";
    spec.session_index = "_s1";
    return spec;
  }
  http::Response Ask(const LogoutRequestSpec& spec, const std::string& cookie = "",
                     absl::string_view relay_state = "their state") {
    const std::string url =
        OrDie(BuildLogoutRequest(spec, SamlBinding::kRedirect, relay_state, gateway.idp_key(),
                                 gateway.saml().signing_certificate))
            .url;
    return gateway.Get(absl::StrCat(kSamlLogoutPath, url.substr(url.find('?'))), cookie);
  }
  http::Response AskByPost(const LogoutRequestSpec& spec) {
    const std::string value =
        OrDie(BuildLogoutRequest(spec, SamlBinding::kPost, "", gateway.idp_key(),
                                 gateway.saml().signing_certificate))
            .form_value;
    return gateway.Post(std::string(kSamlLogoutPath), "",
                        base::BuildQuery({{"SAMLRequest", value}, {"RelayState", "their state"}}));
  }

  // What the IdP reads in an answer of ours; by Redirect.
  absl::StatusOr<LogoutResponse> Read(const http::Response& response) {
    const std::string url(response.headers.Get("Location").value_or(""));
    auto message = ReadLogoutQuery(url.substr(url.find('?') + 1));
    if (!message.ok()) return message.status();
    echoed = message->relay_state;
    ExpectedLogout expected;
    expected.idp_entity_id = kSp;
    const std::vector<crypto::PublicKey> keys = {gateway.saml().signing_key.Public()};
    expected.keys = keys;
    expected.sp_entity_id = kIdp;
    expected.slo_url = kIdpSlo;
    expected.in_response_to = "_idp-asks";
    expected.now = gateway.clock.Now();
    return ValidateLogoutResponse(*message, expected);
  }

  // The browser's sign-out button.
  http::Response SignOut(const std::string& cookie) {
    return gateway.Post("/v0/logout", cookie, "",
                        {{"Accept", "text/html"}, {"Sec-Fetch-Site", "same-origin"}});
  }
  // A sign-out that left for the IdP: what the browser carries, and what the IdP read.
  struct Left {
    std::string cookie;  // the flow cookie
    std::string handle;
    std::string request_id;
  };
  Left Leave() {
    const http::Response left = SignOut(gateway.SignedIn());
    Left out;
    for (const absl::string_view set : left.headers.GetAll("Set-Cookie")) {
      if (absl::StartsWith(set, kFlowCookie))
        out.cookie = std::string(set.substr(0, set.find(';')));
    }
    const std::string refresh(left.headers.Get("Refresh").value_or(""));
    const auto message = OrDie(ReadLogoutQuery(refresh.substr(refresh.find('?') + 1)));
    out.handle = message.relay_state;
    out.request_id = message.document.root().Attr("ID").value_or("");
    return out;
  }
  http::Response Answer(const Left& left, LogoutStatus status = LogoutStatus::kSuccess) {
    LogoutResponseSpec spec;
    spec.id = "_idp-answers";
    spec.issue_instant = gateway.clock.Now();
    spec.destination = kSlo;
    spec.issuer = kIdp;
    spec.in_response_to = left.request_id;
    spec.status = status;
    const std::string url =
        OrDie(BuildLogoutResponse(spec, SamlBinding::kRedirect, left.handle, gateway.idp_key(),
                                  gateway.saml().signing_certificate))
            .url;
    return gateway.Get(absl::StrCat(kSamlLogoutPath, url.substr(url.find('?'))), left.cookie);
  }

  size_t Live() const { return gateway.flows.sessions.size(); }
  int Count(AuditEvent event) const {
    return static_cast<int>(
        std::count(gateway.audit.events.begin(), gateway.audit.events.end(), event));
  }

  TestGateway gateway;
  std::string echoed;  // the RelayState of the last answer read
};

bool ExpiresSession(const http::Response& response) {
  for (const absl::string_view set : response.headers.GetAll("Set-Cookie")) {
    if (absl::StartsWith(set, kSessionCookie) && absl::StrContains(set, "Max-Age=0")) return true;
  }
  return false;
}

bool SaysMaybeNot(const http::Response& response) {
  return absl::StrContains(response.body, "You may still be signed in at ID.me");
}

// ---- The IdP asks -------------------------------------------------------------------------------

TEST_CASE("HandleSamlLogout: a request of the IdP ends the session it names and is answered",
          "[gateway][logout]") {
  Scene scene;
  const std::string cookie = scene.gateway.SignedIn();
  REQUIRE(scene.Live() == 1);
  const http::Response response = scene.Ask(scene.Request(), cookie);
  CHECK(scene.Live() == 0);
  CHECK(response.status == 302);
  const auto answer = scene.Read(response);
  REQUIRE(answer.ok());
  CHECK(answer->in_response_to == "_idp-asks");
  CHECK(scene.echoed == "their state");
  CHECK(ExpiresSession(response));
  CHECK(scene.Count(AuditEvent::kSessionEnded) == 1);
  CHECK(scene.Count(AuditEvent::kLogoutRequested) == 1);
  CHECK(scene.gateway.Get("/v0/user", cookie).status == 401);
}

TEST_CASE("HandleSamlLogout: by POST, without the session's cookie, the session ends all the same",
          "[gateway][logout]") {
  Scene scene(SamlBinding::kPost);
  scene.gateway.SignedIn();
  const http::Response response = scene.AskByPost(scene.Request());
  CHECK(scene.Live() == 0);
  CHECK(response.status == 200);
  CHECK(absl::StrContains(response.body, "name=\"SAMLResponse\""));
  CHECK(absl::StrContains(response.body, "name=\"RelayState\" value=\"their state\""));
  CHECK(absl::StrContains(response.headers.Get("Content-Security-Policy").value_or(""),
                          "form-action 'self' https://idp.test"));
  CHECK_FALSE(ExpiresSession(response));
}

TEST_CASE("P7 HandleSamlLogout: the cookie that a cross-site post leaves behind opens nothing",
          "[gateway][logout]") {
  Scene scene(SamlBinding::kPost);
  const std::string cookie = scene.gateway.SignedIn();
  REQUIRE(scene.gateway.Get("/v0/user", cookie).status == 200);
  CHECK(scene.AskByPost(scene.Request()).status == 200);
  CHECK(scene.gateway.Get("/v0/user", cookie).status == 401);
}

TEST_CASE("HandleSamlLogout: the IdP that asked may frame our answer, and nobody else",
          "[gateway][logout]") {
  Scene scene(SamlBinding::kPost);
  scene.gateway.SignedIn();
  const auto policy = [](const http::Response& response) {
    return std::string(response.headers.Get("Content-Security-Policy").value_or(""));
  };
  CHECK(absl::StrContains(policy(scene.AskByPost(scene.Request())),
                          "frame-ancestors https://idp.test;"));
  LogoutRequestSpec foreign = scene.Request();
  foreign.issuer = "https://evil.test";
  const http::Response refused = scene.AskByPost(foreign);
  CHECK(refused.status == 403);
  CHECK_FALSE(absl::StrContains(policy(refused), "https://"));
  // Our own request is nobody's to frame.
  CHECK(absl::StrContains(policy(scene.SignOut(scene.gateway.SignedIn("_a2"))),
                          "frame-ancestors 'none'"));
}

TEST_CASE("S137 HandleSamlLogout: a name of another format, or by another giver, is another person",
          "[gateway][logout][attack]") {
  struct Row {
    const char* ours;
    const char* theirs;
    bool ends;
  };
  constexpr char kPersistent[] = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
  constexpr char kEmail[] = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
  constexpr char kOpen[] = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
  for (const Row& row : {Row{kPersistent, kPersistent, true}, Row{kPersistent, kEmail, false},
                         Row{kPersistent, "", true}, Row{kPersistent, kOpen, true},
                         Row{kOpen, kPersistent, true}, Row{"", kPersistent, true}}) {
    Scene scene;
    scene.gateway.SignedIn();
    scene.gateway.flows.sessions[0].name_id_format = row.ours;
    LogoutRequestSpec spec = scene.Request();
    spec.name_id_format = row.theirs;
    CHECK(scene.Read(scene.Ask(spec)).ok());
    CHECK(scene.Live() == (row.ends ? 0U : 1U));
  }
  const std::string idp = kIdp;
  for (const Row& row : {Row{"", "", true}, Row{"", idp.c_str(), true}, Row{idp.c_str(), "", true},
                         Row{"giver", "giver", true}, Row{"giver", "", false},
                         Row{"", "giver", false}, Row{"giver", "another", false}}) {
    Scene scene;
    scene.gateway.SignedIn();
    scene.gateway.flows.sessions[0].name_qualifier = row.ours;
    LogoutRequestSpec spec = scene.Request();
    spec.name_qualifier = row.theirs;
    CHECK(scene.Read(scene.Ask(spec)).ok());
    CHECK(scene.Live() == (row.ends ? 0U : 1U));
  }
}

TEST_CASE("HandleSamlLogout: answers go to the IdP's own address for answers",
          "[gateway][logout]") {
  Scene scene;
  scene.gateway.idp().slo_response_url = "https://idp.test/slo/answers";
  const http::Response response = scene.Ask(scene.Request());
  CHECK(absl::StartsWith(*response.headers.Get("Location"),
                         "https://idp.test/slo/answers?SAMLResponse="));
}

TEST_CASE("HandleSamlLogout: without a SessionIndex every session of that name at that IdP ends",
          "[gateway][logout]") {
  Scene scene;
  scene.gateway.SignedIn("_a1");
  scene.gateway.SignedIn("_a2");
  scene.gateway.flows.sessions[1].session_index = "_s2";
  scene.gateway.SignedIn("_a3");
  scene.gateway.flows.sessions[2].name_id = identity::PersonText::FromWire("name-2");
  scene.gateway.SignedIn("_a4");
  scene.gateway.flows.sessions[3].idp = "https://other-idp.test";
  LogoutRequestSpec all = scene.Request();
  all.session_index = "";
  CHECK(scene.Ask(all).status == 302);
  REQUIRE(scene.Live() == 2);
  CHECK(scene.gateway.flows.sessions[0].name_id.Reveal() == "name-2");
  CHECK(scene.gateway.flows.sessions[1].idp == "https://other-idp.test");
}

TEST_CASE("S137 HandleSamlLogout: the wrong word leaves every session as it is",
          "[gateway][logout][attack]") {
  Scene scene;
  const std::string cookie = scene.gateway.SignedIn();
  const auto ask = [&](auto change) {
    LogoutRequestSpec spec = scene.Request();
    change(spec);
    return scene.Ask(spec, cookie);
  };
  CHECK(ask([](LogoutRequestSpec& spec) { spec.issuer = "https://evil.test"; }).status == 403);
  CHECK(ask([](LogoutRequestSpec& spec) { spec.destination = "https://other.test"; }).status ==
        403);
  CHECK(ask([&](LogoutRequestSpec& spec) {
          spec.not_on_or_after = scene.gateway.clock.Now() - absl::Minutes(2);
        }).status == 403);
  CHECK(scene.Count(AuditEvent::kRequestRefused) == 3);
  CHECK(scene.Count(AuditEvent::kLogoutRequested) == 0);
  // Genuine, and about nobody who is here: answered, and nothing ends.
  for (const http::Response& response :
       {ask([](LogoutRequestSpec& spec) { spec.name_id = "name-2"; }),
        ask([](LogoutRequestSpec& spec) { spec.session_index = "_s9"; })}) {
    CHECK(scene.Read(response).ok());
    CHECK_FALSE(ExpiresSession(response));
  }
  CHECK(scene.Live() == 1);
  CHECK(scene.gateway.Get("/v0/user", cookie).status == 200);
  CHECK(scene.Count(AuditEvent::kSessionEnded) == 0);
}

TEST_CASE("S137 HandleSamlLogout: unsigned, or signed by somebody else, it ends nothing",
          "[gateway][logout][attack]") {
  Scene scene;
  scene.gateway.SignedIn();
  const std::string url = OrDie(BuildLogoutRequest(scene.Request(), SamlBinding::kRedirect, "",
                                                   scene.gateway.saml().signing_key,
                                                   scene.gateway.saml().signing_certificate))
                              .url;
  const std::string query = url.substr(url.find('?'));
  CHECK(scene.gateway.Get(absl::StrCat(kSamlLogoutPath, query)).status == 403);
  CHECK(scene.gateway.Get(absl::StrCat(kSamlLogoutPath, query.substr(0, query.find("&SigAlg"))))
            .status == 403);
  CHECK(scene.Live() == 1);
  CHECK(scene.gateway.audit.tags.back() == "unsigned");
}

TEST_CASE("S133 HandleSamlLogout: a form with a request and a response is refused",
          "[gateway][logout][attack]") {
  Scene scene;
  scene.gateway.SignedIn();
  const std::string value =
      OrDie(BuildLogoutRequest(scene.Request(), SamlBinding::kPost, "", scene.gateway.idp_key(),
                               scene.gateway.saml().signing_certificate))
          .form_value;
  const http::Response response =
      scene.gateway.Post(std::string(kSamlLogoutPath), "",
                         base::BuildQuery({{"SAMLRequest", value}, {"SAMLResponse", "PGEvPg=="}}));
  CHECK(response.status == 400);
  CHECK(scene.Live() == 1);
}

TEST_CASE("S140 HandleSamlLogout: the same request again ends nothing, answers alike, is on record",
          "[gateway][logout][attack]") {
  Scene scene;
  scene.gateway.SignedIn();
  const LogoutRequestSpec spec = scene.Request();
  CHECK(scene.Read(scene.Ask(spec)).ok());
  CHECK(scene.Read(scene.Ask(spec)).ok());
  CHECK(scene.Count(AuditEvent::kLogoutRequested) == 2);
  CHECK(scene.Count(AuditEvent::kSessionEnded) == 1);
}

TEST_CASE(
    "S140 HandleSamlLogout: one without an index, kept and sent again, spares a later session",
    "[gateway][logout][attack]") {
  Scene scene;
  scene.gateway.rules.decision.session.assurance.auth_time = scene.gateway.clock.Now();
  scene.gateway.SignedIn();
  LogoutRequestSpec spec = scene.Request();
  spec.session_index = "";
  CHECK(scene.Read(scene.Ask(spec)).ok());
  REQUIRE(scene.Live() == 0);
  const absl::Duration later = scene.gateway.saml().skew + absl::Seconds(1);
  scene.gateway.rules.decision.session.assurance.auth_time = scene.gateway.clock.Now() + later;
  scene.gateway.SignedIn("_a2");
  CHECK(scene.Ask(spec).status == 302);
  CHECK(scene.Live() == 1);
}

TEST_CASE("HandleSamlLogout: with the store away the IdP is told that it failed",
          "[gateway][logout]") {
  Scene scene;
  scene.gateway.SignedIn();
  scene.gateway.flows.down = true;
  const http::Response response = scene.Ask(scene.Request());
  CHECK(response.status == 302);
  CHECK(RejectOf(scene.Read(response).status()) == SamlReject::kStatusNotSuccess);
  CHECK_FALSE(ExpiresSession(response));
  CHECK(scene.Live() == 1);
  CHECK(scene.Count(AuditEvent::kSessionEnded) == 0);
  // An IdP that takes no answers: a page that promises nothing.
  scene.gateway.idp().slo.reset();
  const http::Response page = scene.Ask(scene.Request());
  CHECK(page.status == 503);
  CHECK(page.headers.Get("Retry-After") == "5");
  CHECK_FALSE(absl::StrContains(page.body, "signed out"));
}

TEST_CASE("S142 HandleSamlLogout: a RelayState with HTML goes back escaped",
          "[gateway][logout][attack]") {
  Scene scene(SamlBinding::kPost);
  const http::Response response =
      scene.Ask(scene.Request(), "", "\"><script>alert(1)</script>\r\nX: y");
  CHECK(response.status == 200);
  CHECK_FALSE(absl::StrContains(response.body, "<script>alert"));
  Scene redirect;
  const http::Response moved = redirect.Ask(redirect.Request(), "", "\r\nX: y");
  CHECK(moved.headers.Get("Location")->find_first_of("\r\n") == absl::string_view::npos);
}

TEST_CASE("S141 HandleSamlLogout: a RelayState is never a place to go",
          "[gateway][logout][attack]") {
  for (const char* evil :
       {"https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"}) {
    Scene scene;
    const http::Response asked = scene.Ask(scene.Request(), "", evil);
    CHECK(absl::StartsWith(*asked.headers.Get("Location"), kIdpSlo));
    Scene::Left left = scene.Leave();
    left.handle = evil;
    CHECK(scene.Answer(left).status == 403);
  }
}

// ---- We ask -------------------------------------------------------------------------------------

TEST_CASE("HandleLogout: ends the session first and then sends the browser to the IdP",
          "[gateway][logout]") {
  Scene scene;
  const std::string cookie = scene.gateway.SignedIn();
  const http::Response response = scene.SignOut(cookie);
  CHECK(scene.Live() == 0);
  CHECK(ExpiresSession(response));
  CHECK(response.status == 200);
  const std::string refresh(response.headers.Get("Refresh").value_or(""));
  REQUIRE(absl::StartsWith(refresh, absl::StrCat("0; url=", kIdpSlo, "?SAMLRequest=")));
  const auto message = OrDie(ReadLogoutQuery(refresh.substr(refresh.find('?') + 1)));
  ExpectedLogout expected;
  expected.idp_entity_id = kSp;
  const std::vector<crypto::PublicKey> keys = {scene.gateway.saml().signing_key.Public()};
  expected.keys = keys;
  expected.slo_url = kIdpSlo;
  expected.now = scene.gateway.clock.Now();
  const auto request = ValidateLogoutRequest(message, expected);
  REQUIRE(request.ok());
  CHECK(request->name_id == "name-1");
  CHECK(request->session_indexes == std::vector<std::string>{"_s1"});
  CHECK(message.relay_state.size() <= 80);
  CHECK(scene.gateway.sessions.logouts.size() == 1);
}

TEST_CASE("HandleLogout: by POST the form posts itself, to the IdP and nowhere else",
          "[gateway][logout]") {
  Scene scene(SamlBinding::kPost);
  const http::Response response = scene.SignOut(scene.gateway.SignedIn());
  CHECK(response.status == 200);
  CHECK(absl::StrContains(response.body, "action=\"https://idp.test/slo\""));
  CHECK(absl::StrContains(response.body, "name=\"SAMLRequest\""));
  CHECK(absl::StrContains(response.headers.Get("Content-Security-Policy").value_or(""),
                          "form-action 'self' https://idp.test"));
}

TEST_CASE("HandleLogout: a client that reads JSON gets 204 and goes nowhere", "[gateway][logout]") {
  Scene scene;
  const http::Response response = scene.gateway.Post("/v0/logout", scene.gateway.SignedIn(), "");
  CHECK(response.status == 204);
  CHECK(scene.Live() == 0);
  CHECK(scene.gateway.sessions.logouts.empty());
}

TEST_CASE("HandleLogout: an IdP without single logout is not asked", "[gateway][logout]") {
  Scene scene;
  scene.gateway.idp().slo.reset();
  const http::Response response = scene.SignOut(scene.gateway.SignedIn());
  CHECK(response.status == 303);
  CHECK(response.headers.Get("Location") == "/logout/");
}

TEST_CASE("HandleLogout: with the store away nobody is told that they are signed out",
          "[gateway][logout]") {
  Scene scene;
  const std::string cookie = scene.gateway.SignedIn();
  scene.gateway.flows.down = true;
  const http::Response response = scene.SignOut(cookie);
  CHECK(response.status == 503);
  CHECK_FALSE(absl::StrContains(response.body, "signed out"));
  CHECK_FALSE(ExpiresSession(response));
  CHECK(scene.Live() == 1);
}

TEST_CASE("HandleLogout: a logout that cannot be kept ends here and says so", "[gateway][logout]") {
  Scene scene;
  scene.gateway.sessions.no_logouts = true;
  const http::Response response = scene.SignOut(scene.gateway.SignedIn());
  CHECK(scene.Live() == 0);
  CHECK(response.status == 200);
  CHECK(SaysMaybeNot(response));
  CHECK(ExpiresSession(response));
}

TEST_CASE("S139 HandleLogout: a GET signs nobody out, nor does a post from elsewhere",
          "[gateway][logout][attack]") {
  Scene scene;
  const std::string cookie = scene.gateway.SignedIn();
  CHECK(scene.gateway.Get("/v0/logout", cookie).status == 405);
  for (const char* site : {"cross-site", "same-site"}) {
    CHECK(scene.gateway
              .Post("/v0/logout", cookie, "", {{"Accept", "text/html"}, {"Sec-Fetch-Site", site}})
              .status == 403);
  }
  // A browser that names no site names the origin.
  for (const char* origin : {"https://evil.test", "https://sibling.gateway.test", "null"}) {
    CHECK(
        scene.gateway.Post("/v0/logout", cookie, "", {{"Accept", "text/html"}, {"Origin", origin}})
            .status == 403);
  }
  CHECK(scene.gateway.Get(std::string(kSamlLogoutPath), cookie).status == 400);
  CHECK(scene.Live() == 1);
}

TEST_CASE("HandleLogout: who has no session leaves no row and goes to no IdP",
          "[gateway][logout]") {
  Scene scene;
  for (const char* cookie : {"", "__Host-va_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    const http::Response response = scene.SignOut(cookie);
    CHECK(response.status == 303);
    CHECK(response.headers.Get("Location") == "/logout/");
  }
  CHECK(scene.gateway.sessions.logouts.empty());
}

TEST_CASE("HandleLogout: the IdP hears the name as it was asserted, qualifiers and all",
          "[gateway][logout]") {
  Scene scene;
  const std::string cookie = scene.gateway.SignedIn();
  SessionRecord& session = scene.gateway.flows.sessions[0];
  session.name_id_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
  session.name_qualifier = kIdp;
  session.sp_name_qualifier = kSp;
  const http::Response response = scene.SignOut(cookie);
  const std::string refresh(response.headers.Get("Refresh").value_or(""));
  const auto message = OrDie(ReadLogoutQuery(refresh.substr(refresh.find('?') + 1)));
  const auto name = message.document.root().OnlyChild(saml::kAssertion, "NameID");
  REQUIRE(name.has_value());
  CHECK(name->Attr("Format") ==
        std::string("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"));
  CHECK(name->Attr("NameQualifier") == std::string(kIdp));
  CHECK(name->Attr("SPNameQualifier") == std::string(kSp));
}

TEST_CASE("HandleSamlLogout: the IdP's answer ends the wait, once", "[gateway][logout]") {
  Scene scene;
  const Scene::Left left = scene.Leave();
  const http::Response response = scene.Answer(left);
  CHECK(response.status == 303);
  CHECK(response.headers.Get("Location") == "/logout/");
  CHECK(scene.gateway.sessions.logouts.empty());
  CHECK(scene.Answer(left).status == 403);
}

TEST_CASE("S138 HandleSamlLogout: an answer that nobody waits for is refused",
          "[gateway][logout][attack]") {
  Scene scene;
  const Scene::Left left = scene.Leave();
  Scene::Left other = left;
  other.handle = "unknown";
  CHECK(scene.Answer(other).status == 403);
  // Another browser than the one that left.
  other = left;
  other.cookie = "__Host-va_flow=another";
  CHECK(scene.Answer(other).status == 403);
  other.cookie = "";
  const http::Response without = scene.Answer(other);
  CHECK(without.status == 403);
  // Not a word that the person is signed out, nor one about signing in.
  CHECK(absl::StrContains(without.body, "We cannot tell what became of your sign-out"));
  CHECK(scene.gateway.sessions.logouts.size() == 1);
  // Too late.
  scene.gateway.clock.Advance(absl::Minutes(16));
  scene.gateway.ran += absl::Minutes(16);
  CHECK(scene.Answer(left).status == 403);
}

TEST_CASE("S138 HandleSamlLogout: a wrong InResponseTo is no answer, and the true one still is",
          "[gateway][logout][attack]") {
  Scene scene;
  const Scene::Left left = scene.Leave();
  Scene::Left other = left;
  other.request_id = "_another";
  const http::Response response = scene.Answer(other);
  CHECK(response.status == 403);
  CHECK(SaysMaybeNot(response));
  CHECK(scene.Answer(left).status == 303);
}

TEST_CASE("S138 HandleSamlLogout: a failed logout is told as signed out here, maybe not there",
          "[gateway][logout][attack]") {
  Scene scene;
  const http::Response response = scene.Answer(scene.Leave(), LogoutStatus::kResponderFailed);
  CHECK(response.status == 200);
  CHECK(SaysMaybeNot(response));
  CHECK(scene.gateway.sessions.logouts.empty());
  CHECK(scene.gateway.audit.tags.back() == "status_not_success");
}

TEST_CASE("S143 HandleLogout: its RelayState is a random handle of at most 80 bytes",
          "[gateway][logout][attack]") {
  Scene scene;
  const Scene::Left one = scene.Leave();
  CHECK(one.handle.size() >= 22);  // 128 bits
  CHECK(one.handle.size() <= 80);
  // At rest it is a hash.
  CHECK_FALSE(scene.gateway.sessions.logouts.contains(one.handle));
}

}  // namespace
}  // namespace va::gateway::testing
