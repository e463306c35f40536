// PgSessionStore: sessions live as long as they should, and tell nobody who is in them.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "services/auth-gateway/store/janitor.h"
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
  CHECK(read.idp == begun.idp);
  CHECK(read.name_id_format == begun.name_id_format);
  CHECK(read.name_qualifier == begun.name_qualifier);
  CHECK(read.sp_name_qualifier == begun.sp_name_qualifier);
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
  const auto ended = *fixture.sessions().End(session.token_hash, Soon());
  REQUIRE(ended.has_value());
  CHECK(ended->token_hash == session.token_hash);
  CHECK(ended->flow_id == session.flow_id);
  CHECK(ended->account_id == session.account_id);
  CHECK(ended->application == session.application);
  CHECK(ended->csp == session.assurance.csp);
  CHECK(ended->idp == session.idp);
  CHECK(ended->name_id == session.name_id);
  CHECK(ended->name_id_format == session.name_id_format);
  CHECK(ended->name_qualifier == session.name_qualifier);
  CHECK(ended->sp_name_qualifier == session.sp_name_qualifier);
  CHECK(ended->session_index == session.session_index);
  CHECK_FALSE((*fixture.sessions().End(session.token_hash, Soon())).has_value());
  const auto other_node = fixture.NewProcess();
  CHECK_FALSE((*other_node->sessions.Use(session.token_hash, fixture.now(), Soon())).has_value());
  CHECK(Lives(fixture, other));
}

// A session of `idp` with this name and index.
SessionRecord BegunAt(GatewayStoreFixture& fixture, const std::string& token,
                      const std::string& name, const std::string& index,
                      const std::string& idp = "https://idp.example/metadata") {
  const FlowRecord flow = fixture.StartedFlow("browser of " + token);
  REQUIRE(*fixture.ClaimFlow(flow, "_assertion-of-" + token) == Claim::kWon);
  SessionRecord session = fixture.NewSession(flow, token);
  session.idp = idp;
  session.name_id = identity::PersonText::FromWire(name);
  session.session_index = index;
  REQUIRE(fixture.flows()
              .Finish(flow.id, GatewayStoreFixture::SessionOutcome(), &session, {}, Soon())
              .ok());
  return session;
}

PendingLogout NewLogout(GatewayStoreFixture& fixture, const std::string& handle) {
  PendingLogout logout;
  logout.handle_hash = crypto::Sha256(handle);
  logout.browser_hash = crypto::Sha256("browser");
  logout.request_id = "_request";
  logout.idp = "https://idp.example/metadata";
  logout.csp = identity::Csp::kIdme;
  logout.created_at = fixture.now();
  logout.expires_at = fixture.now() + absl::Minutes(15);
  return logout;
}

IdpSessions Meant(const std::string& name, const std::vector<std::string>& indexes = {}) {
  IdpSessions meant;
  meant.idp = "https://idp.example/metadata";
  meant.name_id = identity::PersonText::FromWire(name);
  meant.session_indexes = indexes;
  return meant;
}

size_t EndedBy(GatewayStoreFixture& fixture, const std::string& name,
               const std::vector<std::string>& indexes) {
  return fixture.sessions().EndByIdp(Meant(name, indexes), Soon())->size();
}

TEST_CASE("PgSessionStore: S137 an IdP ends the session it names, and nobody else's",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const SessionRecord meant = BegunAt(fixture, "a", "alice", "idx-1");
  const SessionRecord other_index = BegunAt(fixture, "b", "alice", "idx-2");
  const SessionRecord other_name = BegunAt(fixture, "c", "bob", "idx-1");
  const SessionRecord other_idp = BegunAt(fixture, "d", "alice", "idx-1", "https://other.example");
  CHECK(EndedBy(fixture, "alice", {"idx-9"}) == 0);
  CHECK(EndedBy(fixture, "carol", {}) == 0);
  CHECK(EndedBy(fixture, "alice", {"idx-1"}) == 1);
  CHECK_FALSE(Lives(fixture, meant));
  CHECK(Lives(fixture, other_index));
  CHECK(Lives(fixture, other_name));
  CHECK(Lives(fixture, other_idp));
  // S140: once more, and there is nothing to end.
  CHECK(EndedBy(fixture, "alice", {"idx-1"}) == 0);
}

