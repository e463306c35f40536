#include "services/mpi-adapter/adapters/shared_questions.h"

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"

namespace va::mpi {
namespace {

// Lives as long as the question is open, in this process's memory alone.
std::string KeyOf(const ByIdentifier& question) {
  return absl::StrCat(static_cast<int>(question.type), ":", question.value.Reveal());
}

}  // namespace

SharedQuestions::SharedQuestions(MpiGateway& mpi, const base::Clock& clock, int max_followers)
    : mpi_(mpi), clock_(clock), flights_({.max_followers = max_followers}) {}

absl::StatusOr<Answer> SharedQuestions::Find(const Question& question, absl::Time deadline) {
  const auto* by_identifier = std::get_if<ByIdentifier>(&question.by);
  if (by_identifier == nullptr) return mpi_.Find(question, deadline);

  std::optional<absl::StatusOr<Answer>> own;
  const auto ask = [&](absl::Duration /*left*/) -> absl::StatusOr<Answer> {
    own = mpi_.Find(question, deadline);
    if (own->ok() && (*own)->outcome == Outcome::kTimeout) {
      return absl::DeadlineExceededError("of this caller");
    }
    return *own;
  };
  absl::StatusOr<Answer> answer = flights_.Do(KeyOf(*by_identifier), deadline - clock_.Now(), ask);
  if (own.has_value()) return *std::move(own);
  if (answer.ok()) return answer;
  Answer late;
  late.outcome = Outcome::kTimeout;
  late.reason = "TIMEOUT";
  return late;
}

}  // namespace va::mpi
