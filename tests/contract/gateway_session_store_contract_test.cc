// PgSessionStore: sessions live as long as they should, and tell nobody who is in them.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "tests/contract/gateway_store_fixture.h"
#include "tests/contract/hostile_strings.h"

namespace va::gateway {
namespace {

absl::Time Soon() { return GatewayStoreFixture::Soon(); }

// How many versions of its row a session has had: one more for every write.
std::string LastSeen(GatewayStoreFixture& fixture) {
  return fixture.Query(
      "SELECT extract(epoch FROM last_seen_at)::bigint || ':' || xmin FROM sessions");
}

bool Lives(GatewayStoreFixture& fixture, const SessionRecord& session) {
  return (*fixture.sessions().Use(session.token_hash, fixture.now(), Soon())).has_value();
}

TEST_CASE("PgSessionStore: a session comes back as it began", "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord begun = fixture.BegunSession("token");
  const auto found = fixture.sessions().Use(begun.token_hash, fixture.now(), Soon());
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  const SessionRecord& read = **found;
  CHECK(read.token_hash == begun.token_hash);
  CHECK(read.flow_id == begun.flow_id);
  CHECK(read.account_id == begun.account_id);
  CHECK(read.verification_id == begun.verification_id);
  CHECK(read.person.first_name == begun.person.first_name);
  CHECK(read.person.last_name == begun.person.last_name);
  CHECK(read.person.middle_name.empty());
  CHECK(read.person.ssn == begun.person.ssn);
  CHECK(read.person.icn == begun.person.icn);
  CHECK(read.person.birth_date == begun.person.birth_date);
  CHECK(read.person.vha_facility_ids == begun.person.vha_facility_ids);
  CHECK(read.name_id == begun.name_id);
  CHECK(read.session_index == begun.session_index);
  CHECK(read.transaction_id == begun.transaction_id);
  CHECK(read.authn_context == begun.authn_context);
  CHECK(read.service_name == begun.service_name);
  CHECK(read.account_type == begun.account_type);
  CHECK(read.multifactor);
  CHECK(read.assurance == begun.assurance);
  CHECK(read.application == begun.application);
  CHECK(read.waived_findings == begun.waived_findings);
  CHECK(read.policy_version == begun.policy_version);
  CHECK(read.created_at == begun.created_at);
  CHECK(read.last_seen_at == begun.last_seen_at);
  CHECK(read.expires_at == begun.expires_at);
  CHECK(read.absolute_expires_at == begun.absolute_expires_at);
}

TEST_CASE("PgSessionStore: an unknown token has no session", "[contract][store]") {
  GatewayStoreFixture fixture;
  fixture.BegunSession("token");
  CHECK_FALSE(
      (*fixture.sessions().Use(crypto::Sha256("other"), fixture.now(), Soon())).has_value());
  CHECK_FALSE((*fixture.sessions().Use("", fixture.now(), Soon())).has_value());
}

TEST_CASE("PgSessionStore: 30 minutes without use end a session, exactly", "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord a = fixture.BegunSession("a");
  const absl::Time start = fixture.now();
  fixture.clock().Set(start + absl::Minutes(30) - absl::Milliseconds(1));
  CHECK(Lives(fixture, a));
  const SessionRecord b = fixture.BegunSession("b");
  fixture.clock().Advance(absl::Minutes(30));
  CHECK_FALSE(Lives(fixture, b));
}

TEST_CASE("PgSessionStore: use moves the window, written at most once a minute",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord session = fixture.BegunSession("token");
  const std::string at_start = LastSeen(fixture);
  fixture.clock().Advance(absl::Seconds(59));
  for (int i = 0; i < 5; ++i) CHECK(Lives(fixture, session));
  CHECK(LastSeen(fixture) == at_start);
  fixture.clock().Advance(absl::Seconds(1));
  const auto used = *fixture.sessions().Use(session.token_hash, fixture.now(), Soon());
  CHECK(used->expires_at == fixture.now() + absl::Minutes(30));
  const std::string after_first = LastSeen(fixture);
  CHECK(after_first != at_start);
  for (int i = 0; i < 5; ++i) CHECK(Lives(fixture, session));
  CHECK(LastSeen(fixture) == after_first);
  // The window really moved: a use every 29 minutes keeps it alive.
  for (int i = 0; i < 5; ++i) {
    fixture.clock().Advance(absl::Minutes(29));
    CHECK(Lives(fixture, session));
  }
}

TEST_CASE("PgSessionStore: after 12 hours a session ends whatever happens", "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord session = fixture.BegunSession("token");
  const absl::Time start = fixture.now();
  while (fixture.now() + absl::Minutes(20) < start + absl::Hours(12)) {
    fixture.clock().Advance(absl::Minutes(20));
    REQUIRE(Lives(fixture, session));
  }
  fixture.clock().Set(start + absl::Hours(12) - absl::Milliseconds(1));
  CHECK(Lives(fixture, session));
  fixture.clock().Set(start + absl::Hours(12));
  CHECK_FALSE(Lives(fixture, session));
}

TEST_CASE("PgSessionStore: ending a session ends it everywhere at once", "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord session = fixture.BegunSession("token");
  const SessionRecord other = fixture.BegunSession("other");
  CHECK(*fixture.sessions().End(session.token_hash, Soon()) == session.account_id);
  CHECK(*fixture.sessions().End(session.token_hash, Soon()) == std::nullopt);
  const auto other_node = fixture.NewProcess();
  CHECK_FALSE((*other_node->sessions.Use(session.token_hash, fixture.now(), Soon())).has_value());
  CHECK(Lives(fixture, other));
}

TEST_CASE("PgSessionStore: nothing personal and no token lies in the table in the clear",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  fixture.BegunSession("the-token");
  const std::string dump = fixture.Query("SELECT row_to_json(s)::text FROM sessions s");
  REQUIRE_FALSE(dump.empty());
  for (const std::string& text :
       {std::string("Testa"), std::string("796-00-0001"), std::string("1000000001V000001"),
        std::string("19500101"), std::string("name-id-of-testa"), std::string("the-token")}) {
    INFO(text);
    CHECK_FALSE(absl::StrContains(dump, text));
    CHECK_FALSE(absl::StrContains(dump, base::HexEncode(text)));
  }
}

TEST_CASE("PgSessionStore: sealed attributes moved to another session do not open",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const SessionRecord victim = fixture.BegunSession("victim");
  const SessionRecord attacker = fixture.BegunSession("attacker");
  fixture.Query(
      "UPDATE sessions a SET person = v.person FROM sessions v WHERE v.token_hash = '\\x" +
      base::HexEncode(victim.token_hash) + "' AND a.token_hash = '\\x" +
      base::HexEncode(attacker.token_hash) + "'");
  const auto found = fixture.sessions().Use(attacker.token_hash, fixture.now(), Soon());
  CHECK(found.status().code() == absl::StatusCode::kDataLoss);
  CHECK(base::ReasonOf(found.status()) == "SEAL_BROKEN");
  CHECK(Lives(fixture, victim));
}

TEST_CASE("PgSessionStore: S114 B1 hostile attribute values come back as they are",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  int n = 0;
  for (const std::string& text : testing::HostileStrings()) {
    INFO(text);
    const std::string token = absl::StrCat("token", ++n);
    const FlowRecord flow = fixture.StartedFlow(token);
    REQUIRE(*fixture.ClaimFlow(flow, absl::StrCat("_a", n)) == Claim::kWon);
    SessionRecord session = fixture.NewSession(flow, token);
    session.person.last_name = identity::PersonText::FromWire(text);
    session.person.vha_facility_ids = {text};
    session.name_id = identity::PersonText::FromWire(text);
    session.session_index = text;
    session.waived_findings = {text};
    REQUIRE(fixture.flows()
                .Finish(flow.id, GatewayStoreFixture::SessionOutcome(), &session, {}, Soon())
                .ok());
    const auto found = *fixture.sessions().Use(session.token_hash, fixture.now(), Soon());
    REQUIRE(found.has_value());
    CHECK(found->person.last_name.Reveal() == text);
    CHECK(found->person.vha_facility_ids == std::vector<std::string>{text});
    CHECK(found->name_id.Reveal() == text);
    CHECK(found->session_index == text);
    CHECK(found->waived_findings == std::vector<std::string>{text});
  }
}

}  // namespace
}  // namespace va::gateway