TEST_CASE("PgSessionStore: without a SessionIndex an IdP ends every session of the name",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  BegunAt(fixture, "a", "alice", "idx-1");
  BegunAt(fixture, "b", "alice", "idx-2");
  const SessionRecord other_name = BegunAt(fixture, "c", "bob", "idx-1");
  const SessionRecord other_idp = BegunAt(fixture, "d", "alice", "idx-1", "https://other.example");
  CHECK(EndedBy(fixture, "alice", {}) == 2);
  CHECK(Lives(fixture, other_name));
  CHECK(Lives(fixture, other_idp));
}

TEST_CASE("PgSessionStore: S137 a name of another format, or by another giver, is another person",
          "[contract][store][security]") {
  constexpr char kPersistent[] = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
  constexpr char kEmail[] = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
  constexpr char kOpen[] = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
  struct Row {
    const char* column;
    const char* ours;
    const char* theirs;
    size_t ends;
  };
  GatewayStoreFixture fixture;
  int token = 0;
  for (const Row& row :
       {Row{"format", kPersistent, kPersistent, 1}, Row{"format", kPersistent, kEmail, 0},
        Row{"format", kPersistent, "", 1}, Row{"format", "", kPersistent, 1},
        Row{"format", kOpen, kPersistent, 1}, Row{"giver", "", "", 1},
        Row{"giver", "https://idp.example/metadata", "", 1}, Row{"giver", "giver", "giver", 1},
        Row{"giver", "giver", "", 0}, Row{"giver", "", "giver", 0}}) {
    CAPTURE(row.column, row.ours, row.theirs);
    const bool format = row.column == std::string("format");
    const SessionRecord session = BegunAt(fixture, absl::StrCat("row", ++token), "alice", "idx-1");
    fixture.Query(absl::StrCat("UPDATE sessions SET name_id_format = '", format ? row.ours : "",
                               "', name_qualifier = '", format ? "" : row.ours, "'"));
    IdpSessions meant = Meant("alice", {"idx-1"});
    (format ? meant.name_id_format : meant.name_qualifier) = row.theirs;
    CHECK(fixture.sessions().EndByIdp(meant, Soon())->size() == row.ends);
    CHECK(Lives(fixture, session) == (row.ends == 0));
    fixture.Query("DELETE FROM sessions");
  }
}

TEST_CASE("PgSessionStore: S140 without an index nobody who authenticated later is meant",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const SessionRecord session = BegunAt(fixture, "a", "alice", "idx-1");
  IdpSessions meant = Meant("alice");
  meant.authenticated_by = session.assurance.auth_time - absl::Seconds(1);
  CHECK(fixture.sessions().EndByIdp(meant, Soon())->empty());
  CHECK(Lives(fixture, session));
  meant.authenticated_by = session.assurance.auth_time;
  CHECK(fixture.sessions().EndByIdp(meant, Soon())->size() == 1);
  // With an index the session is named, whenever it began.
  BegunAt(fixture, "b", "alice", "idx-1");
  meant = Meant("alice", {"idx-1"});
  meant.authenticated_by = absl::UnixEpoch();
  CHECK(fixture.sessions().EndByIdp(meant, Soon())->size() == 1);
}

TEST_CASE(
    "PgSessionStore: S140 of 64 requests at once for one session, over two processes, one "
    "ends it",
    "[contract][store][security]") {
  constexpr int kCallers = 64;
  GatewayStoreFixture fixture(8);
  const auto second = fixture.NewProcess(8);
  const SessionRecord session = BegunAt(fixture, "a", "alice", "idx-1");
  const SessionRecord other = BegunAt(fixture, "b", "bob", "idx-2");
  std::atomic<int> waiting = kCallers;
  std::atomic<size_t> ended = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      SessionStore& sessions = i % 2 == 0 ? fixture.sessions() : second->sessions;
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      const auto mine = sessions.EndByIdp(Meant("alice", {"idx-1"}), Soon());
      if (!mine.ok()) ++failed;
      if (mine.ok()) ended += mine->size();
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(failed == 0);
  CHECK(ended == 1);
  CHECK_FALSE(Lives(fixture, session));
  CHECK(Lives(fixture, other));
}

