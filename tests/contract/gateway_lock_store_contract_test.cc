// What a lock ends in the gateway's store, and how far events have been applied.
#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "services/auth-gateway/store/pg_lock_cursor.h"
#include "tests/contract/gateway_store_fixture.h"
#include "tests/contract/hostile_strings.h"

namespace va::gateway {
namespace {

absl::Time Soon() { return GatewayStoreFixture::Soon(); }

SessionRecord BegunFor(GatewayStoreFixture& fixture, const std::string& token,
                       const std::string& account, const std::string& verification) {
  const FlowRecord flow = fixture.StartedFlow("browser of " + token);
  REQUIRE(*fixture.ClaimFlow(flow, "_assertion-of-" + token) == Claim::kWon);
  SessionRecord session = fixture.NewSession(flow, token);
  session.account_id = account;
  session.verification_id = verification;
  REQUIRE(fixture.flows().Finish(flow.id, fixture.SessionOutcome(), &session, {}, Soon()).ok());
  return session;
}

bool Lives(GatewayStoreFixture& fixture, const SessionRecord& session) {
  return (*fixture.sessions().Use(session.token_hash, fixture.now(), Soon())).has_value();
}

TEST_CASE("PgSessionStore: a locked account loses every session, and no other account one",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord one = BegunFor(fixture, "1", "a", "v1");
  const SessionRecord two = BegunFor(fixture, "2", "a", "v2");
  const SessionRecord other = BegunFor(fixture, "3", "b", "v1");
  const auto ended = fixture.sessions().EndByAccount({"a", "", absl::InfiniteFuture()}, Soon());
  REQUIRE(ended.ok());
  REQUIRE(ended->size() == 2);
  CHECK(ended->front().account_id == "a");
  CHECK_FALSE(ended->front().flow_id.empty());
  CHECK(ended->front().csp == identity::Csp::kIdme);
  CHECK_FALSE(Lives(fixture, one));
  CHECK_FALSE(Lives(fixture, two));
  CHECK(Lives(fixture, other));
  CHECK(fixture.sessions().EndByAccount({"a", "", absl::InfiniteFuture()}, Soon())->empty());
}

TEST_CASE("PgSessionStore: a locked credential loses its sessions on that account alone",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord one = BegunFor(fixture, "1", "a", "v1");
  const SessionRecord two = BegunFor(fixture, "2", "a", "v2");
  const SessionRecord elsewhere = BegunFor(fixture, "3", "b", "v1");
  CHECK(fixture.sessions().EndByAccount({"a", "v1", absl::InfiniteFuture()}, Soon())->size() == 1);
  CHECK_FALSE(Lives(fixture, one));
  CHECK(Lives(fixture, two));
  CHECK(Lives(fixture, elsewhere));
}

TEST_CASE("PgSessionStore: sessions that began after what is meant stay", "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord older = BegunFor(fixture, "1", "a", "v1");
  const absl::Time lock = fixture.now() + absl::Seconds(1);
  fixture.clock().Advance(absl::Seconds(2));
  const SessionRecord newer = BegunFor(fixture, "2", "a", "v1");
  CHECK(fixture.sessions().EndByAccount({"a", "", lock}, Soon())->size() == 1);
  CHECK_FALSE(Lives(fixture, older));
  CHECK(Lives(fixture, newer));
}

TEST_CASE("PgSessionStore: B1 hostile account ids end nothing", "[contract][store][B1]") {
  GatewayStoreFixture fixture;
  const SessionRecord session = BegunFor(fixture, "1", "a", "v1");
  for (const std::string& text : testing::HostileStrings()) {
    if (text.empty()) continue;  // means whichever credential
    const auto by_account = fixture.sessions().EndByAccount({text, "", fixture.now()}, Soon());
    const auto by_both = fixture.sessions().EndByAccount({"a", text, fixture.now()}, Soon());
    CHECK((!by_account.ok() || by_account->empty()));
    CHECK((!by_both.ok() || by_both->empty()));
  }
  CHECK(Lives(fixture, session));
}

TEST_CASE("PgLockCursor: nothing at first, then what was reached, and never back",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  PgLockCursor cursor(fixture.pool());
  REQUIRE(cursor.Load(Soon()).ok());
  CHECK_FALSE((*cursor.Load(Soon())).has_value());
  REQUIRE(cursor.Advance(7, Soon()).ok());
  REQUIRE(cursor.Advance(3, Soon()).ok());
  CHECK(*cursor.Load(Soon()) == 7);
  REQUIRE(cursor.Reset(Soon()).ok());
  CHECK(*cursor.Load(Soon()) == 0);
}

TEST_CASE("PgLockCursor: gateways that advance it at once leave the furthest",
          "[contract][store]") {
  GatewayStoreFixture fixture(8);
  PgLockCursor cursor(fixture.pool());
  std::atomic<int> failed = 0;
  std::vector<std::thread> gateways;
  for (int i = 0; i < 8; ++i) {
    gateways.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        if (!cursor.Advance(i + 8 * n, Soon()).ok()) ++failed;
      }
    });
  }
  for (std::thread& gateway : gateways) gateway.join();
  CHECK(failed == 0);
  CHECK(*cursor.Load(Soon()) == 7 + 8 * 19);
}

}  // namespace
}  // namespace va::gateway
