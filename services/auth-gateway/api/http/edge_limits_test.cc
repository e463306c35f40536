#include "services/auth-gateway/api/http/edge_limits.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway {
namespace {

// Small limits over a clock that stands still.
class TestEdge {
 public:
  explicit TestEdge(EdgeLimitOptions options = {{2, absl::Seconds(1), 3}, {1, absl::Seconds(1), 2}})
      : log_("auth-gateway", telemetry::Severity::kInfo, clock, sink_),
        limits(options,
               {clock,
                audit,
                log_,
                [this](absl::string_view scope) { refused.emplace_back(scope); },
                {std::string(kListed)}},
               std::string(32, 's')) {}

  static http::Request Ask(const std::string& method, const std::string& path,
                           const std::string& address, const std::string& body = "") {
    http::Request request;
    request.method = method;
    request.path = request.target = path;
    request.client_address = address;
    request.request_id = "req-1";
    request.body = body;
    return request;
  }
  int Status(const http::Request& request) {
    const auto answer = limits.Refuse(request);
    return answer ? answer->status : 0;
  }
  // How many of `tries` go on.
  int Passed(const http::Request& request, int tries) {
    int passed = 0;
    for (int i = 0; i < tries; ++i) passed += Status(request) == 0 ? 1 : 0;
    return passed;
  }

  static constexpr absl::string_view kListed = "https://www.sp.test";
  va::testing::FakeClock clock;
  testing::MemoryAudit audit;
  std::vector<std::string> refused;

 private:
  testing::MemorySink sink_;
  telemetry::Log log_;

 public:
  EdgeLimits limits;
};

std::string Handle(const std::string& handle) { return "SAMLResponse=x&RelayState=" + handle; }

}  // namespace

TEST_CASE("EdgeLimits: S117 beyond the limit of an address 429 with Retry-After, as a page",
          "[limits]") {
  TestEdge edge;
  const http::Request start = TestEdge::Ask("GET", "/v1/sessions/idme/new", "192.0.2.1");
  CHECK(edge.Passed(start, 3) == 3);
  const auto answer = edge.limits.Refuse(start);
  REQUIRE(answer);
  CHECK(answer->status == 429);
  CHECK(answer->headers.Get("Retry-After") == "1");
  CHECK(absl::StrContains(answer->body, "Too many tries"));
  CHECK(absl::StrContains(answer->body, "req-1"));
  CHECK(edge.Status(TestEdge::Ask("GET", "/v1/sessions/idme/new", "192.0.2.2")) == 0);
  edge.clock.Advance(absl::Milliseconds(500));
  CHECK(edge.Passed(start, 2) == 1);
}

TEST_CASE("EdgeLimits: the JSON endpoints answer in JSON", "[limits]") {
  TestEdge edge;
  const http::Request user = TestEdge::Ask("GET", "/v0/user", "192.0.2.1");
  REQUIRE(edge.Passed(user, 3) == 3);
  const auto answer = edge.limits.Refuse(user);
  REQUIRE(answer);
  CHECK(answer->headers.Get("Retry-After") == "1");
  CHECK(nlohmann::json::parse(answer->body)["errors"][0]["status"] == "429");
}

TEST_CASE("EdgeLimits: Retry-After says after how long one is let in", "[limits]") {
  TestEdge edge({{1, absl::Seconds(10), 1}, {0, absl::Seconds(1), 1}});
  const http::Request page = TestEdge::Ask("GET", "/sign-in/", "192.0.2.1");
  REQUIRE(edge.Status(page) == 0);
  const auto answer = edge.limits.Refuse(page);
  REQUIRE(answer);
  CHECK(answer->headers.Get("Retry-After") == "10");
  edge.clock.Advance(absl::Seconds(10));
  CHECK(edge.Status(page) == 0);
}

TEST_CASE("EdgeLimits: of IPv6 a /64 is one client", "[limits]") {
  TestEdge edge;
  int passed = 0;
  for (int i = 0; i < 10; ++i) {
    passed += edge.Status(TestEdge::Ask("GET", "/", absl::StrCat("2001:db8:1:1::", i + 1))) == 0;
  }
  CHECK(passed == 3);
  CHECK(edge.Status(TestEdge::Ask("GET", "/", "2001:db8:1:2::1")) == 0);
}

TEST_CASE("EdgeLimits: assets and metadata are not counted", "[limits]") {
  TestEdge edge;
  CHECK(edge.Passed(TestEdge::Ask("GET", "/assets/site.css", "192.0.2.1"), 50) == 50);
  CHECK(edge.Passed(TestEdge::Ask("GET", "/v1/sessions/metadata", "192.0.2.1"), 50) == 50);
  // What only looks like them is.
  CHECK(edge.Passed(TestEdge::Ask("GET", "/assets/none.css", "192.0.2.1"), 50) == 3);
}

TEST_CASE("EdgeLimits: S117 one attempt is posted a few times, from however many addresses",
          "[limits]") {
  TestEdge edge;
  int passed = 0;
  for (int i = 0; i < 10; ++i) {
    passed += edge.Status(TestEdge::Ask("POST", "/v1/sessions/callback",
                                        absl::StrCat("192.0.2.", i), Handle("h1"))) == 0;
  }
  CHECK(passed == 2);
  CHECK(edge.refused == std::vector<std::string>(8, "per_flow"));
  CHECK(edge.Status(TestEdge::Ask("POST", "/v1/sessions/callback", "192.0.2.77", Handle("h2"))) ==
        0);
}

