// What a sign-in does with somebody MPI does not know (decision R4), and with what MPI is to be
// told afterwards (mpi_mhv.md 1.18).
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "services/auth-gateway/api/http/gateway_testing.h"

namespace va::gateway::testing {
namespace {

using telemetry::AuditEvent;

constexpr char kWire[] = "whom to add";

// MPI knows nobody, and the rules say whom to add.
void KnowNobody(TestGateway& gateway) {
  gateway.rules.derived.asks_mpi = true;
  gateway.rules.derived.loa_current = 3;
  gateway.rules.derived.mpi_addition = kWire;
  gateway.index.answer = NoMatch();
  MpiAnswer added = Matched();
  added.profile = "the person as MPI answers";
  added.told = MpiTold::kDone;
  added.add_outcome = 1;
  gateway.index.addition = added;
}

http::Response SignIn(TestGateway& gateway) {
  const auto attempt = gateway.Start();
  return gateway.PostResponse(attempt, gateway.ResponseTo(attempt));
}

TEST_CASE("Callback: R4 somebody MPI does not know is added, and admitted with MPI's second answer",
          "[callback][R4]") {
  TestGateway gateway;
  KnowNobody(gateway);
  CHECK(SignIn(gateway).status == 303);
  CHECK(gateway.index.asked == 1);
  CHECK(gateway.index.added == std::vector<std::string>{kWire});
  REQUIRE(gateway.rules.mpi.has_value());
  CHECK(gateway.rules.mpi->outcome == 1);
  CHECK(gateway.rules.mpi->add_outcome == 1);
  CHECK(gateway.rules.mpi->profile == "the person as MPI answers");
  // Both answers are on record, the second as one to an addition.
  const auto& events = gateway.audit.events;
  const auto not_matched = std::find(events.begin(), events.end(), AuditEvent::kMpiNotMatched);
  const auto matched = std::find(events.begin(), events.end(), AuditEvent::kMpiMatched);
  REQUIRE(not_matched != events.end());
  REQUIRE(matched != events.end());
  CHECK(not_matched < matched);
  CHECK(gateway.audit.tags[static_cast<size_t>(matched - events.begin())] == "done");
}

TEST_CASE("Callback: R4 without the policy's word nobody is added", "[callback][R4]") {
  TestGateway gateway;
  KnowNobody(gateway);
  gateway.rules.derived.mpi_addition.clear();
  SignIn(gateway);
  CHECK(gateway.index.added.empty());
  CHECK(gateway.rules.mpi->outcome == 2);
  CHECK(gateway.rules.mpi->add_outcome == 0);
}

TEST_CASE("Callback: R4 what MPI did not take is the rules' to judge", "[callback][R4]") {
  TestGateway gateway;
  KnowNobody(gateway);
  MpiAnswer refused = NoMatch();
  refused.told = MpiTold::kRefused;
  refused.add_outcome = 6;
  gateway.index.addition = refused;
  gateway.rules.decision = {};
  gateway.rules.decision.verdict = Decision::Verdict::kDeny;
  gateway.rules.decision.code = "004";
  gateway.rules.decision.tag = "mpi_add_refused";
  CHECK(SignIn(gateway).status == 403);
  CHECK(gateway.rules.mpi->outcome == 2);
  CHECK(gateway.rules.mpi->add_outcome == 6);
  CHECK(gateway.flows.sessions.empty());
}

TEST_CASE("Callback: R5 an addition nobody can say anything about ends in try later",
          "[callback][R5]") {
  TestGateway gateway;
  KnowNobody(gateway);
  gateway.index.addition = Down();
  CHECK(SignIn(gateway).status == 503);
  CHECK(gateway.rules.admits == 0);
  CHECK(gateway.index.additions.size() == 1);
  CHECK(gateway.audit.tags.back() == "mpi_unavailable");
}

TEST_CASE("Callback: R4 an addition gets what is left of MPI's share, and is not begun too late",
          "[callback][R4]") {
  TestGateway gateway;
  KnowNobody(gateway);
  const absl::Time begun = gateway.clock.Now();
  gateway.index.on_ask = [&] { gateway.clock.Advance(absl::Seconds(5)); };
  CHECK(SignIn(gateway).status == 303);
  REQUIRE(gateway.index.additions.size() == 1);
  // Ten seconds less the three that deciding may take: the same end as the question's.
  CHECK(gateway.index.additions[0].deadline == begun + absl::Seconds(7));
  CHECK(gateway.index.additions[0].deadline == gateway.index.scopes[0].deadline);

  TestGateway late;
  KnowNobody(late);
  late.index.on_ask = [&] { late.clock.Advance(absl::Milliseconds(5001)); };
  CHECK(SignIn(late).status == 503);
  CHECK(late.index.added.empty());
  CHECK(absl::StrContains(late.logged(), "NO_TIME_TO_ADD"));
}

TEST_CASE("Callback: R4 S90 the same response again adds nobody a second time",
          "[callback][attack][R4]") {
  TestGateway gateway;
  KnowNobody(gateway);
  const auto attempt = gateway.Start();
  const std::string answer = gateway.ResponseTo(attempt);
  // The second post comes while the first is with MPI: only who won the claim asks it anything.
  int seconds = 0;
  gateway.index.on_ask = [&] {
    if (seconds++ == 0) gateway.PostResponse(attempt, answer);
  };
  CHECK(gateway.PostResponse(attempt, answer).status == 303);
  CHECK(gateway.PostResponse(attempt, answer).status == 303);
  CHECK(gateway.index.asked == 1);
  CHECK(gateway.index.added.size() == 1);
}

TEST_CASE("Callback: R4 who is taken on to another level is not added twice in one attempt",
          "[callback][R4][R9]") {
  TestGateway gateway;
  KnowNobody(gateway);
  gateway.rules.decision.verdict = Decision::Verdict::kStepUp;
  gateway.rules.decision.tag = "step_up_highest";
  gateway.rules.admits_who_stays = true;
  SignIn(gateway);
  CHECK(gateway.index.added.size() == 1);
}

TEST_CASE("Callback: nothing personal of an addition or an update reaches the log",
          "[callback][attack]") {
  TestGateway gateway;
  KnowNobody(gateway);
  gateway.AdmitMhvPerson();
  gateway.rules.decision.mpi_update = MpiUpdate{MpiUpdate::Reason::kCredentialUnknown, true, kWire};
  SignIn(gateway);
  gateway.RunTasks();
  CHECK(absl::StrContains(gateway.logged(), "sign_in.mpi_addition"));
  CHECK(absl::StrContains(gateway.logged(), "mpi.told"));
  for (const char* personal : {kWire, "the person as MPI answers", "1000000001V000001", "ada@"}) {
    CHECK_FALSE(absl::StrContains(gateway.logged(), personal));
  }
}

TEST_CASE("Callback: MPI is told once the person has their answer, and about the session's person",
          "[callback]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  gateway.rules.decision.mpi_update = MpiUpdate{MpiUpdate::Reason::kCredentialChanged, true, kWire};
  CHECK(SignIn(gateway).status == 303);
  CHECK(gateway.index.news.empty());  // the redirect was there first
  gateway.RunTasks();
  REQUIRE(gateway.index.news.size() == 1);
  CHECK(gateway.index.news[0].icn.Reveal() == "1000000001V000001");
  CHECK(gateway.index.news[0].flow_id == gateway.flows.sessions.back().flow_id);
  CHECK(gateway.index.news[0].update.person == kWire);
}

TEST_CASE("Callback: an MPI that does not take an update ends nothing", "[callback]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  gateway.rules.decision.mpi_update = MpiUpdate{MpiUpdate::Reason::kCredentialUnknown, true, kWire};
  SECTION("down") { gateway.index.telling = Down(); }
  SECTION("no room for it") { gateway.room = 0; }
  CHECK(SignIn(gateway).status == 303);
  gateway.RunTasks();
  CHECK(gateway.flows.sessions.size() == 1);
  CHECK(absl::StrContains(gateway.logged(), "mpi.not_told"));
}

TEST_CASE("Callback: about somebody who was not admitted MPI is told nothing", "[callback]") {
  TestGateway gateway;
  gateway.AdmitMhvPerson();
  gateway.rules.decision.mpi_update = MpiUpdate{};
  SECTION("denied") { gateway.rules.decision.verdict = Decision::Verdict::kDeny; }
  SECTION("no session on record") { gateway.audit.failing.insert(AuditEvent::kSessionIssued); }
  SignIn(gateway);
  gateway.RunTasks();
  CHECK(gateway.index.news.empty());
}

}  // namespace
}  // namespace va::gateway::testing
