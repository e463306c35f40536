#include "services/mpi-adapter/metered_mpi.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "services/mpi-adapter/domain/changes_testing.h"

namespace va::mpi {
namespace {

using identity::CspId;

struct Bench {
  bool Shows(const std::string& line) const { return absl::StrContains(metrics.Text(), line); }
  void Find(const Question& question) {
    metered.Find(question, clock.Now()).status().IgnoreError();
  }

  va::testing::FakeClock clock;
  testing::ScriptedMpi mpi{clock};
  telemetry::Metrics metrics;
  MeteredMpi metered{mpi, mpi, metrics};
};

TEST_CASE("MeteredMpi: M1 every outcome counts by its operation, those inside a good answer too",
          "[mpi][metrics][M1]") {
  Bench bench;
  bench.mpi.answers = {testing::SearchAnswer(Outcome::kMpiFailed)};
  for (const IdentifierType type :
       {IdentifierType::kIcn, IdentifierType::kIdme, IdentifierType::kLogingov,
        IdentifierType::kMhv, IdentifierType::kEdipi}) {
    bench.Find(ByIdentifier{type, CspId::FromWire("x")});
  }
  bench.Find(ByFacility{"516", CspId::FromWire("x")});
  ByTraits traits;
  bench.Find(traits);
  traits.edipi = CspId::FromWire("1500600700");
  bench.Find(traits);
  for (const char* operation : {"find_icn", "find_idme", "find_logingov", "find_mhv", "find_edipi",
                                "find_facility", "find_traits", "find_orchestrated"}) {
    CAPTURE(operation);
    CHECK(bench.Shows(std::string("va_mpi_outcomes_total{operation=\"") + operation +
                      "\",outcome=\"MPI_FAILED\"} 1"));
    CHECK(bench.Shows(std::string("va_mpi_call_seconds_count{operation=\"") + operation + "\"} 1"));
  }
  bench.mpi.change_answer = testing::AddAnswer(Outcome::kDuplicateKey);
  for (const Change& change : {Change(AddPerson()), Change(AddByProxy()), Change(UpdatePerson())}) {
    REQUIRE(bench.metered.Send(change, bench.clock.Now()).ok());
  }
  for (const char* operation : {"add_implicit", "add_proxy", "update"}) {
    CAPTURE(operation);
    CHECK(bench.Shows(std::string("va_mpi_outcomes_total{operation=\"") + operation +
                      "\",outcome=\"DUPLICATE_KEY\"} 1"));
  }
  bench.mpi.answers = {absl::InvalidArgumentError("ssn")};
  bench.Find(ByTraits());
  CHECK(bench.Shows("va_mpi_outcomes_total{operation=\"find_traits\",outcome=\"NOT_ASKED\"} 1"));
}

TEST_CASE("MeteredMpi: a score counts by MPI's own thresholds", "[mpi][metrics][rule]") {
  Bench bench;
  Answer answer = testing::SearchAnswer(Outcome::kOk);
  answer.match_score = 120;
  bench.mpi.answers = {answer};
  bench.Find(ByTraits());
  CHECK(bench.Shows("va_mpi_match_scores_total{band=\"unknown\"} 1"));
  answer.identity_match_threshold = 131;
  answer.potential_duplicate_threshold = 117;
  answer.below_threshold = true;
  bench.mpi.answers = {answer};
  bench.Find(ByTraits());
  CHECK(bench.Shows("va_mpi_match_scores_total{band=\"below_match\"} 1"));
  answer.match_score = 100;
  bench.mpi.answers = {answer};
  bench.Find(ByTraits());
  CHECK(bench.Shows("va_mpi_match_scores_total{band=\"below_duplicate\"} 1"));
  answer.match_score = 158;
  answer.below_threshold = false;
  bench.mpi.answers = {answer};
  bench.Find(ByTraits());
  CHECK(bench.Shows("va_mpi_match_scores_total{band=\"match\"} 1"));
}

TEST_CASE("MeteredMpi: people with two different ids of a kind, or with a mixed id, are counted",
          "[mpi][metrics][rule]") {
  const auto found = [](std::initializer_list<const char*> rows) {
    std::vector<identity::CorrelatedId> ids;
    for (const char* row : rows) {
      ids.push_back(*identity::ParseCorrelatedId(row, identity::kVaRoot));
    }
    Answer answer = testing::SearchAnswer(Outcome::kOk);
    answer.profile.emplace();
    answer.profile->ids = identity::GcIds(ids);
    return answer;
  };
  Bench bench;
  bench.mpi.answers = {found(
      {"1019900417V557122^NI^200M^USVHA^P", "501^PI^200CORP^USVBA^A", "501^PI^200CORP^USVBA^A"})};
  bench.Find(ByTraits());
  CHECK_FALSE(bench.Shows("va_mpi_several_ids_total{kind=\"corp\"} 1"));
  bench.mpi.answers = {
      found({"1019900417V557122^NI^200M^USVHA^P", "1000000009V000009^NI^200M^USVHA^P",
             "501^PI^200CORP^USVBA^A", "502^PI^200CORP^USVBA^A", "77^PI^516^USVHA^PCE"})};
  bench.Find(ByTraits());
  CHECK(bench.Shows("va_mpi_several_ids_total{kind=\"icn\"} 1"));
  CHECK(bench.Shows("va_mpi_several_ids_total{kind=\"corp\"} 1"));
  CHECK(bench.Shows("va_mpi_mixed_ids_total 1"));
}

}  // namespace
}  // namespace va::mpi
