#include "services/auth-gateway/api/http/global_logout_handlers.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway::testing {
namespace {

constexpr char kPath[] = "/v1/sessions/slo/new";
constexpr char kBroker[] = "https://int.eauth.va.gov/slo/globallogout?appKey=";
constexpr char kKey[] = "https%253A%252F%252Fssoe-sp-dev.va.gov";

std::string Location(const http::Response& response) {
  return std::string(response.headers.Get("Location").value_or(""));
}

bool ExpiresSession(const http::Response& response) {
  for (const absl::string_view set : response.headers.GetAll("Set-Cookie")) {
    if (absl::StartsWith(set, "__Host-va_session=;") && absl::StrContains(set, "Max-Age=0")) {
      return true;
    }
  }
  return false;
}

// A gateway behind a broker, and somebody who is signed in.
struct Broker {
  Broker() {
    gateway.UseGlobalLogout({.url = "https://int.eauth.va.gov/slo/globallogout",
                             .app_key = "https://ssoe-sp-dev.va.gov",
                             .declined_app_key = "https://dev-api.va.gov/agreements_declined"});
    session = gateway.SignedIn();
  }
  bool SignedIn() { return gateway.Get("/v0/user", session).status == 200; }
  http::Response Get(const std::string& query, const std::string& site,
                     const http::Headers& more = {}) {
    http::Headers headers = more;
    headers.Add("Sec-Fetch-Site", site);
    headers.Add("Accept", "text/html");
    return gateway.Get(kPath + query, session, headers);
  }
  // What the form of the confirm page would post.
  std::string FormOf(const http::Response& page) {
    base::FormPairs fields;
    absl::string_view rest = page.body;
    constexpr absl::string_view kName = "<input type=\"hidden\" name=\"";
    constexpr absl::string_view kValue = "\" value=\"";
    for (size_t at = rest.find(kName); at != absl::string_view::npos; at = rest.find(kName)) {
      rest.remove_prefix(at + kName.size());
      const size_t end = rest.find(kValue);
      const std::string name(rest.substr(0, end));
      rest.remove_prefix(end + kValue.size());
      fields.emplace_back(name, std::string(rest.substr(0, rest.find('"'))));
    }
    return base::BuildQuery(fields);
  }
  http::Response Confirm(const std::string& form, const http::Headers& more = {}) {
    http::Headers headers = more;
    headers.Add("Accept", "text/html");
    return gateway.Post(kPath, session, form, headers);
  }

