// GET /v0/user as a front end sees it: every part of a person whom VA Profile knows, 296 while it
// fails, and nothing left of the answer once they have signed out.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/stack.h"
#include "tests/simulators/signin/result.h"

namespace va::e2e {
namespace {

using nlohmann::json;
using testing::UserAgent;

std::string VaProfileUrl() {
  const char* const url = std::getenv("VA_PROFILE_URL");
  if (url == nullptr) FAIL("VA_PROFILE_URL is not set: run these tests by ./dev test e2e");
  return url;
}

json AskVaProfile(const std::string& method, const std::string& path, const std::string& body) {
  http::ClientRequest request;
  request.method = method;
  request.url = absl::StrCat(VaProfileUrl(), path);
  request.body = body;
  const auto response = Stack::Get().client().Send(request);
  REQUIRE(response.ok());
  REQUIRE(response->status == 200);
  return json::parse(response->body);
}

// Something wrong at VA Profile while this lives.
class VaProfileFault {
 public:
  explicit VaProfileFault(const json& fault) { AskVaProfile("POST", "/_sim/faults", fault.dump()); }
  ~VaProfileFault() { AskVaProfile("POST", "/_sim/faults", R"({"mode":"none"})"); }
  VaProfileFault(const VaProfileFault&) = delete;
  VaProfileFault& operator=(const VaProfileFault&) = delete;
};

std::int64_t VaProfileCalls() {
  return AskVaProfile("GET", "/_sim/calls", "").begin()->get<std::int64_t>();
}

void SignIn(UserAgent& agent, const char* persona) {
  Stack& stack = Stack::Get();
  const auto end = simulators::Walk(agent, At(stack.persona(persona).type), persona);
  INFO(persona << ": " << end.status());
  REQUIRE(end.ok());
}

struct Answer {
  int status = 0;
  json body;
  json user;
};

Answer GetUser(UserAgent& agent) {
  const auto page = agent.Request("GET", absl::StrCat(Stack::Get().url(), "/v0/user"));
  REQUIRE(page.ok());
  Answer answer;
  answer.status = page->status();
  answer.body = json::parse(page->body());
  if (answer.body.contains("data")) answer.user = answer.body["data"]["attributes"];
  return answer;
}

}  // namespace

TEST_CASE("E2e: GET /v0/user tells a Premium person everything, the newest address in force",
          "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  SignIn(agent, "mhv_premium");
  const Answer answer = GetUser(agent);
  INFO(answer.body.dump());
  REQUIRE(answer.status == 200);
  CHECK(answer.body["meta"]["errors"].is_null());
  CHECK(answer.user["va_profile"]["status"] == "OK");
  CHECK(answer.user["va_profile"]["given_names"] == json::array({"Tamsin", "Wrenley"}));
  CHECK(answer.user["va_profile"]["va_patient"] == true);
  CHECK(answer.user["va_profile"]["active_mhv_ids"] == json::array({"66110101"}));
  CHECK(answer.user["va_profile"]["mhv_account_state"] == "OK");
  const json& contact = answer.user["vet360_contact_information"];
  CHECK(contact["vet360_id"] == "77010101");
  CHECK(contact["residential_address"]["address_line1"] == "12 Inkwell Row");
  CHECK(contact["mailing_address"]["address_line1"] == "PO Box 770101");
  CHECK(contact["mobile_phone"]["phone_number"] == "5550101");
  CHECK(contact["home_phone"].is_null());
  CHECK(contact["email"]["email_address"] == "tamsin.quillfeather@example.com");
  CHECK(contact["contact_email_verified"] == false);
  CHECK(answer.user["mhv_account"]["tier"] == "Premium");
}

TEST_CASE("E2e: whom VA Profile does not know has no contact information, and no error", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  SignIn(agent, "idme_loa3");
  const Answer answer = GetUser(agent);
  CHECK(answer.status == 200);
  CHECK(answer.user["vet360_contact_information"] == json::object());
}

TEST_CASE("E2e: below LOA3 neither MPI nor VA Profile is asked", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const std::int64_t before = VaProfileCalls();
  SignIn(agent, "idme_loa1");
  const Answer answer = GetUser(agent);
  CHECK(answer.status == 200);
  CHECK(answer.user["va_profile"] == json({{"status", "OK"}}));
  CHECK(answer.user["vet360_contact_information"] == json::object());
  CHECK(VaProfileCalls() == before);
}

TEST_CASE("E2e: VA Profile down is 296 and costs the contact information alone; nobody's sign-in",
          "[e2e]") {
  const json fault = GENERATE(json({{"mode", "error"}, {"status", 500}}),
                              json({{"mode", "malformed"}}), json({{"mode", "hang"}}));
  // What an earlier session left goes with the end of one, a moment after it.
  UserAgent earlier = Stack::Get().NewBrowser();
  SignIn(earlier, "logingov_ial2");
  REQUIRE(earlier.Request("POST", absl::StrCat(Stack::Get().url(), "/v0/logout")).ok());
  const VaProfileFault broken(fault);
  UserAgent agent = Stack::Get().NewBrowser();
  SignIn(agent, "logingov_ial2");
  const base::Stopwatch dropping;
  while (GetUser(agent).status == 200 && dropping.Elapsed() < absl::Seconds(10)) {
  }
  const base::Stopwatch watch;
  const Answer answer = GetUser(agent);
  CHECK(watch.Elapsed() < absl::Seconds(9));
  INFO(answer.body.dump());
  CHECK(answer.status == 296);
  CHECK(answer.user["vet360_contact_information"].is_null());
  CHECK(answer.user["va_profile"]["status"] == "OK");
  CHECK_FALSE(answer.user["profile"]["last_name"].is_null());
  REQUIRE(answer.body["meta"]["errors"].size() == 1);
  CHECK(answer.body["meta"]["errors"][0]["external_service"] == "VAProfile");
}

TEST_CASE("E2e: an answer is kept while the session lives and dropped when it ends", "[e2e]") {
  Stack& stack = Stack::Get();
  UserAgent agent = stack.NewBrowser();
  SignIn(agent, "mhv_premium");
  REQUIRE(GetUser(agent).status == 200);
  const std::int64_t asked = VaProfileCalls();
  REQUIRE(GetUser(agent).status == 200);
  CHECK(VaProfileCalls() == asked);

  const auto out = agent.Request("POST", absl::StrCat(stack.url(), "/v0/logout"));
  REQUIRE(out.ok());
  CHECK(GetUser(agent).status == 401);
  // It is dropped after the answer, on another thread: asked again within some seconds.
  UserAgent again = stack.NewBrowser();
  SignIn(again, "mhv_premium");
  const base::Stopwatch dropping;
  while (VaProfileCalls() == asked && dropping.Elapsed() < absl::Seconds(10)) {
    REQUIRE(GetUser(again).status == 200);
  }
  CHECK(VaProfileCalls() > asked);
}

}  // namespace va::e2e