TEST_CASE("EdgeLimits: nobody gets round the limit of an attempt by spelling its handle otherwise",
          "[limits]") {
  TestEdge edge({{0, absl::Seconds(1), 1}, {1, absl::Seconds(1), 2}});
  const auto post = [&](const std::string& body) {
    return edge.Status(TestEdge::Ask("POST", "/v1/sessions/callback", "192.0.2.1", body));
  };
  REQUIRE(post(Handle("h1")) == 0);
  REQUIRE(post("RelayState=h1&SAMLResponse=x") == 0);
  CHECK(post(Handle("%681")) == 429);
  CHECK(post(Handle("h1&NotRelayState=h9")) == 429);
  CHECK(post("XRelayState=h9&RelayState=h1") == 429);
  // A name that no browser writes so is counted by address.
  CHECK(post("%52elayState=h1") == 0);
  CHECK(post("%52elayState=h2") == 0);
  CHECK(post("%52elayState=h3") == 429);
}

TEST_CASE("EdgeLimits: a session's forms have a limit of their own", "[limits]") {
  TestEdge edge({{0, absl::Seconds(1), 1}, {1, absl::Seconds(1), 2}});
  http::Request form = TestEdge::Ask("POST", "/terms-of-use/", "192.0.2.1");
  form.headers.Add("Cookie", "__Host-va_session=abc");
  CHECK(edge.Passed(form, 5) == 2);
  http::Request other = TestEdge::Ask("POST", "/terms-of-use/", "192.0.2.1");
  other.headers.Add("Cookie", "__Host-va_session=def");
  CHECK(edge.Passed(other, 5) == 2);
}

TEST_CASE("EdgeLimits: a rate of 0 is no limit", "[limits]") {
  TestEdge edge({{0, absl::Seconds(1), 1}, {0, absl::Seconds(1), 1}});
  CHECK(edge.Passed(TestEdge::Ask("POST", "/v1/sessions/callback", "192.0.2.1", Handle("h")),
                    500) == 500);
}

TEST_CASE("EdgeLimits: the trail gets one record of a client in a minute, all are counted",
          "[limits]") {
  TestEdge edge;
  const http::Request start = TestEdge::Ask("GET", "/v1/sessions/idme/new", "192.0.2.1");
  edge.Passed(start, 103);
  CHECK(edge.refused.size() == 100);
  CHECK(edge.audit.tags == std::vector<std::string>{"RATE_LIMITED"});
  CHECK(edge.audit.events.front() == telemetry::AuditEvent::kRequestRefused);
  edge.clock.Advance(absl::Minutes(1));
  edge.Passed(start, 103);
  CHECK(edge.audit.tags.size() == 2);
}

TEST_CASE("EdgeLimits: a flood from very many addresses writes one record a second at most",
          "[limits]") {
  TestEdge edge({{1, absl::Hours(1), 1}, {0, absl::Seconds(1), 1}});
  for (int i = 0; i < 2000; ++i) {
    edge.Passed(TestEdge::Ask("GET", "/", absl::StrCat("10.0.", i / 250, ".", i % 250)), 2);
  }
  CHECK(edge.refused.size() == 2000);
  CHECK(edge.audit.tags.size() == 60);
}

TEST_CASE("EdgeLimits W11: a listed page reads that it asks too often, and for how long",
          "[limits][cors]") {
  TestEdge edge;
  http::Request ask = TestEdge::Ask("GET", "/v0/user", "192.0.2.1");
  edge.Passed(ask, 3);
  for (const char* origin : {"https://www.sp.test", "https://evil.test"}) {
    CAPTURE(origin);
    const bool listed = origin == edge.kListed;
    ask.headers.Set("Origin", origin);
    const auto refused = edge.limits.Refuse(ask);
    REQUIRE(refused);
    CHECK(refused->headers.Get("Vary") == "Origin, Cookie");
    CHECK(refused->headers.Has("Access-Control-Allow-Origin") == listed);
    CHECK(absl::StrContains(refused->headers.Get("Access-Control-Expose-Headers").value_or(""),
                            "Retry-After") == listed);
  }
  // Pages are nobody else's to read.
  http::Request page = TestEdge::Ask("GET", "/sign-in/", "192.0.2.1");
  page.headers.Set("Origin", edge.kListed);
  const auto refused = edge.limits.Refuse(page);
  REQUIRE(refused);
  CHECK_FALSE(refused->headers.Has("Access-Control-Allow-Origin"));
}

TEST_CASE("EdgeLimits: what is no request floods the trail no more than requests do", "[limits]") {
  TestEdge edge;
  const auto recorded = [&edge](int clients, int each) {
    int count = 0;
    for (int i = 0; i < clients * each; ++i) {
      const int client = i % clients;
      const std::string address = absl::StrCat("10.0.", client / 250, ".", client % 250);
      count += edge.limits.MayRecordRefusal(address) ? 1 : 0;
    }
    return count;
  };
  CHECK(recorded(1, 1000) == 60);
  edge.clock.Advance(absl::Seconds(5));
  CHECK(recorded(1, 1000) == 5);
  edge.clock.Advance(absl::Hours(1));
  CHECK(recorded(1000, 10) == 600);
}

}  // namespace va::gateway