  TestGateway gateway;
  std::string session;
};

TEST_CASE("GlobalLogout: ends our session, then goes on to the broker (ssoe_saml.md 11.3)",
          "[logout]") {
  for (const char* site : {"none", "same-origin", "same-site"}) {
    CAPTURE(site);
    Broker broker;
    const http::Response response = broker.Get("?client_id=vamobile", site);
    CHECK(response.status == 302);
    CHECK(Location(response) == absl::StrCat(kBroker, kKey, "&clientId=vamobile"));
    CHECK(ExpiresSession(response));
    CHECK_FALSE(broker.SignedIn());
    CHECK(broker.gateway.audit.events.back() == telemetry::AuditEvent::kSessionEnded);
  }
  Broker broker;
  CHECK(Location(broker.Get("?agreements_declined=true", "none")) ==
        absl::StrCat(kBroker, "https%253A%252F%252Fdev-api.va.gov%252Fagreements_declined"));
}

TEST_CASE("GlobalLogout: without a session it only goes on", "[logout]") {
  Broker broker;
  for (const char* site : {"none", "cross-site"}) {
    const http::Response response =
        broker.gateway.Get("/sessions/slo/new", "", {{"Sec-Fetch-Site", site}});
    CHECK(response.status == 302);
    CHECK(Location(response) == absl::StrCat(kBroker, kKey));
  }
  CHECK(broker.SignedIn());
}

TEST_CASE("GlobalLogout: P8 S139 a page of another site ends nothing, the person is asked",
          "[logout][attack][P8]") {
  Broker broker;
  const http::Response page = broker.Get("?client_id=a%22b", "cross-site");
  CHECK(page.status == 200);
  CHECK_FALSE(page.headers.Has("Location"));
  CHECK_FALSE(page.headers.Has("Set-Cookie"));
  CHECK(absl::StrContains(page.body, "Do you want to sign out?"));
  CHECK(broker.SignedIn());
}

TEST_CASE("GlobalLogout: P8 the answer to the question ends the session, once", "[logout][P8]") {
  Broker broker;
  const std::string form = broker.FormOf(broker.Get("?client_id=vamobile", "cross-site"));
  const http::Response response = broker.Confirm(form, {{"Sec-Fetch-Site", "same-origin"}});
  CHECK(response.status == 200);
  const std::string target = absl::StrCat(kBroker, kKey, "&clientId=vamobile");
  // A page that goes on, no redirect: form-action would hold it back.
  CHECK(response.headers.Get("Refresh").value_or("") == "0; url=" + target);
  CHECK(ExpiresSession(response));
  CHECK_FALSE(broker.SignedIn());
  // The same form does nothing to a session that begins later.
  broker.session = broker.gateway.SignedIn("_a2");
  CHECK(broker.Confirm(form).status == 403);
  CHECK(broker.SignedIn());
}

TEST_CASE("GlobalLogout: P8 S139 a post without the sealed answer, or from elsewhere, ends nothing",
          "[logout][attack][P8]") {
  Broker broker;
  const std::string form = broker.FormOf(broker.Get("", "cross-site"));
  CHECK(broker.Confirm("").status == 403);
  CHECK(broker.Confirm("answer=made-up").status == 403);
  CHECK(broker.Confirm(form, {{"Sec-Fetch-Site", "cross-site"}}).status == 403);
  CHECK(broker.Confirm(form, {{"Sec-Fetch-Site", "same-site"}}).status == 403);
  CHECK(broker.Confirm(form, {{"Origin", "https://evil.example"}}).status == 403);
  CHECK(broker.Confirm("answer=a&answer=b").status == 400);
  CHECK(broker.SignedIn());
}

TEST_CASE("GlobalLogout: S139 an image or a frame signs nobody out", "[logout][attack]") {
  Broker broker;
  CHECK(broker.Get("", "same-site", {{"Sec-Fetch-Dest", "image"}, {"Sec-Fetch-Mode", "no-cors"}})
            .status == 403);
  CHECK(broker.Get("", "same-origin", {{"Sec-Fetch-Dest", "iframe"}}).status == 403);
  CHECK(broker.SignedIn());
}

TEST_CASE("GlobalLogout: a store that is away is no sign-out", "[logout]") {
  Broker broker;
  broker.gateway.flows.down = true;
  const http::Response response = broker.Get("", "none");
  CHECK(response.status == 503);
  CHECK_FALSE(ExpiresSession(response));
  broker.gateway.flows.down = false;
  CHECK(broker.SignedIn());
}

TEST_CASE("GlobalLogout: a parameter given twice, or a client id of any length, is no request",
          "[logout]") {
  Broker broker;
  CHECK(broker.Get("?client_id=a&client_id=b", "none").status == 400);
  CHECK(broker.Get("?client_id=" + std::string(129, 'a'), "none").status == 400);
  CHECK(broker.SignedIn());
}

TEST_CASE("GlobalLogout: without a broker our own sign-out is all there is", "[logout]") {
  TestGateway gateway;
  const std::string session = gateway.SignedIn();
  const http::Response response = gateway.Get(kPath, session, {{"Accept", "text/html"}});
  CHECK(response.status == 303);
  CHECK(Location(response) == "/logout/");
  CHECK(ExpiresSession(response));
  CHECK(gateway.Get("/v0/user", session).status == 401);
  CHECK(Location(gateway.Get(absl::StrCat(kPath, "?agreements_declined=true"))) ==
        "https://sp.test/terms-of-use/declined");
}

TEST_CASE(
    "GlobalLogoutReturn: back from the broker to the signed-out page, or to the declined terms",
    "[logout]") {
  TestGateway gateway;
  const std::string path = "/v1/sessions/ssoe_logout";
  CHECK(gateway.Get(path).status == 302);
  CHECK(Location(gateway.Get(path)) == "https://sp.test/logout/");
  CHECK(Location(gateway.Get(path + "?agreements_declined=false")) == "https://sp.test/logout/");
  CHECK(Location(gateway.Get(path + "?agreements_declined=true")) ==
        "https://sp.test/terms-of-use/declined");
  // S139: reachable by anyone, so it ends nothing.
  const std::string session = gateway.SignedIn();
  CHECK_FALSE(gateway.Get(path, session).headers.Has("Set-Cookie"));
  CHECK(gateway.Get("/v0/user", session).status == 200);
  for (const char* page : {"/logout/", "/terms-of-use/declined"}) {
    CHECK(gateway.Get(page).status == 200);
  }
}

}  // namespace
}  // namespace va::gateway::testing
