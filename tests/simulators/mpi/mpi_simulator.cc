#include "tests/simulators/mpi/mpi_simulator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/simulators/mpi/answer_maker.h"

namespace va::simulators {
namespace {

constexpr size_t kMostSeenIds = 200000;

bool HasIcn(const testing::PersonaMpiRecord& person, const std::string& icn) {
  return person.icn == icn ||
         std::find(person.icns.begin(), person.icns.end(), icn) != person.icns.end();
}

bool HasId(const testing::PersonaMpiRecord& person, const std::string& id) {
  return std::find(person.ids.begin(), person.ids.end(), id) != person.ids.end();
}

bool HasName(const testing::PersonaMpiRecord& person, const MpiTraits& traits) {
  return std::any_of(
      person.names.begin(), person.names.end(), [&traits](const testing::PersonaName& name) {
        return !name.given.empty() && absl::EqualsIgnoreCase(name.given.front(), traits.given) &&
               absl::EqualsIgnoreCase(name.family, traits.family);
      });
}

// Middle name and gender only sharpen the score of the real search; here they decide nothing.
bool Fits(const testing::PersonaMpiRecord& person, const MpiTraits& traits) {
  return person.ssn == traits.ssn && person.birth_date == traits.birth_date &&
         HasName(person, traits);
}

bool Matches(const testing::PersonaMpiRecord& person, const MpiQuery& query) {
  if (query.traits) return Fits(person, *query.traits);
  if (!query.icn.empty()) return HasIcn(person, query.icn);
  if (!query.edipi.empty()) return HasId(person, absl::StrCat(query.edipi, "^NI^200DOD^USDOD^A"));
  return HasId(person, query.correlated);
}

absl::StatusOr<std::string> AnswerAbout(const testing::Persona& persona, const AnswerFrame& frame) {
  const bool by_traits = frame.request.query.traits.has_value();
  switch (persona.mpi.outcome) {
    case testing::MpiOutcome::kMatch:
      return MatchAnswer(frame, *persona.mpi.person, by_traits);
    case testing::MpiOutcome::kMultiple:
      return by_traits ? ErrorAnswer(frame, "Multiple Matches Found")
                       : MatchAnswer(frame, *persona.mpi.person, false);
    case testing::MpiOutcome::kNoMatch:
      return by_traits ? NoMatchAnswer(frame) : MatchAnswer(frame, *persona.mpi.person, false);
    case testing::MpiOutcome::kDown:
    case testing::MpiOutcome::kNotAsked:
      break;
  }
  return ErrorAnswer(frame, "MVI[S]:INVALID REQUEST");
}

bool Holds(const std::vector<const testing::Persona*>& found, testing::MpiOutcome outcome) {
  return std::any_of(found.begin(), found.end(), [outcome](const testing::Persona* persona) {
    return persona->mpi.outcome == outcome;
  });
}

http::Response NoAnswer() {
  http::Response response;
  response.status = http::kNoAnswer;
  return response;
}

http::Response Xml(int status, const absl::StatusOr<std::string>& body) {
  if (!body.ok()) return http::Text(500, "the answer could not be written\n");
  http::Response response;
  response.status = status;
  response.headers.Set("Content-Type", "text/xml;charset=UTF-8");
  response.body = *body;
  return response;
}

}  // namespace

std::vector<const testing::Persona*> MpiSimulator::Find(const MpiQuery& query) const {
  std::vector<const testing::Persona*> found;
  for (const testing::Persona& persona : deps_.personas) {
    if (persona.mpi.person && Matches(*persona.mpi.person, query)) found.push_back(&persona);
  }
  return found;
}

bool MpiSimulator::IsUsedOtherwise(const std::string& id, const std::string& body) {
  const std::size_t hash = std::hash<std::string>()(body);
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [seen, is_new] = seen_.emplace(id, hash);
  if (!is_new) return seen->second != hash;
  seen_order_.push_back(id);
  if (seen_order_.size() > kMostSeenIds) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return false;
}

std::string MpiSimulator::Now() const {
  return absl::FormatTime("%Y%m%d%H%M%S", deps_.clock.Now(), absl::UTCTimeZone());
}

http::Response MpiSimulator::Handle(const http::Request& request) {
  CheckedRequest checked = CheckFindRequest(request);
  if (!checked.message_id.empty() && IsUsedOtherwise(checked.message_id, request.body)) {
    checked.problems.push_back("the message id stood on another message");
  }
  const std::vector<const testing::Persona*> found = Find(checked.query);
  if (Holds(found, testing::MpiOutcome::kNotAsked)) {
    checked.problems.push_back("a question about somebody MPI must not be asked about");
  }
  if (!checked.problems.empty() && deps_.on_refused) deps_.on_refused(checked.problems);

  const AnswerFrame frame{absl::StrCat("WSDOC", deps_.ids.Uuid()), Now(), checked};
  http::Response response;
  if (checked.message_id.empty()) {
    response = Xml(500, SoapFault("no message"));
  } else if (!checked.problems.empty()) {
    response = Xml(200, ErrorAnswer(frame, "MVI[S]:INVALID REQUEST"));
  } else if (Holds(found, testing::MpiOutcome::kDown)) {
    return NoAnswer();
  } else if (found.empty()) {
    response = Xml(200, NoMatchAnswer(frame));
  } else if (found.size() > 1) {
    response = Xml(200, ErrorAnswer(frame, "Multiple Matches Found"));
  } else {
    response = Xml(200, AnswerAbout(*found.front(), frame));
  }
  response.headers.Set("x-global-transaction-id", deps_.ids.Uuid());
  return response;
}

}  // namespace va::simulators
