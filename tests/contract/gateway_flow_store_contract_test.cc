// PgFlowStore: attempts, and the one statement that lets an assertion be used once.
#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <thread>
#include <vector>

#include "lib/base/status.h"
#include "services/auth-gateway/store/janitor.h"
#include "tests/contract/gateway_store_fixture.h"
#include "tests/contract/hostile_strings.h"

namespace va::gateway {
namespace {

constexpr store::Statement kLock{"t_lock", "LOCK TABLE gateway.used_assertions"};

absl::Time Soon() { return GatewayStoreFixture::Soon(); }

TEST_CASE("PgFlowStore: an attempt comes back as it was started", "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  for (const auto& found : {fixture.flows().FindByHandle(flow.handle_hash, Soon()),
                            fixture.flows().FindById(flow.id, Soon())}) {
    REQUIRE(found.ok());
    REQUIRE(found->has_value());
    const FlowRecord& read = **found;
    CHECK(read.id == flow.id);
    CHECK(read.handle_hash == flow.handle_hash);
    CHECK(read.browser_hash == flow.browser_hash);
    CHECK(read.authn_request_id == flow.authn_request_id);
    CHECK(read.idp == flow.idp);
    CHECK(read.plan == flow.plan);
    CHECK(read.had_session);
    CHECK(read.session_hash == flow.session_hash);
    CHECK(read.session_account == flow.session_account);
    CHECK(read.session_signed_in == flow.session_signed_in);
    CHECK(read.lap == flow.lap);
    CHECK(read.parent == flow.parent);
    CHECK(read.lap_for == flow.lap_for);
    CHECK(read.created_at == flow.created_at);
    CHECK(read.expires_at == flow.expires_at);
    CHECK(read.stage == FlowStage::kStarted);
    CHECK_FALSE(read.outcome.has_value());
  }
}

TEST_CASE("PgFlowStore: an attempt without an older session or first leg has neither",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  FlowRecord flow = fixture.NewFlow();
  flow.session_hash.clear();
  flow.session_account.clear();
  flow.session_signed_in = absl::InfinitePast();
  flow.lap = 0;
  flow.parent.clear();
  REQUIRE(fixture.flows().Start(flow, Soon()).ok());
  const auto read = *fixture.flows().FindById(flow.id, Soon());
  REQUIRE(read.has_value());
  CHECK(read->session_hash.empty());
  CHECK(read->session_account.empty());
  CHECK(read->session_signed_in == absl::InfinitePast());
  CHECK(read->lap == 0);
  CHECK(read->parent.empty());
}

TEST_CASE("PgFlowStore: an attempt of a release without these columns is a first lap",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  fixture.Query(
      "UPDATE flows SET operation = DEFAULT, lap = DEFAULT, lap_for = DEFAULT, "
      "stay_at_level = DEFAULT, parent = NULL, session_hash = NULL, "
      "session_account = NULL, session_signed_in = NULL, terms_first = DEFAULT");
  const auto read = *fixture.flows().FindById(flow.id, Soon());
  REQUIRE(read.has_value());
  CHECK(read->plan.operation == "authorize");
  CHECK_FALSE(read->plan.stay_at_level);
  CHECK(read->lap_for.empty());
  CHECK(read->lap == 0);
}

