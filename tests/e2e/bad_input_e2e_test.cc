// Bad input: the right status, a page a person understands, one audit event without personal data,
// nothing stored.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "tests/e2e/stack.h"

namespace va::e2e {
namespace {

using testing::Page;
using testing::UserAgent;

const http::Headers& Html() {
  static const http::Headers headers = {{"Accept", "text/html"}};
  return headers;
}

// Sends one request and checks that it was refused by the rules.
void Refused(const std::string& method, const std::string& path, int status, absl::string_view code,
             const http::Headers& headers = Html(), const std::string& body = "") {
  INFO(method << " " << path.substr(0, 100));
  UserAgent agent = Stack::Get().NewBrowser();
  const RefusalCheck check;
  const auto page = agent.Request(method, absl::StrCat(Stack::Get().url(), path), headers, body);
  INFO(page.status());
  REQUIRE(page.ok());
  // Request() leaves the body alone; the page is read here.
  Page read = *page;
  read.content = testing::ParseHtml(read.body());
  check.Expect(read, status, code);
  CHECK(agent.jar().cookies().empty());
}

TEST_CASE("E2e: unknown types, applications and targets are refused at the start", "[e2e]") {
  Refused("GET", "/v1/sessions/nobody/new", 404, "400");
  Refused("GET", "/v1/sessions/idme/new?application=nothing", 400, "400");
  Refused("GET", "/v1/sessions/idme/new?application=mhv&application=vaweb", 400, "400");
  Refused("GET", "/v1/sessions/mhv/new?application=mhv&to=%2F%2Fevil.example", 400, "400");
  Refused("GET", "/v1/sessions/mhv/new?application=mhv&redirect=https%3A%2F%2Fevil.example%2F", 400,
          "400");
  Refused("GET", "/v1/sessions/idme/new?application=%zz", 400, "400");
  Refused("GET", "/nowhere", 404, "");
}

TEST_CASE("E2e: unknown methods are refused", "[e2e]") {
  Refused("POST", "/v1/sessions/idme/new", 405, "");
  Refused("GET", "/v1/sessions/callback", 405, "");
  Refused("DELETE", "/v0/user", 405, "");
}

TEST_CASE("E2e: HEAD starts nothing", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const AuditMark mark = Stack::Get().MarkAudit();
  const auto page =
      agent.Request("HEAD", absl::StrCat(Stack::Get().url(), "/v1/sessions/idme/new"));
  REQUIRE(page.ok());
  CHECK(page->status() == 405);
  for (const auto& event : Stack::Get().AuditSince(mark)) {
    CHECK(event.value("ev", "") != "sign_in.started");
  }
}

TEST_CASE("E2e: oversize targets, headers and bodies are refused", "[e2e]") {
  Refused("GET", absl::StrCat("/v1/sessions/idme/new?to=", std::string(9000, 'a')), 414, "");
  http::Headers big = Html();
  big.Set("X-Padding", std::string(40000, 'a'));
  Refused("GET", "/v1/sessions/idme/new", 431, "", big);
  http::Headers form = Html();
  form.Set("Content-Type", "application/x-www-form-urlencoded");
  Refused("POST", "/v1/sessions/callback", 413, "", form,
          absl::StrCat("SAMLResponse=", std::string(700000, 'A')));
}

// A browser that stands before its return, and what it would carry.
struct Prepared {
  UserAgent agent;
  Page answer;

