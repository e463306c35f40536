// What follows a session: the MHV account, the terms of use before it, the invitation to hand a
// proofing on, and that none of it can hold up a sign-in.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/stack.h"
#include "tests/simulators/mhv/mhv_simulator.h"
#include "tests/simulators/signin/result.h"

namespace va::e2e {
namespace {

using nlohmann::json;
using testing::HtmlForm;
using testing::Page;
using testing::Persona;
using testing::UserAgent;

constexpr char kConsentPath[] = "/inherited_proofing/consent";

// Signs a persona in, answering the terms as its file says: where the browser ended, and what
// became of the attempt.
struct SignedIn {
  Page end;
  json result;
};

SignedIn SignIn(UserAgent& agent, const Persona& persona) {
  Stack& stack = Stack::Get();
  const auto end = simulators::Walk(agent, At(persona.type), persona.id);
  INFO(persona.id << ": " << end.status());
  REQUIRE(end.ok());
  // MHV may take its three seconds twice, and the machine its own time.
  const auto result = simulators::ReadResultOf(persona, agent, *end, stack.url(), stack.ops_url(),
                                               stack.ops_client(), absl::Seconds(30));
  INFO(result.status());
  REQUIRE(result.ok());
  return {*end, result->json};
}

json AttributesOf(UserAgent& agent) { return User(agent)["data"]["attributes"]; }

int64_t AccountCalls() { return MhvCalls()[simulators::kAccountPath].get<int64_t>(); }

// The form of a page with a button of that name and value, and that button.
struct Choice {
  const HtmlForm* form = nullptr;
  const testing::HtmlButton* button = nullptr;
};

Choice FindChoice(const Page& page, absl::string_view value) {
  for (const HtmlForm& form : page.content.forms) {
    for (const testing::HtmlButton& button : form.buttons) {
      if (button.name == "decision" && button.value == value) return {&form, &button};
    }
  }
  FAIL("no button " << std::string(value) << " on " << page.url());
  return {};
}

Page Press(UserAgent& agent, const Page& page, absl::string_view value) {
  const Choice choice = FindChoice(page, value);
  testing::Submission submission;
  submission.button = choice.button;
  const auto answered = agent.Submit(page, *choice.form, submission);
  INFO(answered.status());
  REQUIRE(answered.ok());
  return *answered;
}

bool HasLinkTo(const Page& page, absl::string_view path) {
  for (const testing::HtmlLink& link : page.content.links) {
    if (absl::StartsWith(link.href, path)) return true;
  }
  return false;
}

TEST_CASE("E2e: trouble at MHV costs nobody a session and says unavailable, never ineligible (M8)",
          "[e2e]") {
  const json fault = GENERATE(
      json{{"mode", "down"}}, json{{"mode", "slow"}, {"ms", 5000}}, json{{"mode", "html"}},
      json{{"mode", "malformed"}}, json{{"mode", "wrong_type"}}, json{{"mode", "wrong_shape"}},
      json{{"mode", "error"}, {"status", 500}}, json{{"mode", "error"}, {"status", 503}});
  INFO(fault.dump());
  const Persona& persona = Stack::Get().persona("proofed_in_person");
  UserAgent before = Stack::Get().NewBrowser();
  SignIn(before, persona);  // the terms are accepted from here on
  Stack::Get().ExpireMhvAccounts();
  {
    const MhvFault trouble(fault);
    UserAgent agent = Stack::Get().NewBrowser();
    const SignedIn signed_in = SignIn(agent, persona);
    INFO(signed_in.result.dump());
    CHECK(signed_in.result["outcome"] == "session");
    CHECK(signed_in.end.status() == 200);
    CHECK(HoldsSession(agent));
    CHECK(signed_in.result["mhv_account"] == "unavailable");
    CHECK(signed_in.result["proofing"] == "unavailable");
    CHECK(AttributesOf(agent)["inherited_proofing"].is_null());
    CHECK_FALSE(HasLinkTo(signed_in.end, kConsentPath));
  }
  UserAgent after = Stack::Get().NewBrowser();
  const SignedIn well = SignIn(after, persona);
  CHECK(well.result["mhv_account"] == "ensured");
  CHECK(well.result["proofing"] == "invited");
}

TEST_CASE("E2e: the callback does not wait for MHV", "[e2e]") {
  const Persona& persona = Stack::Get().persona("mhv_premium");
  UserAgent before = Stack::Get().NewBrowser();
  SignIn(before, persona);
  Stack::Get().ExpireMhvAccounts();
  const MhvFault slow({{"mode", "slow"}, {"ms", 5000}});
  UserAgent agent = Stack::Get().NewBrowser();
  const auto answer = simulators::WalkToAnswer(agent, At(persona.type), persona.id);
  REQUIRE(answer.ok());
  const auto end = simulators::Return(agent, *answer);
  REQUIRE(end.ok());
  REQUIRE(end->hops.front().method == "POST");
  // Whoever waited for MHV waited out its three seconds.
  CHECK(end->hops.front().took < absl::Milliseconds(2900));
  CHECK(HoldsSession(agent));
}

TEST_CASE("E2e: what MHV said is believed for a day, then MHV is asked again", "[e2e]") {
  const Persona& persona = Stack::Get().persona("mhv_no_account");
  UserAgent agent = Stack::Get().NewBrowser();
  CHECK(SignIn(agent, persona).result["mhv_account"] == "ensured");
  const int64_t asked = AccountCalls();
  UserAgent again = Stack::Get().NewBrowser();
  CHECK(SignIn(again, persona).result["mhv_account"] == "ensured");
  CHECK(AccountCalls() == asked);
  Stack::Get().ExpireMhvAccounts();
  UserAgent next_day = Stack::Get().NewBrowser();
  CHECK(SignIn(next_day, persona).result["mhv_account"] == "ensured");
  CHECK(AccountCalls() == asked + 1);
}

TEST_CASE("E2e: declined terms stay needs_terms, and MHV hears nothing of the person", "[e2e]") {
  const Persona& persona = Stack::Get().persona("proofed_online");
  UserAgent agent = Stack::Get().NewBrowser();
  CHECK(SignIn(agent, persona).result["mhv_account"] == "needs_terms");
  const int64_t asked = AccountCalls();
  const auto declined = simulators::AnswerTerms(agent, Stack::Get().url(), "declined");
  INFO(declined.status());
  REQUIRE(declined.ok());
  CHECK(declined->status() == 200);
  CHECK(AttributesOf(agent)["mhv_account"]["state"] == "needs_terms");
  UserAgent again = Stack::Get().NewBrowser();
  CHECK(SignIn(again, persona).result["mhv_account"] == "needs_terms");
  CHECK(AccountCalls() == asked);
  CHECK(HoldsSession(agent));  // the session never depended on it
}

TEST_CASE("E2e: terms are answered with a session and from our own page only", "[e2e]") {
  const std::string terms = absl::StrCat(Stack::Get().url(), "/terms-of-use/");
  UserAgent nobody = Stack::Get().NewBrowser();
  const auto page = nobody.Open(terms);
  REQUIRE(page.ok());
  for (const HtmlForm& form : page->content.forms) CHECK_FALSE(form.Field("revision").has_value());

  const Persona& persona = Stack::Get().persona("proofed_online");
  UserAgent agent = Stack::Get().NewBrowser();
  SignIn(agent, persona);
  const auto forged = agent.Request(
      "POST", terms,
      {{"Sec-Fetch-Site", "cross-site"}, {"Content-Type", "application/x-www-form-urlencoded"}},
      "revision=3&decision=accepted");
  REQUIRE(forged.ok());
  CHECK(forged->status() == 403);
  UserAgent again = Stack::Get().NewBrowser();
  CHECK(SignIn(again, persona).result["mhv_account"] == "needs_terms");
}

TEST_CASE("E2e: only who was proofed in person at MHV is invited", "[e2e]") {
  for (const Persona& persona : Stack::Get().personas()) {
    if (persona.expect.outcome != "session") continue;
    DYNAMIC_SECTION(persona.id) {
      UserAgent agent = Stack::Get().NewBrowser();
      const SignedIn signed_in = SignIn(agent, persona);
      const bool invited = persona.expect.proofing == "invited";
      CHECK(HasLinkTo(signed_in.end, kConsentPath) == invited);
      const json attributes = AttributesOf(agent);
      if (persona.expect.proofing.empty()) {
        CHECK(attributes["inherited_proofing"].is_null());
      } else {
        CHECK(attributes["inherited_proofing"]["eligible"] == invited);
        CHECK(attributes["inherited_proofing"]["complete"] == false);
        CHECK(attributes["inherited_proofing"]["dismissed_until"].is_null());
      }
      const auto consent = agent.Open(absl::StrCat(Stack::Get().url(), kConsentPath));
      REQUIRE(consent.ok());
      CHECK(consent->status() == (invited ? 200 : 403));
    }
  }
}

TEST_CASE("E2e: consent may be given or declined, and nothing is sent either way", "[e2e]") {
  const Persona& persona = Stack::Get().persona("proofed_in_person");
  UserAgent agent = Stack::Get().NewBrowser();
  SignIn(agent, persona);
  const auto page = agent.Open(absl::StrCat(Stack::Get().url(), kConsentPath));
  REQUIRE(page.ok());
  const Page declined = Press(agent, *page, "declined");
  CHECK(declined.status() == 200);
  const Page given = Press(agent, *page, "given");
  CHECK(given.status() == 200);
  CHECK(declined.content.text != given.content.text);
  // The invitation stands: a person may think again.
  CHECK(AttributesOf(agent)["inherited_proofing"]["eligible"] == true);
  for (const Page* answer : {&declined, &given}) {
    for (const testing::Hop& hop : answer->hops) {
      CHECK(absl::StartsWith(hop.url, Stack::Get().url()));
    }
  }
}

TEST_CASE("E2e: a hostile name is text on the page and comes back byte for byte", "[e2e]") {
  const Persona& persona = Stack::Get().persona("hostile_name");
  const std::string first = persona.Value("va_eauth_firstname");
  const std::string last = persona.Value("va_eauth_lastname");
  UserAgent agent = Stack::Get().NewBrowser();
  const SignedIn signed_in = SignIn(agent, persona);
  const Page& page = signed_in.end;
  CHECK(page.status() == 200);
  CHECK(absl::StrContains(page.content.text, first));
  CHECK(absl::StrContains(page.content.text, last));
  CHECK_FALSE(absl::StrContains(page.body(), "<script>alert"));
  CHECK_FALSE(absl::StrContains(page.body(), first));

  const auto user = agent.Request("GET", absl::StrCat(Stack::Get().url(), "/v0/user"));
  REQUIRE(user.ok());
  CHECK(absl::StartsWith(user->Header("Content-Type"), "application/json"));
  CHECK(user->Header("X-Content-Type-Options") == "nosniff");
  const json profile = json::parse(user->body())["data"]["attributes"]["profile"];
  CHECK(profile["first_name"] == first);
  CHECK(profile["middle_name"] == persona.Value("va_eauth_middlename"));
  CHECK(profile["last_name"] == last);
  CHECK(profile["email"] == persona.Value("va_eauth_emailaddress"));
  CHECK(signed_in.result["mhv_account"] == "ensured");
}

}  // namespace
}  // namespace va::e2e
