#include <map>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/testing/fake_clock.h"
#include "tests/simulators/signin/result.h"
#include "tests/simulators/signin/walk.h"

namespace va::simulators {
namespace {

using nlohmann::json;
using testing::Page;

constexpr char kGateway[] = "https://localhost:8443";
constexpr char kOps[] = "http://127.0.0.1:9443";
constexpr char kId[] = "0f0e0d0c-0b0a-4908-8706-050403020100";

// Answers by address; several answers to one address come in turn, the last one stays.
class CannedClient final : public http::Client {
 public:
  void Add(const std::string& url, int status, const std::string& body) {
    const bool is_html = !body.empty() && body.front() == '<';
    answers_[url].push_back(
        {status, {{"Content-Type", is_html ? "text/html" : "application/json"}}, body});
  }
  std::vector<std::string> posted;

  absl::StatusOr<http::ClientResponse> Send(const http::ClientRequest& request) override {
    if (request.method == "POST") posted.push_back(request.body);
    auto& answers = answers_[request.url];
    if (answers.empty()) return http::ClientResponse{404, {}, "{}"};
    const http::ClientResponse answer = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return answer;
  }

 private:
  std::map<std::string, std::vector<http::ClientResponse>> answers_;
};

Page PageOf(int status, const std::string& html, const std::string& path = "/x") {
  Page page;
  page.hops.push_back({"GET", absl::StrCat(kGateway, path), false, status, {}, html, {}});
  page.content = testing::ParseHtml(html);
  return page;
}

std::string Attempt(const json& changes) {
  json attempt = {{"outcome", "session"},
                  {"code", nullptr},
                  {"tag", nullptr},
                  {"request_id", kId},
                  {"application", "vaweb"},
                  {"csp", "idme"},
                  {"loa", 3},
                  {"mhv_account", nullptr},
                  {"proofing", nullptr},
                  {"stations", json::array({{{"name", "return"}, {"ms", 1.5}}})}};
  attempt.update(changes);
  return attempt.dump();
}

// What ReadResult makes of `end` in a world of these answers.
absl::StatusOr<SignInResult> Read(CannedClient& client, const Page& end,
                                  absl::Duration wait = absl::Seconds(5)) {
  const testing::FakeClock clock;
  testing::UserAgent agent(client, clock);
  return ReadResult(agent, end, kGateway, kOps, client, wait);
}

const std::string kErrorPage =
    absl::StrCat("<h1>Sorry</h1><p>Error code 102</p><p>Request id ", kId, "</p>");

TEST_CASE("ReadErrorPage: code and request id stand in the text or in the address", "[simulator]") {
  CHECK(ReadErrorPage(PageOf(403, kErrorPage)).code == "102");
  CHECK(ReadErrorPage(PageOf(403, kErrorPage)).request_id == kId);
  const auto redirected = ReadErrorPage(
      PageOf(200, "<h1>x</h1>", "/auth/login/callback?auth=fail&code=101&request_id=abc"));
  CHECK(redirected.code == "101");
  CHECK(redirected.request_id == "abc");
  CHECK(ReadErrorPage(PageOf(200, "<h1>Welcome</h1>")).request_id.empty());
}

TEST_CASE("ReadResult: a session is told from /v0/user and the attempt", "[simulator]") {
  CannedClient client;
  client.Add(absl::StrCat(kGateway, "/v0/user"), 200,
             absl::StrCat(R"({"data":{"attributes":{"request_id":")", kId, R"("}}})"));
  client.Add(absl::StrCat(kOps, "/attempts/", kId), 200, Attempt(json::object()));
  const auto result = Read(client, PageOf(200, "<h1>Signed in</h1>"));
  REQUIRE(result.ok());
  CHECK(result->exit == Exit::kSession);
  CHECK(result->json["loa"] == 3);
  CHECK(result->json["stations"][0]["name"] == "return");
  CHECK(result->json.size() == 10);
}

TEST_CASE("ReadResult: each outcome has its exit code", "[simulator]") {
  const auto exit_of = [](const char* outcome) {
    CannedClient client;
    client.Add(absl::StrCat(kOps, "/attempts/", kId), 200, Attempt({{"outcome", outcome}}));
    return static_cast<int>(Read(client, PageOf(403, kErrorPage))->exit);
  };
  CHECK(exit_of("session") == 0);
  CHECK(exit_of("something new") == 1);
  CHECK(exit_of("refusal") == 3);
  CHECK(exit_of("try_later") == 4);
  CHECK(exit_of("step_up") == 5);
}

TEST_CASE("ReadResult: of an undecided attempt only the page knows the code", "[simulator]") {
  CannedClient client;
  client.Add(absl::StrCat(kOps, "/attempts/", kId), 200, Attempt({{"outcome", nullptr}}));
  const auto refused = Read(client, PageOf(403, kErrorPage));
  REQUIRE(refused.ok());
  CHECK(refused->exit == Exit::kRefusal);
  CHECK(refused->json["code"] == "102");
  CHECK(Read(client, PageOf(503, kErrorPage))->exit == Exit::kTryLater);
}

TEST_CASE("ReadResult: waits while provisioning is pending, and no longer than told",
          "[simulator]") {
  const std::string url = absl::StrCat(kOps, "/attempts/", kId);
  CannedClient client;
  client.Add(url, 200, Attempt({{"mhv_account", "pending"}}));
  client.Add(url, 200, Attempt({{"mhv_account", "ensured"}}));
  CHECK(Read(client, PageOf(403, kErrorPage))->json["mhv_account"] == "ensured");
  CannedClient never;
  never.Add(url, 200, Attempt({{"mhv_account", "pending"}}));
  CHECK(Read(never, PageOf(403, kErrorPage), absl::ZeroDuration())->json["mhv_account"] ==
        "pending");
}

// A world in which somebody just signed in, and the terms page has these buttons.
struct TermsWorld {
  explicit TermsWorld(const std::string& buttons = R"(value="accepted">I accept)") {
    client.Add(absl::StrCat(kGateway, "/v0/user"), 200,
               absl::StrCat(R"({"data":{"attributes":{"request_id":")", kId, R"("}}})"));
    client.Add(
        absl::StrCat(kGateway, "/terms-of-use/"), 200,
        absl::StrCat(R"(<form method="post" action="/terms-of-use/"><button name="decision" )",
                     buttons, "</button></form>"));
    client.Add(absl::StrCat(kOps, "/attempts/", kId), 200,
               Attempt({{"mhv_account", "needs_terms"}}));
  }
  absl::StatusOr<SignInResult> ReadOf(bool terms_accepted, absl::Duration wait = absl::Seconds(5)) {
    testing::Persona persona;
    persona.terms_accepted = terms_accepted;
    const testing::FakeClock clock;
    testing::UserAgent agent(client, clock);
    return ReadResultOf(persona, agent, PageOf(200, "<h1>Signed in</h1>"), kGateway, kOps, client,
                        wait);
  }

