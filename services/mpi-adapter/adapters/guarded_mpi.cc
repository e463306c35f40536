#include "services/mpi-adapter/adapters/guarded_mpi.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/resilience/spread.h"

namespace va::mpi {
namespace {

// Less is a caller in a hurry, whom a healthy MPI may fail too.
constexpr absl::Duration kPatience = absl::Seconds(1);
// A second try that has less than this left would only end as a second timeout.
constexpr absl::Duration kWorthAsking = absl::Milliseconds(300);

enum class Verdict { kWell, kIll, kNothing };

// What an answer says about MPI itself. A "no" of any kind is the answer of a healthy system.
template <typename AnswerType>
Verdict VerdictOn(const AnswerType& answer, bool patient) {
  switch (answer.outcome) {
    case Outcome::kOk:
    case Outcome::kNoMatch:
    case Outcome::kMultipleMatches:
    case Outcome::kInvalidRequest:
    case Outcome::kSenderRejected:
    case Outcome::kDuplicateKey:
      return Verdict::kWell;
    case Outcome::kMpiFailed:
      return answer.ack_code == "AR" || answer.reason == "SOAP_FAULT" ||
                     absl::StartsWith(answer.reason, "HTTP_5")
                 ? Verdict::kIll
                 : Verdict::kWell;
    case Outcome::kTransport:
      return answer.reason == "BAD_REQUEST" ? Verdict::kNothing : Verdict::kIll;
    case Outcome::kTimeout:
      return patient && answer.reason != "DEADLINE_PASSED" ? Verdict::kIll : Verdict::kNothing;
    // An answer without end is a failure; one that we cannot read may be about one person alone,
    // and whoever has such a record must not be able to shut everybody out.
    case Outcome::kUnparseable:
      return answer.reason == "RESPONSE_TOO_LARGE" ? Verdict::kIll : Verdict::kNothing;
    case Outcome::kBreakerOpen:
    case Outcome::kBlocked:
      return Verdict::kNothing;
  }
  return Verdict::kNothing;
}

// Where asking again makes sense: nobody answered, or somebody who failed at that moment. Not an
// AR: MPI heard the question and says that it cannot; not a certificate, which does not mend
// itself; not a timeout, which has used up the time.
bool IsWorthSecondTry(const Answer& answer) {
  if (answer.outcome == Outcome::kTransport) {
    return answer.reason == "CONNECT" || answer.reason == "CONNECTION_LOST";
  }
  return answer.outcome == Outcome::kMpiFailed &&
         (answer.reason == "SOAP_FAULT" || absl::StartsWith(answer.reason, "HTTP_5"));
}

template <typename AnswerType>
AnswerType NotAsked() {
  AnswerType answer;
  answer.outcome = Outcome::kBreakerOpen;
  answer.reason = "CIRCUIT_OPEN";
  return answer;
}

absl::Status Overloaded() {
  return base::MakeError(absl::StatusCode::kUnavailable, "OVERLOADED",
                         "as many questions to MPI as may be are under way", /*retryable=*/true);
}

}  // namespace

GuardedMpi::GuardedMpi(Deps deps, const GuardSettings& settings)
    : deps_(std::move(deps)),
      settings_(settings),
      breaker_(settings.breaker),
      room_(settings.max_in_flight, settings.most_waiting),
      retries_(deps_.metrics.AddCounter("va_mpi_retries_total",
                                        "Questions put a second time, by what that came to.",
                                        {{"result", {"helped", "failed"}}})),
      overloaded_(deps_.metrics.AddCounter(
          "va_mpi_overloaded_total", "Calls that found no place among those under way to MPI.")) {
  deps_.metrics.AddReading("va_mpi_in_flight", "Calls under way to MPI.", {},
                           [this] { return static_cast<double>(room_.inside()); });
}

template <typename AnswerType, typename Ask>
absl::StatusOr<AnswerType> GuardedMpi::Once(absl::Time deadline, Ask ask) {
  const auto pass = breaker_.Admit(deps_.clock.Now());
  if (!pass) return NotAsked<AnswerType>();
  const auto place = room_.Enter(std::min(deadline - deps_.clock.Now(), settings_.longest_wait));
  // Nobody asks a party that was found dead while they waited.
  if (!place || breaker_.state() == resilience::BreakerState::kOpen) {
    breaker_.Withdraw(*pass);
    if (place) return NotAsked<AnswerType>();
    overloaded_.Add();
    return Overloaded();
  }
  const bool patient = deadline - deps_.clock.Now() >= kPatience;
  absl::StatusOr<AnswerType> answer = ask();
  const Verdict verdict = answer.ok() ? VerdictOn(*answer, patient) : Verdict::kNothing;
  if (verdict == Verdict::kNothing) {
    breaker_.Withdraw(*pass);
  } else {
    const bool well = verdict == Verdict::kWell;
    breaker_.Report(*pass, well, deps_.clock.Now(), well ? 0.0 : resilience::Random01(deps_.ids));
  }
  return answer;
}

std::optional<absl::Duration> GuardedMpi::PauseBeforeSecondTry(const absl::StatusOr<Answer>& first,
                                                               absl::Time deadline) {
  if (!first.ok() || !IsWorthSecondTry(*first)) return std::nullopt;
  // A half-open breaker asks on behalf of everybody, once.
  if (breaker_.state() != resilience::BreakerState::kClosed) return std::nullopt;
  return resilience::NextPause(settings_.retry, 1, deps_.clock.Now(), deadline - kWorthAsking,
                               resilience::Random01(deps_.ids));
}

absl::StatusOr<Answer> GuardedMpi::Find(const Question& question, absl::Time deadline) {
  const auto ask = [&] { return deps_.finds.Find(question, deadline); };
  absl::StatusOr<Answer> first = Once<Answer>(deadline, ask);
  const auto pause = PauseBeforeSecondTry(first, deadline);
  if (!pause) return first;
  deps_.pause(*pause);
  absl::StatusOr<Answer> second = Once<Answer>(deadline, ask);
  // Never put a second time after all: the first answer is what MPI said.
  if (!second.ok() || second->outcome == Outcome::kBreakerOpen) return first;
  retries_.Add({IsRetryable(second->outcome) ? "failed" : "helped"});
  return second;
}

absl::StatusOr<ChangeAnswer> GuardedMpi::Send(const Change& change, absl::Time deadline) {
  return Once<ChangeAnswer>(deadline, [&] { return deps_.changes.Send(change, deadline); });
}

}  // namespace va::mpi