TEST_CASE("PgSessionStore: with the database away nothing has ended, and nobody is told so",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord session = BegunAt(fixture, "a", "alice", "idx-1");
  const PendingLogout pending = NewLogout(fixture, "handle");
  const std::string database = "\"" + fixture.database().name() + "\"";
  fixture.Query("REVOKE CONNECT ON DATABASE " + database + " FROM PUBLIC, gateway_app");
  REQUIRE(fixture.database().TerminateApp().ok());
  const absl::Time shortly = base::SystemClock().Now() + absl::Seconds(2);
  CHECK_FALSE(fixture.sessions().End(session.token_hash, shortly).ok());
  CHECK_FALSE(fixture.sessions().EndByIdp(Meant("alice", {"idx-1"}), shortly).ok());
  CHECK_FALSE(fixture.sessions().KeepLogout(pending, shortly).ok());
  CHECK_FALSE(fixture.sessions().TakeLogout(pending.handle_hash, shortly).ok());
  fixture.Query("GRANT CONNECT ON DATABASE " + database + " TO gateway_app");
  CHECK(Lives(fixture, session));
}

TEST_CASE("PgSessionStore: a session of a release that kept no IdP is found by no IdP",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord session = BegunAt(fixture, "a", "alice", "idx-1");
  fixture.Query("UPDATE sessions SET idp = NULL, name_id_hash = NULL, name_id_format = NULL");
  CHECK(EndedBy(fixture, "alice", {}) == 0);
  CHECK(Lives(fixture, session));
  const auto ended = *fixture.sessions().End(session.token_hash, Soon());
  REQUIRE(ended.has_value());
  CHECK(ended->idp.empty());
  CHECK(ended->account_id == session.account_id);
}

TEST_CASE("PgSessionStore: a session whose name does not open ends all the same",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const SessionRecord session = BegunAt(fixture, "a", "alice", "idx-1");
  fixture.Query("UPDATE sessions SET name_id = person");
  const auto ended = *fixture.sessions().End(session.token_hash, Soon());
  REQUIRE(ended.has_value());
  CHECK(ended->name_id.empty());
  CHECK_FALSE(Lives(fixture, session));
}

TEST_CASE("PgSessionStore: S138 a logout is found by its handle, its browser and in time only",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const PendingLogout kept = NewLogout(fixture, "handle");
  REQUIRE(fixture.sessions().KeepLogout(kept, Soon()).ok());
  const auto find = [&](const std::string& handle, const std::string& browser) {
    return *fixture.sessions().FindLogout(crypto::Sha256(handle), crypto::Sha256(browser),
                                          fixture.now(), Soon());
  };
  const auto found = find("handle", "browser");
  REQUIRE(found.has_value());
  CHECK(found->request_id == kept.request_id);
  CHECK(found->idp == kept.idp);
  CHECK(found->csp == kept.csp);
  CHECK(found->created_at == kept.created_at);
  CHECK(found->expires_at == kept.expires_at);
  CHECK_FALSE(find("other", "browser").has_value());
  CHECK_FALSE(find("handle", "other").has_value());
  fixture.clock().Advance(absl::Minutes(15));
  CHECK_FALSE(find("handle", "browser").has_value());
}

TEST_CASE("PgSessionStore: a logout is taken once, and only the one that is meant",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  REQUIRE(fixture.sessions().KeepLogout(NewLogout(fixture, "a"), Soon()).ok());
  REQUIRE(fixture.sessions().KeepLogout(NewLogout(fixture, "b"), Soon()).ok());
  CHECK_FALSE(*fixture.sessions().TakeLogout(crypto::Sha256("c"), Soon()));
  CHECK(*fixture.sessions().TakeLogout(crypto::Sha256("a"), Soon()));
  CHECK_FALSE(*fixture.sessions().TakeLogout(crypto::Sha256("a"), Soon()));
  CHECK(fixture.Query("SELECT count(*) FROM logouts") == "1");
}

TEST_CASE("Janitor: logouts that were never answered go after their end and its reserve",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  REQUIRE(fixture.sessions().KeepLogout(NewLogout(fixture, "a"), Soon()).ok());
  const absl::Time end = fixture.now() + absl::Minutes(15);
  const JanitorOptions options;
  CHECK(*Sweep(fixture.pool(), options, end + options.clock_reserve - absl::Seconds(1), Soon()) ==
        0);
  CHECK(*Sweep(fixture.pool(), options, end + options.clock_reserve, Soon()) == 1);
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