  CannedClient client;
};

TEST_CASE("ReadResultOf: who accepts presses Accept and is told what became of the account",
          "[simulator]") {
  TermsWorld world;
  world.client.Add(absl::StrCat(kOps, "/attempts/", kId), 200,
                   Attempt({{"mhv_account", "pending"}}));
  world.client.Add(absl::StrCat(kOps, "/attempts/", kId), 200,
                   Attempt({{"mhv_account", "ensured"}}));
  const auto result = world.ReadOf(true);
  REQUIRE(result.ok());
  CHECK(result->json["mhv_account"] == "ensured");
  CHECK(world.client.posted == std::vector<std::string>{"decision=accepted"});
}

TEST_CASE("ReadResultOf: who accepts waits no longer than told", "[simulator]") {
  TermsWorld world;
  CHECK(world.ReadOf(true, absl::ZeroDuration())->json["mhv_account"] == "needs_terms");
}

TEST_CASE("ReadResultOf: whose file says nothing leaves the terms alone", "[simulator]") {
  TermsWorld world;
  CHECK(world.ReadOf(false)->json["mhv_account"] == "needs_terms");
  CHECK(world.client.posted.empty());
}

TEST_CASE("ReadResultOf: terms that cannot be accepted are a fault", "[simulator]") {
  TermsWorld only_decline(R"(value="declined">I do not)");
  CHECK(base::ReasonOf(only_decline.ReadOf(true).status()) == "NO_TERMS_FORM");
  CHECK(only_decline.client.posted.empty());
  TermsWorld refused;
  refused.client.Add(absl::StrCat(kGateway, "/terms-of-use/"), 403, "<h1>No</h1>");
  CHECK(base::ReasonOf(refused.ReadOf(true).status()) == "TERMS");
}

TEST_CASE("ReadResult: an end that says nothing is a fault", "[simulator]") {
  CannedClient client;
  client.Add(absl::StrCat(kGateway, "/v0/user"), 401, "{}");
  CHECK(base::ReasonOf(Read(client, PageOf(200, "<h1>?</h1>")).status()) == "NO_REQUEST_ID");
  CHECK(base::ReasonOf(Read(client, PageOf(403, kErrorPage)).status()) == "ATTEMPT");
}

TEST_CASE("ReadRefusedStart: a refused start is a refusal without an attempt", "[simulator]") {
  CHECK_FALSE(IsRefusedStart(PageOf(200, "<form><input name=SAMLRequest></form>")));
  REQUIRE(IsRefusedStart(PageOf(400, kErrorPage)));
  const SignInResult result = ReadRefusedStart(PageOf(400, kErrorPage));
  CHECK(result.exit == Exit::kRefusal);
  CHECK(result.json["code"] == "102");
  CHECK(result.json["stations"].empty());
}

TEST_CASE("FlipOverrides: values replace, several values multiply, nothing removes",
          "[simulator]") {
  testing::PersonaFlip flip;
  flip.attributes = {{"a", std::vector<std::string>{"1", "2"}}, {"b", std::nullopt}};
  CHECK(FlipOverrides(flip) ==
        base::FormPairs{{"attribute.a", "1"}, {"attribute.a", "2"}, {"without.b", "1"}});
}

TEST_CASE("Walk: a page that is not the expected one is named by status and heading",
          "[simulator]") {
  CannedClient client;
  const testing::FakeClock clock;
  testing::UserAgent agent(client, clock);
  const auto start = Start(agent, {kGateway, "idme", "", ""});
  CHECK(base::ReasonOf(start.status()) == "NO_REQUEST_FORM");
  CHECK(start.status().message().find("status 404") != std::string::npos);
}

}  // namespace
}  // namespace va::simulators