  std::string Xml() const {
    return base::Base64DecodeStrict(
               answer.content.FormWithField("SAMLResponse")->Field("SAMLResponse").value())
        .value();
  }
  std::string RelayState() const {
    return answer.content.FormWithField("RelayState")->Field("RelayState").value();
  }
};

Prepared Prepare(const base::FormPairs& overrides = {}) {
  UserAgent agent = Stack::Get().NewBrowser();
  auto answer = simulators::WalkToAnswer(agent, At("idme_verified"), "idme_loa3", overrides);
  INFO(answer.status());
  REQUIRE(answer.ok());
  return {std::move(agent), *std::move(answer)};
}

// Returns with an altered field and checks the refusal.
void RefusedReturn(const std::string& name, const std::string& value, int status,
                   absl::string_view code) {
  Prepared prepared = Prepare();
  const RefusalCheck check;
  const auto page = simulators::Return(prepared.agent, prepared.answer, {{name, value}});
  INFO(page.status());
  REQUIRE(page.ok());
  check.Expect(*page, status, code);
  CHECK_FALSE(HoldsSession(prepared.agent));
}

TEST_CASE("E2e: malformed base64 and XML are refused (S62, S78)", "[e2e]") {
  RefusedReturn("SAMLResponse", "%%%", 400, "007");
  RefusedReturn("SAMLResponse", "", 400, "007");
  RefusedReturn("SAMLResponse", base::Base64Encode("<a>"), 400, "007");
  RefusedReturn("SAMLResponse", base::Base64Encode("not xml"), 400, "007");
  RefusedReturn("SAMLResponse", base::Base64Encode("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), 400,
                "007");
  RefusedReturn("SAMLResponse", base::Base64Encode("<a/>"), 400, "007");
}

TEST_CASE("E2e: an unsigned response is refused (S23)", "[e2e]") {
  Prepared prepared = Prepare({{"sign", "nothing"}});
  const RefusalCheck check;
  check.Expect(simulators::Return(prepared.agent, prepared.answer).value(), 403, "007");
}

TEST_CASE("E2e: a return without its flow is refused", "[e2e]") {
  RefusedReturn("RelayState", "", 403, "007");
  RefusedReturn("RelayState", "unknown", 403, "007");
  RefusedReturn("RelayState", std::string(4000, 'a'), 403, "007");
}

TEST_CASE("E2e: a return without the flow cookie is refused (S98)", "[e2e]") {
  Prepared prepared = Prepare();
  prepared.agent.jar().Clear();
  const RefusalCheck check;
  check.Expect(simulators::Return(prepared.agent, prepared.answer).value(), 403, "007");
}

TEST_CASE("E2e: a flow cookie that were only Lax would not survive the way back (P7)", "[e2e]") {
  Prepared prepared = Prepare();
  const base::Url url = base::ParseUrl(Stack::Get().url()).value();
  const absl::Time now = Stack::Get().clock().Now();
  const auto flow = prepared.agent.jar().Find(url, "__Host-va_flow", now);
  REQUIRE(flow.has_value());
  REQUIRE(prepared.agent.jar().Store(
      url, absl::StrCat("__Host-va_flow=", flow->value, "; Secure; Path=/; HttpOnly; SameSite=Lax"),
      now));
  const RefusalCheck check;
  check.Expect(simulators::Return(prepared.agent, prepared.answer).value(), 403, "007");
}

TEST_CASE("E2e: an attempt that took too long is refused, and its target survives", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto answer = simulators::WalkToAnswer(agent, At("mhv", "mhv", "home"), "mhv_premium");
  REQUIRE(answer.ok());
  Stack::Get().ExpireFlow(answer->content.FormWithField("RelayState")->Field("RelayState").value());
  const RefusalCheck check;
  const auto page = simulators::Return(agent, *answer);
  REQUIRE(page.ok());
  check.Expect(*page, 403, "005");
  bool restarts = false;
  for (const testing::HtmlLink& link : page->content.links) {
    restarts = restarts || (absl::StrContains(link.href, "/v1/sessions/mhv/new") &&
                            absl::StrContains(link.href, "to=home"));
  }
  CHECK(restarts);
}

TEST_CASE("E2e: a form that is none, or sends a field twice, is refused", "[e2e]") {
  http::Headers form = Html();
  form.Set("Content-Type", "application/x-www-form-urlencoded");
  Refused("POST", "/v1/sessions/callback", 400, "400", form, "SAMLResponse=a&SAMLResponse=b");
  Refused("POST", "/v1/sessions/callback", 400, "400", form, "SAMLResponse=%zz");
  http::Headers json = Html();
  json.Set("Content-Type", "application/json");
  Refused("POST", "/v1/sessions/callback", 400, "400", json, "{}");
}

}  // namespace
}  // namespace va::e2e
