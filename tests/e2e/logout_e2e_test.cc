// Single logout through a running stack: signed messages cross between the gateway and its
// provider, and end what they name.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/stack.h"

namespace va::e2e {
namespace {

using testing::Page;
using testing::UserAgent;

// Somebody signs out at the provider, in a browser of theirs: the page that it ends on. By POST
// across sites no session cookie travels; the gateway finds the session by its names.
absl::StatusOr<Page> SignOutAtProvider(UserAgent& agent, const std::string& persona,
                                       const std::string& query = "") {
  const auto asked = agent.Open(absl::StrCat(Stack::Get().idp_url(), "/logout/", persona, query));
  if (!asked.ok()) return asked.status();
  const auto* const request = asked->content.FormWithField("SAMLRequest");
  REQUIRE(request != nullptr);
  const auto answered = agent.Submit(*asked, *request);
  if (!answered.ok()) return answered.status();
  const auto* const response = answered->content.FormWithField("SAMLResponse");
  REQUIRE(response != nullptr);
  return agent.Submit(*answered, *response);
}

TEST_CASE("E2e: signing out goes to the provider and comes back, both sides ended", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  REQUIRE(HoldsSession(agent));
  const auto end = simulators::SignOut(agent, Stack::Get().url());
  REQUIRE(end.ok());
  CHECK(end->status() == 200);
  CHECK(end->url() == absl::StrCat(Stack::Get().url(), "/logout/"));
  CHECK_FALSE(HoldsSession(agent));
}

TEST_CASE("E2e: S137 the provider's word ends the session it names and no other person's",
          "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  UserAgent other = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("mhv"), "mhv_premium").ok());
  REQUIRE(simulators::Walk(other, At("idme"), "idme_loa1").ok());
  const AuditMark mark = Stack::Get().MarkAudit();
  const auto end = SignOutAtProvider(agent, "mhv_premium");
  REQUIRE(end.ok());
  CHECK(absl::StrContains(end->body(), "You are signed out everywhere"));
  CHECK_FALSE(HoldsSession(agent));
  CHECK(HoldsSession(other));
  int ended = 0;
  for (const auto& record : Stack::Get().AuditSince(mark)) {
    ended += record.dump().find("session.ended") != std::string::npos ? 1 : 0;
  }
  CHECK(ended == 1);
}

TEST_CASE("E2e: S137 of two sessions of one person the one that is named ends, or both", "[e2e]") {
  UserAgent older = Stack::Get().NewBrowser();
  UserAgent newer = Stack::Get().NewBrowser();
  UserAgent other = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(other, At("idme"), "idme_loa1").ok());
  REQUIRE(simulators::Walk(older, At("mhv"), "mhv_premium").ok());
  REQUIRE(simulators::Walk(newer, At("mhv"), "mhv_premium").ok());
  // Where the provider's pages stand open does not matter: it is the names that count.
  UserAgent elsewhere = Stack::Get().NewBrowser();
  REQUIRE(SignOutAtProvider(elsewhere, "mhv_premium").ok());
  CHECK_FALSE(HoldsSession(newer));
  CHECK(HoldsSession(older));
  REQUIRE(simulators::Walk(newer, At("mhv"), "mhv_premium").ok());
  REQUIRE(SignOutAtProvider(elsewhere, "mhv_premium", "?all=1").ok());
  CHECK_FALSE(HoldsSession(newer));
  CHECK_FALSE(HoldsSession(older));
  CHECK(HoldsSession(other));
}

TEST_CASE("E2e: S138 an answer in another browser than the one that left is not believed",
          "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  const auto page = agent.Open(absl::StrCat(Stack::Get().url(), "/auth/login/callback"));
  REQUIRE(page.ok());
  const testing::HtmlForm* button = nullptr;
  for (const testing::HtmlForm& form : page->content.forms) {
    if (absl::EndsWith(form.action, "/v0/logout")) button = &form;
  }
  REQUIRE(button != nullptr);
  const auto leaving = agent.Submit(*page, *button);
  REQUIRE(leaving.ok());
  REQUIRE(leaving->content.FormWithField("SAMLRequest") != nullptr);
  const auto answer = agent.Submit(*leaving, *leaving->content.FormWithField("SAMLRequest"));
  REQUIRE(answer.ok());
  const auto* const response = answer->content.FormWithField("SAMLResponse");
  REQUIRE(response != nullptr);
  UserAgent other = Stack::Get().NewBrowser();
  const auto refused = other.Submit(*answer, *response);
  REQUIRE(refused.ok());
  CHECK(refused->status() == 403);
  CHECK_FALSE(absl::StrContains(refused->body(), "You are signed out"));
  // The browser that left still may bring it.
  const auto end = agent.Submit(*answer, *response);
  REQUIRE(end.ok());
  CHECK(end->url() == absl::StrCat(Stack::Get().url(), "/logout/"));
}

TEST_CASE("E2e: S140 a LogoutRequest that is posted again ends nothing more", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  const auto asked = agent.Open(absl::StrCat(Stack::Get().idp_url(), "/logout/idme_loa1"));
  REQUIRE(asked.ok());
  const auto* const request = asked->content.FormWithField("SAMLRequest");
  REQUIRE(request != nullptr);
  const auto first = agent.Submit(*asked, *request);
  REQUIRE(first.ok());
  CHECK_FALSE(HoldsSession(agent));
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  const auto again = agent.Submit(*asked, *request);
  REQUIRE(again.ok());
  CHECK(again->status() == 200);
  CHECK(again->content.FormWithField("SAMLResponse") != nullptr);
  CHECK(HoldsSession(agent));  // another SessionIndex: not meant
}

}  // namespace
}  // namespace va::e2e
