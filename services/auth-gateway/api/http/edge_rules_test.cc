// What the edge promises whatever is asked of it, tried on the gateway's real routes.
#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/auth-gateway/api/http/consent_handlers.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway {
namespace {

using testing::TestGateway;

constexpr char kFrontEnd[] = "https://www.sp.test";

struct CorsGateway : TestGateway {
  CorsGateway() : TestGateway(testing::TestPolicy(), {kFrontEnd, "https://other.test:8443"}) {}
  http::Response Preflight(const std::string& path, const std::string& origin,
                           const std::string& method, const std::string& headers = "") {
    http::Headers more{{"Origin", origin}, {"Access-Control-Request-Method", method}};
    if (!headers.empty()) more.Add("Access-Control-Request-Headers", headers);
    return Ask("OPTIONS", path, more);
  }
};

bool GrantsAnything(const http::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (absl::StartsWithIgnoreCase(name, "Access-Control-")) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("Edge W11: a listed origin reads the JSON endpoints with credentials", "[edge][cors]") {
  CorsGateway gateway;
  const std::string session = gateway.SignedIn();
  const http::Response user = gateway.Get("/v0/user", session, {{"Origin", kFrontEnd}});
  CHECK(user.status == 200);
  CHECK(user.headers.Get("Access-Control-Allow-Origin") == kFrontEnd);
  CHECK(user.headers.Get("Access-Control-Allow-Credentials") == "true");
  CHECK(absl::StrContains(user.headers.Get("Vary").value_or(""), "Origin"));
  const http::Response preflight =
      gateway.Preflight("/v0/logout", kFrontEnd, "POST", "content-type");
  CHECK(preflight.status == 204);
  CHECK(preflight.headers.Get("Access-Control-Allow-Origin") == kFrontEnd);
  CHECK(preflight.headers.Get("Access-Control-Allow-Methods") == "POST");
  // Signing out from there ends the session.
  CHECK(
      gateway
          .Post("/v0/logout", session, "", {{"Origin", kFrontEnd}, {"Sec-Fetch-Site", "same-site"}})
          .status == 204);
  CHECK(gateway.Get("/v0/user", session).status == 401);
}

TEST_CASE("Edge W11: any other origin is granted nothing", "[edge][cors]") {
  CorsGateway gateway;
  const std::string session = gateway.SignedIn();
  for (const std::string origin :
       {"null", "https://evil.test", "https://sub.www.sp.test", "https://www.sp.test.evil.test",
        "http://www.sp.test", "https://www.sp.test:8443", "https://other.test",
        "https://WWW.sp.test", "https://www.sp.test/", "https://www.sp.test https://evil.test", "*",
        ""}) {
    CAPTURE(origin);
    const http::Response user = gateway.Get("/v0/user", session, {{"Origin", origin}});
    CHECK_FALSE(GrantsAnything(user));
    CHECK(absl::StrContains(user.headers.Get("Vary").value_or(""), "Origin"));
    const http::Response preflight = gateway.Preflight("/v0/logout", origin, "POST");
    CHECK(preflight.status == 403);
    CHECK_FALSE(GrantsAnything(preflight));
    CHECK(
        gateway
            .Post("/v0/logout", session, "", {{"Origin", origin}, {"Sec-Fetch-Site", "cross-site"}})
            .status == 403);
  }
  CHECK_FALSE(GrantsAnything(
      gateway.Ask("GET", "/v0/user", {{"Origin", kFrontEnd}, {"Origin", "https://evil.test"}})));
  CHECK(gateway.Get("/v0/user", session).status == 200);
}

TEST_CASE("Edge W11: a preflight grants the endpoint's methods and no odd headers",
          "[edge][cors]") {
  CorsGateway gateway;
  CHECK(gateway.Preflight("/v0/user", kFrontEnd, "GET").status == 204);
  CHECK(gateway.Preflight("/v0/user", kFrontEnd, "POST").status == 403);
  CHECK(gateway.Preflight("/v0/user", kFrontEnd, "GET", "Content-Type, Accept").status == 204);
  CHECK(gateway.Preflight("/v0/user", kFrontEnd, "GET", "authorization").status == 403);
  CHECK(gateway.Preflight("/terms-of-use/", kFrontEnd, "POST").status == 405);
  CHECK(gateway.Preflight("/v1/sessions/callback", kFrontEnd, "POST").status == 405);
}

TEST_CASE("Edge W11: by default no origin is listed, and OPTIONS is no method of ours",
          "[edge][cors]") {
  TestGateway gateway;
  CHECK(gateway.Ask("OPTIONS", "/v0/user", {{"Origin", kFrontEnd}}).status == 405);
  CHECK_FALSE(GrantsAnything(gateway.Ask("GET", "/v0/user", {{"Origin", kFrontEnd}})));
  CHECK_FALSE(GrantsAnything(gateway.Ask("GET", "/v0/user", {{"Origin", "null"}})));
}

TEST_CASE("Edge W12: no answer of a sign-in may be kept, not even what looks like a style sheet",
          "[edge][cache]") {
  // The server adds its default headers where a handler says nothing: none may say otherwise.
  TestGateway gateway;
  const std::string session = gateway.SignedIn();
  for (const char* path :
       {"/v0/user", "/v0/user/x.css", "/v0/user/..%2fx.css", "/v0/user%2fx.css", "/v0/user;x.css",
        "/profile/x.css", "/auth/login/callback/x.js", "/auth/login/callback", "/sign-in/",
        "/v1/sessions/idme/new", "/v1/sessions/idme/new/x.png", "/terms-of-use/", "/none.css"}) {
    CAPTURE(path);
    const http::Response answer = gateway.Get(path, session);
    CHECK(answer.headers.Get("Cache-Control").value_or("no-store") == "no-store");
    CHECK_FALSE(answer.headers.Has("ETag"));
    if (absl::StrContains(path, ".")) {
      CHECK(answer.status == 404);
      CHECK_FALSE(absl::StrContains(answer.body, "Ada"));
    }
  }
}

TEST_CASE("Edge W9: an odd spelling of a path is another path, and there is none", "[edge]") {
  TestGateway gateway;
  const std::string session = gateway.SignedIn();
  for (const char* path :
       {"/v0/../v0/user", "/v0/./user", "/v0//user", "//v0/user", "/v0/user/", "/v0/user;a=b",
        "/v0%2fuser", "/V0/user", "/v0/USER", "/v0/use%72", "/v0/user%00", "/v0\\user",
        "/v0/user%20", "/assets/../v0/user", "/v1/sessions/..;/callback"}) {
    CAPTURE(path);
    const http::Response answer = gateway.Get(path, session);
    CHECK(answer.status == 404);
    CHECK_FALSE(absl::StrContains(answer.body, "Ada"));
  }
}

TEST_CASE("Edge W10: no method but the route's own, whatever a header says", "[edge]") {
  TestGateway gateway;
  const std::string session = gateway.SignedIn();
  for (const char* method :
       {"PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "OPTIONS", "PROPFIND", "post", "HEAD"}) {
    CAPTURE(method);
    CHECK(gateway.Ask(method, "/v1/sessions/idme/new").status == 405);
    CHECK(gateway.Ask(method, "/v1/sessions/callback").status == 405);
    CHECK(gateway.Ask(method, "/v0/logout").status == 405);
  }
  // Signing out and the callback change something: never by GET. Of the four GETs of decision P8,
  // which are of the compatible surface, one exists, and asks first when another site led here.
  CHECK(gateway.Get("/v0/logout", session).status == 405);
  CHECK(gateway.Get("/v1/sessions/callback", session).status == 405);
  for (const char* path :
       {"/v0/sign_in/logout", "/v0/sign_in/revoke_all_sessions", "/inherited_proofing/auth"}) {
    CHECK(gateway.Get(path, session).status == 404);
  }
  CHECK(gateway.Get("/v1/sessions/slo/new", session, {{"Sec-Fetch-Site", "cross-site"}}).status ==
        200);
  for (const char* header : {"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"}) {
    CHECK(gateway.Ask("GET", "/v0/logout", {{header, "POST"}, {"Cookie", session}}).status == 405);
  }
  CHECK(gateway.Get("/v0/user?_method=DELETE", session).status == 200);
  CHECK(gateway.Get("/v0/user", session).status == 200);
}

TEST_CASE("Edge W16: a form that is none is refused by every form", "[edge]") {
  TestGateway gateway;
  const std::string session = gateway.SignedIn();
  const auto attempt = gateway.Start();
  std::string many = "a=b";
  for (int i = 0; i < 100000; ++i) many += absl::StrCat("&k", i, "=1");
  struct Row {
    std::string type;
    std::string body;
  };
  const std::string form = "application/x-www-form-urlencoded";
  for (const Row& row :
       std::vector<Row>{{"application/json", R"({"SAMLResponse":"x","RelayState":"y"})"},
                        {"multipart/form-data; boundary=x", "--x\r\n\r\n--x--"},
                        {"text/plain", "answer=accept"},
                        {form + "; charset=utf-7", "answer=accept"},
                        {form, "answer=accept&answer=decline"},
                        {form, "answer=%zz"},
                        {form, "answer=%"},
                        {form, many}}) {
    CAPTURE(row.type, row.body.substr(0, 40));
    for (const char* path : {"/v1/sessions/callback", "/terms-of-use/", kConsentPath}) {
      CAPTURE(path);
      const http::Response answer =
          gateway.PostAs(path, row.type, session + "; " + attempt.cookie, row.body);
      CHECK(answer.status == 400);
      CHECK_FALSE(answer.headers.Has("Set-Cookie"));
    }
  }
}

TEST_CASE("Edge W17: what operators see is on no public path, whoever asks", "[edge]") {
  TestGateway gateway;
  for (const char* path :
       {"/livez", "/readyz", "/startupz", "/healthz", "/health", "/metrics", "/attempts/x",
        "/debug/pprof", "/debug/pprof/", "/debug/vars", "/status", "/server-status", "/actuator",
        "/actuator/health", "/ping", "/.env", "/.git/config"}) {
    CAPTURE(path);
    CHECK(gateway.Get(path).status == 404);
    CHECK(gateway.Ask("GET", path, {{"User-Agent", "kube-probe/1.30"}}).status == 404);
    CHECK(
        gateway.Ask("GET", path, {{"User-Agent", "GoogleHC/1.0"}, {"X-Forwarded-For", "127.0.0.1"}})
            .status == 404);
  }
}

TEST_CASE("Edge W8: identity headers of a client change nothing that goes to other services",
          "[edge]") {
  const http::Headers forged{
      {"X-User", "admin"},
      {"X-Forwarded-User", "admin"},
      {"X-Auth-Request-User", "admin"},
      {"X-Remote-User", "admin"},
      {"X-Client-Cert", "CN=mpi-adapter"},
      {"X-Forwarded-Client-Cert", "By=x;URI=y"},
      {"X-Request-Id", "chosen-by-me"},
      {"Traceparent", "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01"},
      {"Grpc-Metadata-Caller", "auth-gateway"},
      {"Va-Caller", "auth-gateway"},
      {"Icn", "1000000001V000001"}};
  const auto sign_in = [](TestGateway& gateway, const http::Headers& more) {
    gateway.AdmitMhvPerson();
    const http::Response started = gateway.Get("/v1/sessions/idme/new", "", more);
    const TestGateway::Attempt attempt = gateway.AttemptOf(started);
    const http::Response landed =
        gateway.Post("/v1/sessions/callback", attempt.cookie,
                     base::BuildQuery({{"SAMLResponse", gateway.ResponseTo(attempt)},
                                       {"RelayState", attempt.handle}}),
                     more);
    CHECK(landed.status == 303);
    gateway.RunTasks();
    return landed;
  };
  TestGateway plain;
  TestGateway attacked;
  sign_in(plain, {});
  sign_in(attacked, forged);
  const auto scopes = [](const TestGateway& gateway) {
    std::vector<CallScope> all = gateway.rules.scopes;
    all.insert(all.end(), gateway.index.scopes.begin(), gateway.index.scopes.end());
    all.insert(all.end(), gateway.accounts.scopes.begin(), gateway.accounts.scopes.end());
    return all;
  };
  const std::vector<CallScope> expected = scopes(plain);
  const std::vector<CallScope> got = scopes(attacked);
  REQUIRE(expected.size() >= 3);
  REQUIRE(got.size() == expected.size());
  const SessionRecord& session = attacked.flows.sessions.back();
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    // The request id is the attempt's own.
    CHECK(got[i].request_id == session.flow_id);
    CHECK(got[i].deadline == expected[i].deadline);
  }
  CHECK(session.account_id == plain.flows.sessions.back().account_id);
  CHECK(session.person.icn.Reveal() == plain.flows.sessions.back().person.icn.Reveal());
}

}  // namespace va::gateway
