#include "services/mpi-adapter/metered_mpi.h"

#include <string>
#include <vector>

namespace va::mpi {
namespace {

constexpr absl::string_view kNotAsked = "NOT_ASKED";  // the question could not be put

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

}  // namespace

MeteredMpi::MeteredMpi(MpiGateway& gateway, telemetry::Metrics& metrics)
    : gateway_(gateway),
      outcomes_(metrics.AddCounter("va_mpi_outcomes_total",
                                   "Questions to MPI, by what became of them.",
                                   {{"outcome", Outcomes()}})) {}

absl::StatusOr<Answer> MeteredMpi::Find(const Question& question, absl::Time deadline) {
  absl::StatusOr<Answer> answer = gateway_.Find(question, deadline);
  outcomes_.Add({answer.ok() ? OutcomeName(answer->outcome) : kNotAsked});
  return answer;
}

}  // namespace va::mpi
