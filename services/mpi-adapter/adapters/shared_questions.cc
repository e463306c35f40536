#include "services/mpi-adapter/adapters/shared_questions.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/mpi-adapter/domain/cache_key.h"

namespace va::mpi {
namespace {

// Lives as long as the question is open, in this process's memory alone.
std::string FlightOf(const CacheKey& key, uint64_t since) {
  return absl::StrCat(since, ":", static_cast<int>(key.kind), ":", static_cast<int>(key.search),
                      ":", key.value.Reveal());
}

}  // namespace

SharedQuestions::SharedQuestions(MpiGateway& mpi, const base::Clock& clock, int max_followers)
    : mpi_(mpi), clock_(clock), flights_({.max_followers = max_followers}) {}

absl::StatusOr<Answer> SharedQuestions::Find(const Question& question, absl::Time deadline) {
  const std::optional<CacheKey> key = KeyOf(question);
  if (!key) return mpi_.Find(question, deadline);

  std::optional<absl::StatusOr<Answer>> own;
  const auto ask = [&](absl::Duration /*left*/) -> absl::StatusOr<Answer> {
    own = mpi_.Find(question, deadline);
    if (own->ok() && (*own)->outcome == Outcome::kTimeout) {
      return absl::DeadlineExceededError("of this caller");
    }
    return *own;
  };
  absl::StatusOr<Answer> answer = flights_.Do(FlightOf(*key, since_), deadline - clock_.Now(), ask);
  if (own.has_value()) return *std::move(own);
  if (answer.ok()) {
    answer->shared = true;
    return answer;
  }
  Answer late;
  late.outcome = Outcome::kTimeout;
  late.reason = "TIMEOUT";
  return late;
}

}  // namespace va::mpi
