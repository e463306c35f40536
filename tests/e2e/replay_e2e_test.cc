// One response, one session (decision P2): the same browser may repeat itself, nobody else may.
// Two gateway processes share one database, so nothing of this can live in a process's memory.
#include <latch>
#include <mutex>
#include <thread>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/encoding.h"
#include "tests/e2e/stack.h"

namespace va::e2e {
namespace {

using testing::HtmlForm;
using testing::Page;
using testing::UserAgent;

// Posts the answer to the callback of one gateway, whatever address the form names.
absl::StatusOr<Page> ReturnTo(UserAgent& agent, const Page& answer, const std::string& gateway,
                              const base::FormPairs& replace = {}) {
  HtmlForm form = *answer.content.FormWithField("SAMLResponse");
  form.action = absl::StrCat(gateway, "/v1/sessions/callback");
  testing::Submission submission;
  submission.replace = replace;
  return agent.Submit(answer, form, submission);
}

std::string XmlOf(const Page& answer) {
  return base::Base64DecodeStrict(
             answer.content.FormWithField("SAMLResponse")->Field("SAMLResponse").value())
      .value();
}

bool SetsSession(const Page& page) {
  for (const auto& hop : page.hops) {
    for (const absl::string_view cookie : hop.headers.GetAll("set-cookie")) {
      if (absl::StartsWith(cookie, "__Host-va_session=")) return true;
    }
  }
  return false;
}

TEST_CASE(
    "E2e: the same response again from the same browser lands again and makes nothing new "
    "(P2, S90)",
    "[e2e]") {
  Stack& stack = Stack::Get();
  UserAgent agent = stack.NewBrowser(/*follow=*/false);
  const auto answer = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
  REQUIRE(answer.ok());
  const int64_t sessions = stack.Sessions();
  const auto first = ReturnTo(agent, *answer, stack.url());
  REQUIRE(first.ok());
  REQUIRE(first->status() == 303);
  CHECK(SetsSession(*first));
  CHECK(stack.Sessions() == sessions + 1);

  const int64_t assertions = stack.UsedAssertions();
  for (const std::string& gateway : {stack.url(), stack.url_b()}) {
    const auto again = ReturnTo(agent, *answer, gateway);
    REQUIRE(again.ok());
    CHECK(again->status() == 303);
    CHECK(again->Header("location") == first->Header("location"));
    CHECK_FALSE(SetsSession(*again));
  }
  CHECK(stack.Sessions() == sessions + 1);
  CHECK(stack.UsedAssertions() == assertions);
}

TEST_CASE("E2e: a response is refused from any other browser, before and after its use (S90, S98)",
          "[e2e]") {
  Stack& stack = Stack::Get();
  UserAgent owner = stack.NewBrowser();
  const auto answer = simulators::WalkToAnswer(owner, At("idme"), "idme_loa1");
  REQUIRE(answer.ok());
  const auto refuse_others = [&] {
    UserAgent stranger = stack.NewBrowser();  // no flow cookie at all
    RefusalCheck first;
    first.Expect(simulators::Return(stranger, *answer).value(), 403, "007");
    UserAgent neighbour = stack.NewBrowser();  // a flow of its own
    REQUIRE(simulators::Start(neighbour, At("idme")).ok());
    RefusalCheck second;
    second.Expect(simulators::Return(neighbour, *answer).value(), 403, "007");
    CHECK_FALSE(HoldsSession(stranger));
    CHECK_FALSE(HoldsSession(neighbour));
  };
  refuse_others();
  REQUIRE(simulators::Return(owner, *answer).ok());
  CHECK(HoldsSession(owner));
  refuse_others();
}

TEST_CASE("E2e: a response is refused from any other flow of the same browser (S90)", "[e2e]") {
  Stack& stack = Stack::Get();
  UserAgent agent = stack.NewBrowser();
  const auto answer = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
  const auto other = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
  REQUIRE(answer.ok());
  REQUIRE(other.ok());
  const std::string other_handle =
      other->content.FormWithField("RelayState")->Field("RelayState").value();
  const auto refuse = [&] {
    const RefusalCheck check;
    check.Expect(simulators::Return(agent, *answer, {{"RelayState", other_handle}}).value(), 403,
                 "007");
  };
  refuse();
  REQUIRE(simulators::Return(agent, *answer).ok());
  refuse();
  // The other flow was not spoilt by it.
  UserAgent quiet = agent;
  CHECK(simulators::Return(quiet, *other)->status() == 200);
}

TEST_CASE("E2e: an assertion moved into the Response of another flow is refused (S28, S91)",
          "[e2e]") {
  Stack& stack = Stack::Get();
  UserAgent agent = stack.NewBrowser();
  const auto used = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
  const auto other = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
  REQUIRE(used.ok());
  REQUIRE(other.ok());
  REQUIRE(simulators::Return(agent, *used).ok());
  const std::string used_xml = XmlOf(*used);
  const std::string other_xml = XmlOf(*other);
  const size_t assertion = other_xml.find("<saml:Assertion");
  const size_t used_assertion = used_xml.find("<saml:Assertion");
  REQUIRE(assertion != std::string::npos);
  REQUIRE(used_assertion != std::string::npos);
  // The envelope of the second flow around the assertion of the first, both genuine.
  const std::string moved =
      absl::StrCat(other_xml.substr(0, assertion), used_xml.substr(used_assertion));
  const RefusalCheck check;
  const auto page =
      simulators::Return(agent, *other, {{"SAMLResponse", base::Base64Encode(moved)}});
  REQUIRE(page.ok());
  check.Expect(*page, 403, "007");
}

TEST_CASE("E2e: a used assertion in a Response with a new ID makes nothing new (S91)", "[e2e]") {
  Stack& stack = Stack::Get();
  UserAgent agent = stack.NewBrowser(/*follow=*/false);
  const auto answer = simulators::WalkToAnswer(agent, At("idme"), "idme_loa1");
  REQUIRE(answer.ok());
  REQUIRE(SetsSession(ReturnTo(agent, *answer, stack.url()).value()));
  const int64_t sessions = stack.Sessions();
  // Only the assertion is signed, so the envelope's ID can be anything.
  std::string xml = XmlOf(*answer);
  const size_t id = xml.find("ID=\"_");
  REQUIRE(id != std::string::npos);
  xml[id + 6] = xml[id + 6] == '0' ? '1' : '0';
  const auto page =
      ReturnTo(agent, *answer, stack.url(), {{"SAMLResponse", base::Base64Encode(xml)}});
  REQUIRE(page.ok());
  CHECK_FALSE(SetsSession(*page));
  CHECK(stack.Sessions() == sessions);
}

TEST_CASE("E2e: a sign-in starts on one gateway and ends on the other", "[e2e]") {
  Stack& stack = Stack::Get();
  UserAgent agent = stack.NewBrowser(/*follow=*/false);
  const auto answer = simulators::WalkToAnswer(agent, At("idme_verified"), "idme_loa3");
  REQUIRE(answer.ok());
  const auto landed = ReturnTo(agent, *answer, stack.url_b());
  REQUIRE(landed.ok());
  CHECK(landed->status() == 303);
  CHECK(SetsSession(*landed));
  CHECK(HoldsSession(agent));  // asked at the first gateway
  const auto again = ReturnTo(agent, *answer, stack.url());
  REQUIRE(again.ok());
  CHECK(again->status() == 303);
  CHECK_FALSE(SetsSession(*again));
}

TEST_CASE("E2e: 64 parallel posts of one response over two gateways give one session (S92)",
          "[e2e]") {
  Stack& stack = Stack::Get();
  UserAgent agent = stack.NewBrowser(/*follow=*/false);
  const auto answer = simulators::WalkToAnswer(agent, At("idme_verified"), "idme_loa3");
  REQUIRE(answer.ok());
  const int64_t sessions = stack.Sessions();
  const int64_t assertions = stack.UsedAssertions();

  constexpr int kPosts = 64;
  std::latch ready(kPosts);
  std::mutex mutex;
  std::vector<absl::StatusOr<Page>> pages;
  std::vector<std::thread> threads;
  threads.reserve(kPosts);
  for (int i = 0; i < kPosts; ++i) {
    threads.emplace_back([&, i] {
      UserAgent copy = agent;  // the same browser, cookies and all
      ready.arrive_and_wait();
      auto page = ReturnTo(copy, *answer, i % 2 == 0 ? stack.url() : stack.url_b());
      const std::lock_guard<std::mutex> lock(mutex);
      pages.push_back(std::move(page));
    });
  }
  for (std::thread& thread : threads) thread.join();

  // Whoever waits for the first answer holds a worker, so only some may wait at once: the others
  // are told to come back, and on a slow machine that can be most of them. And of one attempt a
  // gateway takes twenty posts at once (limits.per_flow): the rest never reach a worker.
  int with_session = 0;
  for (const auto& page : pages) {
    INFO(page.status());
    REQUIRE(page.ok());
    CHECK((page->status() == 303 || page->status() == 503 || page->status() == 429));
    CHECK((page->status() == 303 || !page->Header("retry-after").empty()));
    if (SetsSession(*page)) ++with_session;
  }
  CHECK(with_session == 1);
  CHECK(stack.Sessions() == sessions + 1);
  CHECK(stack.UsedAssertions() == assertions + 1);
  // Coming back is enough: everybody lands where the first did, and nothing new is made.
  auto later = ReturnTo(agent, *answer, stack.url_b());
  const absl::Time patience = base::SystemClock().Now() + absl::Seconds(90);
  while (later.ok() && later->status() == 429 && base::SystemClock().Now() < patience) {
    later = ReturnTo(agent, *answer, stack.url_b());
  }
  REQUIRE(later.ok());
  CHECK(later->status() == 303);
  CHECK_FALSE(SetsSession(*later));
  CHECK(stack.Sessions() == sessions + 1);
}

}  // namespace
}  // namespace va::e2e