TEST_CASE("PgFlowStore: P7 the session that stood at the start ends with the one that begins",
          "[contract][store][P7]") {
  GatewayStoreFixture fixture;
  const SessionRecord older = fixture.BegunSession("older");
  const SessionRecord bystander = fixture.BegunSession("bystander");
  FlowRecord flow = fixture.NewFlow();
  flow.session_hash = older.token_hash;
  REQUIRE(fixture.flows().Start(flow, Soon()).ok());
  REQUIRE(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  const auto live = [&](const SessionRecord& session) {
    return (*fixture.sessions().Use(session.token_hash, fixture.now(), Soon())).has_value();
  };
  CHECK(live(older));
  const SessionRecord newer = fixture.NewSession(flow, "newer");
  REQUIRE(fixture.flows()
              .Finish(flow.id, GatewayStoreFixture::SessionOutcome(), &newer, {}, Soon())
              .ok());
  CHECK(live(newer));
  CHECK(live(bystander));
  CHECK_FALSE(live(older));
}

TEST_CASE("PgFlowStore: P7 an attempt that ends in no session leaves the older one alone",
          "[contract][store][P7]") {
  GatewayStoreFixture fixture;
  const SessionRecord older = fixture.BegunSession("older");
  FlowRecord flow = fixture.NewFlow();
  flow.session_hash = older.token_hash;
  REQUIRE(fixture.flows().Start(flow, Soon()).ok());
  const auto lives = [&] {
    return (*fixture.sessions().Use(older.token_hash, fixture.now(), Soon())).has_value();
  };
  // Never claimed: a session cannot begin, and then none ends either.
  const SessionRecord newer = fixture.NewSession(flow, "newer");
  CHECK_FALSE(fixture.flows()
                  .Finish(flow.id, GatewayStoreFixture::SessionOutcome(), &newer, {}, Soon())
                  .ok());
  CHECK(lives());
  REQUIRE(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  Outcome refusal;
  refusal.tag = "other_account";
  REQUIRE(fixture.flows().Finish(flow.id, refusal, nullptr, {}, Soon()).ok());
  CHECK(lives());
}

TEST_CASE("PgFlowStore: where a session began and when the person last signed in are kept",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  SessionRecord session = fixture.NewSession(flow, "token");
  session.last_signed_in = fixture.now() - absl::Hours(3);
  Outcome outcome = GatewayStoreFixture::SessionOutcome();
  outcome.terms_first = true;
  REQUIRE(fixture.flows().Finish(flow.id, outcome, &session, {}, Soon()).ok());
  CHECK((*fixture.flows().FindById(flow.id, Soon()))->outcome->terms_first);
  const auto read = *fixture.sessions().Use(session.token_hash, fixture.now(), Soon());
  REQUIRE(read.has_value());
  CHECK(read->last_signed_in == session.last_signed_in);
  // A release that does not know the column means the beginning.
  fixture.Query("UPDATE sessions SET last_signed_in = NULL");
  CHECK((*fixture.sessions().Use(session.token_hash, fixture.now(), Soon()))->last_signed_in ==
        session.created_at);
}

TEST_CASE("PgFlowStore: why an attempt ended so is kept, rules in order and what each finding did",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord refused = fixture.StartedFlow();
  Outcome outcome;
  outcome.code = "101";
  outcome.tag = "multiple_mhv_ids";
  outcome.findings = {"multiple_mhv_ids", "multiple_corp_ids", "ambiguous_attribute"};
  outcome.effects = {{"blocks", "101", "", ""},
                     {"waived", "106", "application mhv", ""},
                     {"noted", "", "", "va_eauth_gender"}};
  outcome.rules = {"profile", "assertion_findings"};
  outcome.decided_under = "2026-03";
  REQUIRE(fixture.flows().Finish(refused.id, outcome, nullptr, {}, Soon()).ok());
  CHECK((*fixture.flows().FindById(refused.id, Soon()))->outcome == outcome);

  // With a session, too.
  const FlowRecord admitted = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(admitted, "_a") == Claim::kWon);
  Outcome session_outcome = GatewayStoreFixture::SessionOutcome();
  session_outcome.findings = outcome.findings;
  session_outcome.effects = outcome.effects;
  session_outcome.rules = outcome.rules;
  session_outcome.decided_under = outcome.decided_under;
  const SessionRecord session = fixture.NewSession(admitted, "token");
  REQUIRE(fixture.flows().Finish(admitted.id, session_outcome, &session, {}, Soon()).ok());
  CHECK((*fixture.flows().FindById(admitted.id, Soon()))->outcome == session_outcome);

  // An attempt that a release before this one ended.
  fixture.Query("UPDATE flows SET rules = DEFAULT, effects = DEFAULT, decided_under = DEFAULT");
  const auto old = (*fixture.flows().FindById(refused.id, Soon()))->outcome;
  REQUIRE(old.has_value());
  CHECK(old->effects.empty());
  CHECK(old->rules.empty());
}

TEST_CASE("PgFlowStore: an unknown handle, an unknown id and what is no id find nothing",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  CHECK_FALSE((*fixture.flows().FindByHandle(crypto::Sha256("x"), Soon())).has_value());
  CHECK_FALSE(
      (*fixture.flows().FindById("2f1c5b0e-8f0a-4f43-9d7e-0f6f3f0a5a11", Soon())).has_value());
  for (const std::string& text : testing::HostileStrings()) {
    INFO(text);
    const auto found = fixture.flows().FindById(text, Soon());
    REQUIRE(found.ok());
    CHECK_FALSE(found->has_value());
  }
}

TEST_CASE("PgFlowStore: a browser keeps its five youngest open attempts", "[contract][store]") {
  GatewayStoreFixture fixture;
  std::vector<FlowRecord> flows;
  const FlowRecord other = fixture.StartedFlow("another browser");
  for (int i = 0; i < 7; ++i) {
    flows.push_back(fixture.StartedFlow());
    fixture.clock().Advance(absl::Seconds(1));
  }
  const auto alive = [&](const FlowRecord& flow) {
    return (*fixture.flows().FindById(flow.id, Soon())).has_value();
  };
  CHECK_FALSE(alive(flows[0]));
  CHECK_FALSE(alive(flows[1]));
  for (size_t i = 2; i < 7; ++i) CHECK(alive(flows[i]));
  CHECK(alive(other));
}

TEST_CASE("PgFlowStore: attempts that ended do not count as open", "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord done = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(done, "_done") == Claim::kWon);
  for (int i = 0; i < 6; ++i) fixture.StartedFlow();
  CHECK((*fixture.flows().FindById(done.id, Soon())).has_value());
}

TEST_CASE("PgFlowStore: P2 the first use wins, the same again in its flow and browser is a repeat",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  CHECK(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  CHECK(*fixture.ClaimFlow(flow, "_a") == Claim::kRepeat);
  CHECK((*fixture.flows().FindById(flow.id, Soon()))->stage == FlowStage::kClaimed);
  REQUIRE(fixture.flows()
              .Finish(flow.id, GatewayStoreFixture::SessionOutcome(), nullptr, {}, Soon())
              .ok());
  CHECK(*fixture.ClaimFlow(flow, "_a") == Claim::kRepeat);
}

TEST_CASE(
    "PgFlowStore: S90 a replay in another flow, on another node or after a restart is a replay",
    "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const FlowRecord first = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(first, "_a") == Claim::kWon);
  const FlowRecord second = fixture.StartedFlow();
  CHECK(*fixture.ClaimFlow(second, "_a") == Claim::kReplay);
  const auto other_node = fixture.NewProcess();
  CHECK(*other_node->flows.ClaimOnce(second, second.idp, "_a", fixture.now() + absl::Minutes(5),
                                     fixture.now(), Soon()) == Claim::kReplay);
  // Refusing it leaves the second attempt open for its own answer.
  CHECK((*fixture.flows().FindById(second.id, Soon()))->stage == FlowStage::kStarted);
  CHECK(*fixture.ClaimFlow(second, "_b") == Claim::kWon);
}

TEST_CASE("PgFlowStore: S98 another browser neither claims the flow nor repeats its assertion",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  FlowRecord flow = fixture.StartedFlow();
  FlowRecord stolen = flow;
  stolen.browser_hash = crypto::Sha256("victim");
  CHECK(*fixture.ClaimFlow(stolen, "_a") == Claim::kReplay);
  CHECK(fixture.Query("SELECT count(*) FROM used_assertions") == "0");
  CHECK(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  CHECK(*fixture.ClaimFlow(stolen, "_a") == Claim::kReplay);
}

TEST_CASE("PgFlowStore: S91 the assertion's id is the key, per issuer",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const FlowRecord first = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(first, "_same") == Claim::kWon);
  CHECK(*fixture.ClaimFlow(fixture.StartedFlow(), "_same") == Claim::kReplay);
  FlowRecord other_idp = fixture.NewFlow();
  other_idp.idp = "https://other.example/metadata";
  REQUIRE(fixture.flows().Start(other_idp, Soon()).ok());
  CHECK(*fixture.ClaimFlow(other_idp, "_same") == Claim::kWon);
}

TEST_CASE("PgFlowStore: S95 a flow that was used takes no second assertion",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  CHECK(*fixture.ClaimFlow(flow, "_b") == Claim::kReplay);
}

TEST_CASE("PgFlowStore: an expired attempt cannot be claimed", "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  fixture.clock().Set(flow.expires_at);
  CHECK(*fixture.ClaimFlow(flow, "_a") != Claim::kWon);
  CHECK(fixture.Query("SELECT count(*) FROM used_assertions") == "0");
}

// Runs `body(i)` on `count` threads that start together.
template <typename Body>
void Together(int count, Body body) {
  std::atomic<int> waiting = count;
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&waiting, &body, i] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("PgFlowStore: S92 B6 of 64 parallel posts over two gateways exactly one wins",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const auto node_a = fixture.NewProcess(16);
  const auto node_b = fixture.NewProcess(16);
  for (int round = 0; round < 5; ++round) {
    const FlowRecord flow = fixture.StartedFlow();
    std::atomic<int> won = 0, repeats = 0, other = 0;
    Together(64, [&](int i) {
      PgFlowStore& flows = i % 2 == 0 ? node_a->flows : node_b->flows;
      const auto claim = flows.ClaimOnce(flow, flow.idp, absl::StrCat("_round", round),
                                         fixture.now() + absl::Minutes(5), fixture.now(), Soon());
      if (claim.ok() && *claim == Claim::kWon) {
        ++won;
      } else if (claim.ok() && *claim == Claim::kRepeat) {
        ++repeats;
      } else {
        ++other;
      }
    });
    CHECK(won == 1);
    CHECK(repeats == 63);
    CHECK(other == 0);
  }
}

TEST_CASE("PgFlowStore: S92 B6 one assertion posted to 32 flows at once opens one of them",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const auto node_a = fixture.NewProcess(16);
  const auto node_b = fixture.NewProcess(16);
  std::vector<FlowRecord> flows;
  for (int i = 0; i < 32; ++i) flows.push_back(fixture.StartedFlow(absl::StrCat("browser", i)));
  std::atomic<int> won = 0, replays = 0;
  Together(32, [&](int i) {
    PgFlowStore& store = i % 2 == 0 ? node_a->flows : node_b->flows;
    const FlowRecord& flow = flows[static_cast<size_t>(i)];
    const auto claim = store.ClaimOnce(flow, flow.idp, "_one", fixture.now() + absl::Minutes(5),
                                       fixture.now(), Soon());
    if (claim.ok() && *claim == Claim::kWon) ++won;
    if (claim.ok() && *claim == Claim::kReplay) ++replays;
  });
  CHECK(won == 1);
  CHECK(replays == 31);
  CHECK(fixture.Query("SELECT count(*) FROM flows WHERE stage = 'claimed'") == "1");
}

TEST_CASE("PgFlowStore: B6 32 different assertions for one flow at once: one of them wins",
          "[contract][store][security]") {
  GatewayStoreFixture fixture(16);
  const FlowRecord flow = fixture.StartedFlow();
  std::atomic<int> won = 0, replays = 0;
  Together(32, [&](int i) {
    const auto claim =
        fixture.flows().ClaimOnce(flow, flow.idp, absl::StrCat("_a", i),
                                  fixture.now() + absl::Minutes(5), fixture.now(), Soon());
    if (claim.ok() && *claim == Claim::kWon) ++won;
    if (claim.ok() && *claim == Claim::kReplay) ++replays;
  });
  CHECK(won == 1);
  CHECK(replays == 31);
}

TEST_CASE("PgFlowStore: S93 when the replay store cannot be asked nobody wins",
          "[contract][store][security]") {
  GatewayStoreFixture fixture(1);
  const FlowRecord flow = fixture.StartedFlow();
  REQUIRE(fixture.database().Psql("ALTER TABLE used_assertions RENAME TO gone").ok());
  CHECK_FALSE(fixture.ClaimFlow(flow, "_a").ok());
  REQUIRE(fixture.database().Psql("ALTER TABLE gone RENAME TO used_assertions").ok());
  // A table that somebody holds on to is slow, and slow is no as well.
  store::PoolOptions impatient = fixture.database().App(1);
  impatient.statement_timeout = absl::Milliseconds(50);
  const auto pool = *store::Pool::Create(impatient);
  crypto::SystemIdGenerator ids;
  const auto box =
      crypto::SealedBox::FromRing(*crypto::KeyRing::FromText("k1:" + std::string(64, 'a')));
  PgFlowStore slow(*pool, box, ids);
  const auto holder = *store::Pool::Create(fixture.database().Superuser());
  const absl::Status held = holder->Run(Soon(), [&](store::Connection& connection) {
    return connection.InTransaction([&](store::Connection& inside) {
      REQUIRE(inside.Exec(kLock).ok());
      const auto claim = slow.ClaimOnce(flow, flow.idp, "_a", fixture.now() + absl::Minutes(5),
                                        fixture.now(), Soon());
      CHECK(claim.status().code() == absl::StatusCode::kDeadlineExceeded);
      return absl::OkStatus();
    });
  });
  CHECK(held.ok());
  CHECK(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
}

TEST_CASE("PgFlowStore: S94 B1 quotes and SQL in ids are ids", "[contract][store][security]") {
  GatewayStoreFixture fixture;
  for (const std::string& text : testing::HostileStrings()) {
    if (text.empty() || text.size() > 1024) continue;
    INFO(text);
    const FlowRecord flow = fixture.StartedFlow();
    CHECK(*fixture.ClaimFlow(flow, text) == Claim::kWon);
    CHECK(*fixture.ClaimFlow(flow, text) == Claim::kRepeat);
    CHECK(*fixture.ClaimFlow(fixture.StartedFlow(), text) == Claim::kReplay);
  }
}

TEST_CASE("PgFlowStore: S94 an id that is empty, endless or cut by NUL is refused, not shortened",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  for (const std::string& id : {std::string(), std::string(5000, 'a'), std::string("_a\0b", 4)}) {
    CHECK(fixture.ClaimFlow(flow, id).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("PgFlowStore: B1 hostile texts in a plan come back as they are",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  for (const std::string& text : testing::HostileStrings()) {
    INFO(text);
    FlowRecord flow = fixture.NewFlow(text);
    flow.plan.application = text;
    flow.plan.contexts = {text, text};
    flow.plan.target = text;
    flow.authn_request_id = text;
    REQUIRE(fixture.flows().Start(flow, Soon()).ok());
    const auto found = fixture.flows().FindByHandle(flow.handle_hash, Soon());
    REQUIRE((found.ok() && found->has_value()));
    CHECK((*found)->plan == flow.plan);
    CHECK((*found)->authn_request_id == text);
  }
}

TEST_CASE("PgFlowStore: an attempt ends once and keeps how", "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  Outcome outcome;
  outcome.kind = OutcomeKind::kRefusal;
  outcome.code = "101";
  outcome.tag = "multiple_mhv_ids";
  outcome.findings = {"101", "103"};
  outcome.stations = {{"derive", 0.125}, {"resolve", 12.5}};
  REQUIRE(fixture.flows().Finish(flow.id, outcome, nullptr, {}, Soon()).ok());
  const auto found = *fixture.flows().FindById(flow.id, Soon());
  CHECK(found->stage == FlowStage::kDone);
  CHECK(found->outcome == outcome);
  const absl::Status again = fixture.flows().Finish(flow.id, outcome, nullptr, {}, Soon());
  CHECK(base::ReasonOf(again) == "FLOW_NOT_OPEN");
}

TEST_CASE("PgFlowStore: no session without a claim, and none for an attempt that ended",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const FlowRecord unclaimed = fixture.StartedFlow();
  const SessionRecord session = fixture.NewSession(unclaimed, "token");
  const Outcome outcome = GatewayStoreFixture::SessionOutcome();
  CHECK(base::ReasonOf(fixture.flows().Finish(unclaimed.id, outcome, &session, {}, Soon())) ==
        "FLOW_NOT_OPEN");
  REQUIRE(*fixture.ClaimFlow(unclaimed, "_a") == Claim::kWon);
  REQUIRE(fixture.flows().Finish(unclaimed.id, outcome, nullptr, {}, Soon()).ok());
  CHECK_FALSE(fixture.flows().Finish(unclaimed.id, outcome, &session, {}, Soon()).ok());
  CHECK(fixture.Query("SELECT count(*) FROM sessions") == "0");
}

TEST_CASE("PgFlowStore: a session that cannot be written leaves the attempt open: both or neither",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord existing = fixture.BegunSession("token");
  const FlowRecord flow = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(flow, "_b") == Claim::kWon);
  const SessionRecord same_token = fixture.NewSession(flow, "token");
  CHECK(base::ReasonOf(fixture.flows().Finish(flow.id, GatewayStoreFixture::SessionOutcome(),
                                              &same_token, {}, Soon())) == "UNIQUE_VIOLATION");
  CHECK((*fixture.flows().FindById(flow.id, Soon()))->stage == FlowStage::kClaimed);
}

TEST_CASE("PgFlowStore: what will be asked is pending from the statement that ends the attempt",
          "[contract][store][provisioning]") {
  GatewayStoreFixture fixture;
  const Provisioning rows[] = {
      {MhvAccountState::kPending, ProofingState::kPending},
      {MhvAccountState::kPending, std::nullopt},
      {},
  };
  int n = 0;
  for (const Provisioning& asked : rows) {
    const std::string name = absl::StrCat("p", n++);
    const FlowRecord flow = fixture.StartedFlow(name);
    CHECK(flow.provisioning == Provisioning{});
    REQUIRE(*fixture.ClaimFlow(flow, "_" + name) == Claim::kWon);
    const SessionRecord session = fixture.NewSession(flow, name);
    REQUIRE(fixture.flows()
                .Finish(flow.id, GatewayStoreFixture::SessionOutcome(), &session, asked, Soon())
                .ok());
    const auto found = *fixture.flows().FindById(flow.id, Soon());
    CHECK(found->provisioning == asked);
    CHECK(found->outcome == GatewayStoreFixture::SessionOutcome());
  }
}

TEST_CASE("PgFlowStore: every state of provisioning is kept, what is absent stays as it is",
          "[contract][store][provisioning]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  const auto kept = [&] { return (*fixture.flows().FindById(flow.id, Soon()))->provisioning; };
  for (const MhvAccountState state :
       {MhvAccountState::kPending, MhvAccountState::kNeedsTerms, MhvAccountState::kIneligible,
        MhvAccountState::kUnavailable, MhvAccountState::kEnsured}) {
    REQUIRE(fixture.flows().RecordProvisioning(flow.id, {state, std::nullopt}, Soon()).ok());
    CHECK(kept() == Provisioning{state, std::nullopt});
  }
  for (const ProofingState state : {ProofingState::kPending, ProofingState::kInvited,
                                    ProofingState::kNotEligible, ProofingState::kUnavailable}) {
    REQUIRE(fixture.flows().RecordProvisioning(flow.id, {std::nullopt, state}, Soon()).ok());
    CHECK(kept() == Provisioning{MhvAccountState::kEnsured, state});
  }
}

TEST_CASE("PgFlowStore: an account that is ensured stays ensured, whatever comes late",
          "[contract][store][provisioning]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  REQUIRE(fixture.flows()
              .RecordProvisioning(flow.id, {MhvAccountState::kEnsured, std::nullopt}, Soon())
              .ok());
  for (const MhvAccountState late :
       {MhvAccountState::kPending, MhvAccountState::kNeedsTerms, MhvAccountState::kUnavailable}) {
    REQUIRE(
        fixture.flows().RecordProvisioning(flow.id, {late, ProofingState::kInvited}, Soon()).ok());
    CHECK((*fixture.flows().FindById(flow.id, Soon()))->provisioning ==
          Provisioning{MhvAccountState::kEnsured, ProofingState::kInvited});
  }
}

TEST_CASE("PgFlowStore: answers for an attempt that is forgotten are no error, and change no other",
          "[contract][store][provisioning]") {
  GatewayStoreFixture fixture;
  const FlowRecord other = fixture.StartedFlow();
  CHECK(fixture.flows()
            .RecordProvisioning("2f1c5b0e-8f0a-4f43-9d7e-0f6f3f0a5a11",
                                {MhvAccountState::kEnsured, ProofingState::kInvited}, Soon())
            .ok());
  CHECK((*fixture.flows().FindById(other.id, Soon()))->provisioning == Provisioning{});
}

TEST_CASE("Migration 0002: a release that knows nothing of provisioning runs on the new schema",
          "[contract][store][provisioning]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  // Its statement that ends an attempt names none of the new columns.
  fixture.Query(absl::StrCat("UPDATE flows SET stage = 'done', outcome = 'refusal' WHERE id = '",
                             flow.id, "'"));
  const auto found = *fixture.flows().FindById(flow.id, Soon());
  CHECK(found->stage == FlowStage::kDone);
  CHECK(found->provisioning == Provisioning{});
}

TEST_CASE("Migration 0002: a state that does not exist is refused by the database",
          "[contract][store][provisioning]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  for (const char* change : {"mhv_account = 'invited'", "proofing = 'ensured'"}) {
    INFO(change);
    CHECK_FALSE(fixture.database()
                    .Psql(absl::StrCat("UPDATE flows SET ", change, " WHERE id = '", flow.id, "'"))
                    .ok());
  }
}

TEST_CASE("PgFlowStore: B6 parallel ends of one attempt make one session",
          "[contract][store][security]") {
  GatewayStoreFixture fixture(16);
  const FlowRecord flow = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(flow, "_a") == Claim::kWon);
  std::atomic<int> finished = 0;
  Together(32, [&](int i) {
    const SessionRecord session = fixture.NewSession(flow, absl::StrCat("token", i));
    if (fixture.flows()
            .Finish(flow.id, GatewayStoreFixture::SessionOutcome(), &session, {}, Soon())
            .ok()) {
      ++finished;
    }
  });
  CHECK(finished == 1);
  CHECK(fixture.Query("SELECT count(*) FROM sessions") == "1");
}

TEST_CASE("Sweep: forgets what is over, in batches, and nothing else", "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord old_session = fixture.BegunSession("old");
  for (int i = 0; i < 12; ++i) fixture.StartedFlow(absl::StrCat("browser", i));
  fixture.clock().Advance(absl::Hours(1));
  const SessionRecord live = fixture.BegunSession("live");
  JanitorOptions options;
  options.flow_retention = absl::Minutes(10);
  options.clock_reserve = absl::ZeroDuration();
  options.batch = 5;
  std::map<std::string, int64_t> told;
  options.on_deleted = [&told](absl::string_view table, int64_t rows) {
    told[std::string(table)] += rows;
  };
  // 13 attempts, one use of an assertion and one session are over.
  CHECK(*Sweep(fixture.pool(), options, fixture.now(), Soon()) == 15);
  CHECK(*Sweep(fixture.pool(), options, fixture.now(), Soon()) == 0);
  CHECK(told ==
        std::map<std::string, int64_t>{{"flows", 13}, {"used_assertions", 1}, {"sessions", 1}});
  CHECK(fixture.Query("SELECT count(*) FROM flows") == "1");
  CHECK(fixture.Query("SELECT count(*) FROM used_assertions") == "1");
  CHECK((*fixture.sessions().Use(live.token_hash, fixture.now(), Soon())).has_value());
}

TEST_CASE("Sweep C1: a clock set an hour forward and back forgets no use and ends no session",
          "[contract][store][security]") {
  GatewayStoreFixture fixture;
  const SessionRecord live = fixture.BegunSession("live");
  const FlowRecord open = fixture.StartedFlow();
  const absl::Time now = fixture.now();
  // Both have ended by the wrong clock, and the janitor turns while it is wrong.
  fixture.clock().Set(now + absl::Hours(1));
  CHECK(*Sweep(fixture.pool(), {}, fixture.now(), Soon()) == 0);
  fixture.clock().Set(now);
  CHECK(fixture.Query("SELECT count(*) FROM used_assertions") == "1");
  CHECK((*fixture.sessions().Use(live.token_hash, now, Soon())).has_value());
  CHECK((*fixture.flows().FindById(open.id, Soon())).has_value());
}

TEST_CASE("Sweep: a backlog beyond one call's share waits for the next", "[contract][store]") {
  GatewayStoreFixture fixture;
  for (int i = 0; i < 10; ++i) fixture.StartedFlow(absl::StrCat("browser", i));
  fixture.clock().Advance(absl::Hours(24 * 40));
  const JanitorOptions options = {.flow_retention = absl::Hours(24 * 90),
                                  .started_retention = absl::Hours(1),
                                  .batch = 2,
                                  .max_batches = 3};
  CHECK(*Sweep(fixture.pool(), options, fixture.now(), Soon()) == 6);
  CHECK(*Sweep(fixture.pool(), options, fixture.now(), Soon()) == 4);
}

TEST_CASE("PgFlowStore: the request id of an attempt outlives it for the operator",
          "[contract][store]") {
  GatewayStoreFixture fixture;
  const SessionRecord done = fixture.BegunSession("done");
  const FlowRecord claimed = fixture.StartedFlow();
  REQUIRE(*fixture.ClaimFlow(claimed, "_claimed") == Claim::kWon);
  const auto kept = [&](const std::string& id) {
    REQUIRE(Sweep(fixture.pool(), {}, fixture.now(), Soon()).ok());
    return (*fixture.flows().FindById(id, Soon())).has_value();
  };
  const absl::Time expiry = claimed.expires_at;
  fixture.clock().Set(expiry + absl::Hours(24 * 30) - absl::Milliseconds(1));
  CHECK(kept(done.flow_id));
  CHECK(kept(claimed.id));
  fixture.clock().Set(expiry + absl::Hours(24 * 30));
  CHECK_FALSE(kept(done.flow_id));
  CHECK_FALSE(kept(claimed.id));
}

TEST_CASE("Sweep: an attempt that nobody came back from is kept for an hour", "[contract][store]") {
  GatewayStoreFixture fixture;
  const FlowRecord flow = fixture.StartedFlow();
  const auto swept = [&] { return *Sweep(fixture.pool(), {}, fixture.now(), Soon()); };
  fixture.clock().Set(flow.expires_at + absl::Hours(1) - absl::Milliseconds(1));
  CHECK(swept() == 0);
  fixture.clock().Set(flow.expires_at + absl::Hours(1));
  CHECK(swept() == 1);
  CHECK_FALSE((*fixture.flows().FindById(flow.id, Soon())).has_value());
}

TEST_CASE("Sweep: a table that fails is reported and does not keep the others",
          "[contract][store]") {
  for (const char* table : {"flows", "used_assertions", "sessions"}) {
    CAPTURE(table);
    GatewayStoreFixture fixture;
    fixture.BegunSession("old");
    fixture.clock().Advance(absl::Hours(24 * 40));
    fixture.Query(absl::StrCat("REVOKE DELETE ON ", table, " FROM gateway_app"));
    const auto swept = Sweep(fixture.pool(), {}, fixture.now(), Soon());
    CHECK(base::ReasonOf(swept.status()) == "NOT_PERMITTED");
    CHECK(fixture.Query("SELECT (SELECT count(*) FROM flows)"
                        " + (SELECT count(*) FROM used_assertions)"
                        " + (SELECT count(*) FROM sessions)") == "1");
    CHECK(fixture.Query(absl::StrCat("SELECT count(*) FROM ", table)) == "1");
  }
}

}  // namespace
}  // namespace va::gateway
