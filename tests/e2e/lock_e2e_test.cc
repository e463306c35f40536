// A lock over the operators' API ends what people are doing at that moment, at every gateway.
#include <array>
#include <cstdlib>
#include <string>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/rpc/channel.h"
#include "tests/e2e/stack.h"
#include "va/attributes/v1/accounts.pb.h"

namespace va::e2e {
namespace {

namespace attributes = ::va::attributes::v1;
using testing::UserAgent;

std::string Env(const char* name) {
  const char* const value = std::getenv(name);
  REQUIRE(value != nullptr);
  return value;
}

rpc::Channel Operator() {
  return rpc::Connect(Env("VA_USER_ATTRIBUTES_GRPC"),
                      {Env("VA_OPERATOR_CERT"), Env("VA_OPERATOR_KEY"), Env("VA_CA")},
                      "user-attributes.va.internal")
      .value();
}

rpc::CallOptions Soon() { return {.deadline = Stack::Get().clock().Now() + absl::Seconds(10)}; }

template <typename Request>
Request About(const Stack::Signed& who, bool whole) {
  Request request;
  // An id of the trail is about one person.
  request.set_request_id(absl::StrCat("lock-", who.account_id));
  request.mutable_target()->set_account_id(who.account_id);
  if (!whole) request.mutable_target()->set_verification_id(who.verification_id);
  request.mutable_actor()->set_operator_("e2e");
  request.mutable_actor()->set_reason("test of locks");
  return request;
}

using Applied = std::array<int64_t, 2>;

bool Reached(const Applied& now, const Applied& wanted) {
  return now[0] >= wanted[0] && now[1] >= wanted[1];
}

// A lock that goes with the test, so that the persona can sign in again. Each gateway hears of
// events on a stream of its own, in their order, and one that hears of the lock when the person is
// back already ends that session too (the ADR on locks says why): so it is gone once both have
// applied it.
class HeldLock {
 public:
  HeldLock(const Stack::Signed& who, bool whole)
      : who_(who), whole_(whole), before_(Stack::Get().LockEvents("unlocked")) {
    const auto locked =
        rpc::Call<attributes::LockResponse>(Operator(), "va.attributes.v1.AccountsService/Lock",
                                            About<attributes::LockRequest>(who_, whole_), Soon());
    INFO(locked.status());
    REQUIRE(locked.ok());
    CHECK_FALSE(locked->was_locked());
    CHECK(locked->sequence() > 0);
  }
  ~HeldLock() {
    const auto unlocked = rpc::Call<attributes::UnlockResponse>(
        Operator(), "va.attributes.v1.AccountsService/Unlock",
        About<attributes::UnlockRequest>(who_, whole_), Soon());
    CHECK(unlocked.ok());
    if (unlocked.ok()) AwaitBoth({before_[0] + 1, before_[1] + 1});
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  static void AwaitBoth(const Applied& wanted) {
    const base::Stopwatch watch;
    Applied now{};
    do {
      now = Stack::Get().LockEvents("unlocked");
    } while (!Reached(now, wanted) && watch.Elapsed() < absl::Seconds(60));
    INFO("unlocks applied by the gateways: " << now[0] << " and " << now[1]
                                             << ", awaited: " << wanted[0] << " and " << wanted[1]);
    CHECK(Reached(now, wanted));
  }

  const Stack::Signed who_;
  const bool whole_;
  const Applied before_;
};

std::string TokenOf(UserAgent& agent) {
  const auto cookie = agent.jar().Find(base::ParseUrl(Stack::Get().url()).value(),
                                       "__Host-va_session", Stack::Get().clock().Now());
  REQUIRE(cookie.has_value());
  return cookie->value;
}

bool LivesAt(const std::string& gateway, const std::string& token) {
  UserAgent agent = Stack::Get().NewBrowser();
  const auto page = agent.Request("GET", absl::StrCat(gateway, "/v0/user"),
                                  {{"Cookie", absl::StrCat("__Host-va_session=", token)}});
  REQUIRE(page.ok());
  return page->status() != 401;
}

// How long a session still lived at both gateways.
absl::Duration AwaitEnd(const std::string& token) {
  Stack& stack = Stack::Get();
  const base::Stopwatch watch;
  while (watch.Elapsed() < absl::Seconds(20)) {
    if (!LivesAt(stack.url(), token) && !LivesAt(stack.url_b(), token)) break;
  }
  return watch.Elapsed();
}

// How often the trail says that this session ended, and why. Other tests leave sessions of the same
// people, which a lock ends as well.
int EndedBy(const AuditMark& mark, const Stack::Signed& session, absl::string_view tag) {
  int ended = 0;
  for (const auto& record : Stack::Get().AuditSince(mark)) {
    const std::string line = record.dump();
    const bool meant = absl::StrContains(line, "session.ended") && absl::StrContains(line, tag);
    ended += meant && absl::StrContains(line, session.flow_id) ? 1 : 0;
  }
  return ended;
}

TEST_CASE("E2e: a locked account loses its sessions at both gateways within two seconds", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  UserAgent other = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  REQUIRE(simulators::Walk(other, At("mhv"), "mhv_basic").ok());
  const std::string token = TokenOf(agent);
  REQUIRE(LivesAt(Stack::Get().url_b(), token));
  const AuditMark mark = Stack::Get().MarkAudit();
  const Stack::Signed session = Stack::Get().SessionOf(token);
  {
    const HeldLock lock(session, true);
    CHECK(AwaitEnd(token) < absl::Seconds(2));
    CHECK(HoldsSession(other));
    // While it is locked nobody comes in either.
    simulators::Walk(agent, At("idme"), "idme_loa1").IgnoreError();
    CHECK_FALSE(HoldsSession(agent));
  }
  // Of two gateways that both applied the event one ended it, and told so once.
  CHECK(EndedBy(mark, session, "account_locked") == 1);
  CHECK(simulators::Walk(agent, At("idme"), "idme_loa1").ok());
  CHECK(HoldsSession(agent));
}

TEST_CASE("E2e: a locked credential loses its own sessions", "[e2e]") {
  UserAgent agent = Stack::Get().NewBrowser();
  REQUIRE(simulators::Walk(agent, At("mhv"), "mhv_premium").ok());
  const std::string token = TokenOf(agent);
  const AuditMark mark = Stack::Get().MarkAudit();
  const Stack::Signed session = Stack::Get().SessionOf(token);
  {
    const HeldLock lock(session, false);
    CHECK(AwaitEnd(token) < absl::Seconds(2));
  }
  CHECK(EndedBy(mark, session, "credential_locked") == 1);
}

}  // namespace
}  // namespace va::e2e
