#include "services/mpi-adapter/metered_mpi.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/base/clock.h"

namespace va::mpi {
namespace {

using identity::GcIds;

constexpr absl::string_view kNotAsked = "NOT_ASKED";  // it could not be put to MPI

std::vector<std::string> Outcomes() {
  std::vector<std::string> names = {std::string(kNotAsked)};
  for (const Outcome outcome :
       {Outcome::kOk, Outcome::kNoMatch, Outcome::kMultipleMatches, Outcome::kInvalidRequest,
        Outcome::kSenderRejected, Outcome::kDuplicateKey, Outcome::kMpiFailed, Outcome::kTransport,
        Outcome::kTimeout, Outcome::kBreakerOpen, Outcome::kUnparseable, Outcome::kBlocked}) {
    names.emplace_back(OutcomeName(outcome));
  }
  return names;
}

std::vector<std::string> Operations() {
  return {"find_icn",     "find_idme",     "find_logingov", "find_mhv",
          "find_edipi",   "find_facility", "find_traits",   "find_orchestrated",
          "add_implicit", "add_proxy",     "update"};
}

absl::string_view NameOf(const ByIdentifier& by) {
  switch (by.type) {
    case IdentifierType::kIcn:
      return "find_icn";
    case IdentifierType::kIdme:
      return "find_idme";
    case IdentifierType::kLogingov:
      return "find_logingov";
    case IdentifierType::kMhv:
      return "find_mhv";
    case IdentifierType::kEdipi:
      break;
  }
  return "find_edipi";
}
absl::string_view NameOf(const ByFacility& /*by*/) { return "find_facility"; }
absl::string_view NameOf(const ByTraits& by) {
  return by.edipi.empty() ? "find_traits" : "find_orchestrated";
}
absl::string_view NameOf(const AddPerson& /*change*/) { return "add_implicit"; }
absl::string_view NameOf(const AddByProxy& /*change*/) { return "add_proxy"; }
absl::string_view NameOf(const UpdatePerson& /*change*/) { return "update"; }

template <typename T>
absl::string_view NameOfAny(const T& one) {
  return std::visit([](const auto& each) { return NameOf(each); }, one);
}

// Where a score lies between MPI's own thresholds. One that comes without them says nothing.
absl::string_view Band(const Answer& answer) {
  if (!answer.match_score || !answer.identity_match_threshold) return "unknown";
  if (!answer.below_threshold) return "match";
  const bool lowest = answer.potential_duplicate_threshold &&
                      *answer.match_score < *answer.potential_duplicate_threshold;
  return lowest ? "below_duplicate" : "below_match";
}

template <typename T>
bool Several(const std::vector<T>& ids) {
  return std::any_of(ids.begin(), ids.end(), [&ids](const T& id) { return !(id == ids.front()); });
}

// A person with two different ids of a kind of which each has one (mpi_mhv.md 1.18).
std::vector<absl::string_view> SeveralOf(const GcIds& ids) {
  std::vector<absl::string_view> kinds;
  if (Several(ids.permanent_icns())) kinds.emplace_back("icn");
  if (Several(ids.edipis())) kinds.emplace_back("edipi");
  if (Several(ids.mhv_iens())) kinds.emplace_back("mhv_ien");
  if (Several(ids.corp_ids())) kinds.emplace_back("corp");
  if (Several(ids.birls_ids())) kinds.emplace_back("birls");
  if (Several(ids.sec_ids())) kinds.emplace_back("sec");
  return kinds;
}

}  // namespace

MeteredMpi::MeteredMpi(MpiGateway& finds, MpiChanges& changes, telemetry::Metrics& metrics)
    : finds_(finds),
      changes_(changes),
      outcomes_(metrics.AddCounter("va_mpi_outcomes_total",
                                   "Questions and changes to MPI, by what became of them.",
                                   {{"operation", Operations()}, {"outcome", Outcomes()}})),
      took_(metrics.AddHistogram("va_mpi_call_seconds",
                                 "How long these took, second tries counted in.",
                                 {{"operation", Operations()}})),
      scores_(metrics.AddCounter(
          "va_mpi_match_scores_total", "People found with a match score, by MPI's own thresholds.",
          {{"band", {"match", "below_match", "below_duplicate", "unknown"}}})),
      several_ids_(metrics.AddCounter(
          "va_mpi_several_ids_total", "People found who have two different ids of a kind.",
          {{"kind", {"icn", "edipi", "mhv_ien", "corp", "birls", "sec"}}})),
      mixed_ids_(metrics.AddCounter("va_mpi_mixed_ids_total",
                                    "People found with an id in which two people may be mixed "
                                    "(PCE).")) {}

void MeteredMpi::Count(absl::string_view operation, absl::string_view outcome,
                       absl::Duration took) {
  outcomes_.Add({operation, outcome});
  took_.Observe({operation}, took);
}

void MeteredMpi::Look(const Answer& answer) {
  if (answer.match_score) scores_.Add({Band(answer)});
  if (answer.outcome != Outcome::kOk || !answer.profile) return;
  for (const absl::string_view kind : SeveralOf(answer.profile->ids)) several_ids_.Add({kind});
  if (answer.profile->ids.HasStatus("PCE")) mixed_ids_.Add();
}

absl::StatusOr<Answer> MeteredMpi::Find(const Question& question, absl::Time deadline) {
  const base::Stopwatch watch;
  absl::StatusOr<Answer> answer = finds_.Find(question, deadline);
  Count(NameOfAny(question.by), answer.ok() ? OutcomeName(answer->outcome) : kNotAsked,
        watch.Elapsed());
  if (answer.ok()) Look(*answer);
  return answer;
}

absl::StatusOr<ChangeAnswer> MeteredMpi::Send(const Change& change, absl::Time deadline) {
  const base::Stopwatch watch;
  absl::StatusOr<ChangeAnswer> answer = changes_.Send(change, deadline);
  Count(NameOfAny(change), answer.ok() ? OutcomeName(answer->outcome) : kNotAsked, watch.Elapsed());
  return answer;
}

}  // namespace va::mpi
