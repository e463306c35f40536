// The second leg of a sign-in, as a browser meets it: a person who was verified before comes back
// below that from the first leg.

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/stack.h"
#include "tests/simulators/signin/result.h"

namespace va::e2e {
namespace {

using nlohmann::json;
using testing::Page;
using testing::UserAgent;

constexpr char kPerson[] = "idme_loa3";

// The same account as it answers who is asked for no level: LOA1 now, LOA3 once.
base::FormPairs BelowHighest() {
  return {{"authn_context", "http://idmanagement.gov/ns/assurance/loa/1/vets"},
          {"attribute.va_eauth_ial", "1"},
          {"attribute.va_eauth_credentialassurancelevel", "1"}};
}

// The first leg, up to the form that goes on.
Page FirstLeg(UserAgent& agent, const simulators::StartAt& start) {
  const auto answer = simulators::WalkToAnswer(agent, start, kPerson, BelowHighest());
  INFO(answer.status());
  REQUIRE(answer.ok());
  const auto form = simulators::Return(agent, *answer);
  REQUIRE(form.ok());
  INFO(form->content.text);
  REQUIRE(form->content.FormWithField("SAMLRequest") != nullptr);
  return *form;
}

// The attempts that began since, first to last.
std::vector<json> AttemptsSince(const AuditMark& mark) {
  std::vector<json> attempts;
  for (const json& event : Stack::Get().AuditSince(mark)) {
    if (event.value("ev", "") != "sign_in.started") continue;
    const auto attempt = simulators::ReadAttempt(Stack::Get().ops_client(), Stack::Get().ops_url(),
                                                 event["req"].get<std::string>());
    REQUIRE(attempt.ok());
    attempts.push_back(*attempt);
  }
  return attempts;
}

// The address that a page's button of that label leads to.
std::string LinkOf(const Page& page, absl::string_view label) {
  for (const testing::HtmlLink& link : page.content.links) {
    if (link.text == label) return link.href;
  }
  return "";
}

TEST_CASE("E2e: R9 a second leg goes on by itself and lands on the target with one session",
          "[e2e][R9]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const int64_t sessions = Stack::Get().Sessions();
  const AuditMark mark = Stack::Get().MarkAudit();
  const Page form = FirstLeg(agent, At("idme", "mhv", "home"));
  CHECK_FALSE(HoldsSession(agent));
  CHECK(Stack::Get().Sessions() == sessions);

  const auto end = simulators::GoOn(agent, form, kPerson);
  INFO(end.status());
  REQUIRE(end.ok());
  CHECK(end->status() == 200);
  CHECK(absl::EndsWith(end->url(), "/mhv-portal-web/eauth?deeplinking=home"));
  CHECK(Stack::Get().Sessions() == sessions + 1);
  const json user = User(agent)["data"]["attributes"];
  CHECK(user["profile"]["loa"]["current"] == 3);

  const std::vector<json> attempts = AttemptsSince(mark);
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0]["outcome"] == "step_up");
  CHECK(attempts[0]["tag"] == "step_up_highest");
  CHECK(attempts[1]["outcome"] == "session");
  CHECK(attempts[1]["loa"] == 3);
  CHECK(attempts[1]["first_leg"] == attempts[0]["request_id"]);
  CHECK(attempts[1]["request_id"] == user["request_id"]);
}

TEST_CASE("E2e: R9 whoever turns back in the second leg may sign in without it", "[e2e][R9]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const Page form = FirstLeg(agent, At("idme"));
  const auto choice = simulators::GoToProvider(agent, form);
  REQUIRE(choice.ok());
  const auto declined = simulators::Decline(agent, *choice);
  REQUIRE(declined.ok());
  const auto page = simulators::Return(agent, *declined);
  REQUIRE(page.ok());
  CHECK(page->status() == 403);
  CHECK(simulators::ReadErrorPage(*page).code == "001");
  CHECK_FALSE(HoldsSession(agent));

  const std::string without = LinkOf(*page, "Sign in without verifying");
  REQUIRE(absl::StrContains(without, "uplevel=false"));
  const auto again = agent.Follow(*page, without);
  REQUIRE(again.ok());
  const auto people = simulators::GoToProvider(agent, *again);
  REQUIRE(people.ok());
  const auto answer = simulators::ChoosePersona(agent, *people, kPerson, BelowHighest());
  REQUIRE(answer.ok());
  const auto end = simulators::Return(agent, *answer);
  REQUIRE(end.ok());
  CHECK(end->status() == 200);
  CHECK(HoldsSession(agent));
  CHECK(User(agent)["data"]["attributes"]["profile"]["loa"]["current"] == 1);
}

TEST_CASE("E2e: P2 the first leg posted again is used up, and the second leg stays open",
          "[e2e][P2]") {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto answer = simulators::WalkToAnswer(agent, At("idme"), kPerson, BelowHighest());
  REQUIRE(answer.ok());
  const auto form = simulators::Return(agent, *answer);
  REQUIRE(form.ok());
  const auto again = simulators::Return(agent, *answer);
  REQUIRE(again.ok());
  CHECK(again->status() == 403);
  CHECK_FALSE(HoldsSession(agent));
  const auto end = simulators::GoOn(agent, *form, kPerson);
  REQUIRE(end.ok());
  CHECK(HoldsSession(agent));
}

}  // namespace
}  // namespace va::e2e
