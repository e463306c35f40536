#include "services/mpi-adapter/adapters/shared_questions.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>
#include <vector>

namespace va::mpi {
namespace {

Answer With(Outcome outcome) {
  Answer answer;
  answer.outcome = outcome;
  answer.message_id = "m-1";
  return answer;
}

// Holds the first question until told how to answer it; knows nobody in all others.
class SlowMpi final : public MpiGateway {
 public:
  std::atomic<int> asked{0};
  std::promise<Answer> first;
  Answer others = With(Outcome::kNoMatch);

  absl::StatusOr<Answer> Find(const Question&, absl::Time) override {
    if (asked.fetch_add(1) == 0) return first.get_future().get();
    return others;
  }
};

Question Icn(const char* icn) {
  return ByIdentifier{IdentifierType::kIcn, identity::CspId::FromWire(icn)};
}

Question Traits(const char* first_name) {
  ByTraits traits;
  traits.first_name = identity::PersonText::FromWire(first_name);
  traits.last_name = identity::PersonText::FromWire("Example");
  traits.birth_date = identity::BirthDate::FromWire("19800302");
  traits.ssn = identity::Ssn::FromWire("796111863");
  return traits;
}

struct Shared {
  SlowMpi mpi;
  base::SystemClock clock;
  SharedQuestions questions{mpi, clock};
  std::future<absl::StatusOr<Answer>> Ask(Question question,
                                          absl::Duration patience = absl::Seconds(30)) {
    return std::async(std::launch::async, [this, question, patience] {
      return questions.Find(question, clock.Now() + patience);
    });
  }
  void WaitForLeader() {
    while (mpi.asked < 1) std::this_thread::yield();
  }
};

}  // namespace

TEST_CASE("SharedQuestions: the same identifier at the same moment is asked once",
          "[mpi][adapter]") {
  Shared shared;
  auto leader = shared.Ask(Icn("1000000001V000001"));
  shared.WaitForLeader();
  // Ends by its own deadline, long before MPI answers.
  const absl::StatusOr<Answer> hasty =
      shared.Ask(Icn("1000000001V000001"), absl::Milliseconds(30)).get();
  CHECK(hasty->outcome == Outcome::kTimeout);
  CHECK(shared.mpi.asked == 1);
  shared.mpi.first.set_value(With(Outcome::kOk));
  CHECK(leader.get()->message_id == "m-1");
}

TEST_CASE("SharedQuestions: a follower's answer says whose it is, a leader's does not",
          "[mpi][adapter]") {
  Shared shared;
  auto leader = shared.Ask(Traits("Pat"));
  shared.WaitForLeader();
  auto follower = shared.Ask(Traits("Pat"));
  while (shared.questions.followers() < 1) std::this_thread::yield();
  shared.mpi.first.set_value(With(Outcome::kOk));
  CHECK_FALSE(leader.get()->shared);
  const absl::StatusOr<Answer> followed = follower.get();
  CHECK(followed->message_id == "m-1");
  CHECK(followed->shared);
  CHECK(shared.mpi.asked == 1);
}

TEST_CASE("SharedQuestions: after a change nobody gets the answer to a question from before it",
          "[mpi][adapter][rule]") {
  Shared shared;
  auto leader = shared.Ask(Icn("1000000001V000001"));
  shared.WaitForLeader();
  shared.questions.Part();
  CHECK(shared.Ask(Icn("1000000001V000001")).get()->outcome == Outcome::kNoMatch);
  CHECK(shared.mpi.asked == 2);
  shared.mpi.first.set_value(With(Outcome::kOk));
  CHECK(leader.get()->outcome == Outcome::kOk);
}

TEST_CASE("SharedQuestions: another identifier, kind, search, name or view is asked for itself",
          "[mpi][adapter]") {
  Shared shared;
  auto leader = shared.Ask(Icn("1000000001V000001"));
  shared.WaitForLeader();
  Question history = Icn("1000000001V000001");
  history.search = SearchType::kIcnHistory;
  Question correlation = Icn("1000000001V000001");
  correlation.view = View::kCorrelation;
  const Question others[] = {
      Icn("1000000002V000002"),
      ByIdentifier{IdentifierType::kMhv, identity::CspId::FromWire("1000000001V000001")},
      ByFacility{"516", identity::CspId::FromWire("1000000001V000001")},
      Traits("Pat"),
      Traits("Sam"),
      history,
      correlation};
  for (const Question& other : others) {
    CHECK(shared.Ask(other).get()->outcome == Outcome::kNoMatch);
  }
  CHECK(shared.mpi.asked == 8);
  shared.mpi.first.set_value(With(Outcome::kOk));
  CHECK(leader.get()->outcome == Outcome::kOk);
}

TEST_CASE("SharedQuestions: a leader that ran out of time speaks for nobody else",
          "[mpi][adapter]") {
  Shared shared;
  auto leader = shared.Ask(Icn("1000000001V000001"));
  shared.WaitForLeader();
  auto follower = shared.Ask(Icn("1000000001V000001"));
  shared.mpi.first.set_value(With(Outcome::kTimeout));
  CHECK(leader.get()->outcome == Outcome::kTimeout);
  // Whether it followed or came just after: it asked again.
  CHECK(follower.get()->outcome == Outcome::kNoMatch);
  CHECK(shared.mpi.asked == 2);
}

}  // namespace va::mpi
