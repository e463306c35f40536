#include "services/mpi-adapter/hl7/find_answer.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/domain/cache_key.h"
#include "services/mpi-adapter/hl7/acknowledgement.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/profile_reader.h"
#include "services/mpi-adapter/hl7/reader.h"

namespace va::mpi::hl7 {
namespace {

using xml::Element;

// The outcome with the rule that chose it. Everything learnt before (acknowledgement, thresholds)
// stays in the answer; the profile never does.
Answer Refuse(Answer answer, Outcome outcome, absl::string_view reason) {
  answer.outcome = outcome;
  answer.reason = std::string(reason);
  answer.profile.reset();
  return answer;
}

// By its local name: the namespace of this root differs between the environments of MPI, and
// everything that counts lies in elements of HL7's own.
bool IsFindAnswer(const Element& payload) { return payload.local_name() == kFindAnswer; }

std::optional<int> NumberOf(const std::string& text) {
  int number = 0;
  if (!absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

// AE: the application refused. Each known cause has its own outcome, because a wrong registration
// of ours (NS260) must never look like a Veteran MPI does not know.
Answer ClassifyError(Answer answer, const Acknowledgement& details) {
  if (details.HasCode("NS260"))
    return Refuse(std::move(answer), Outcome::kSenderRejected, "UNKNOWN_SENDER");
  if (details.HasCode("Key205"))
    return Refuse(std::move(answer), Outcome::kDuplicateKey, "DUPLICATE_KEY");
  if (details.Mentions("INVALID REQUEST")) {
    return Refuse(std::move(answer), Outcome::kInvalidRequest, "INVALID_REQUEST");
  }
  return Refuse(std::move(answer), Outcome::kMpiFailed, "APPLICATION_ERROR");
}

struct Counts {
  std::optional<int> current;
  bool malformed = false;
  bool more_than_one = false;
};

// The reference never looked at these. MPI may give one record and say that there are more.
Counts ReadCounts(const Element& query_ack) {
  Counts counts;
  const auto read = [&](absl::string_view name) -> std::optional<int> {
    if (All(query_ack, name).empty()) return std::nullopt;
    const std::optional<int> number = NumberOf(AttrAt(query_ack, {name}, "value"));
    counts.malformed = counts.malformed || !number || *number < 0;
    return number;
  };
  counts.current = read("resultCurrentQuantity");
  const std::optional<int> total = read("resultTotalQuantity");
  const std::optional<int> remaining = read("resultRemainingQuantity");
  counts.more_than_one =
      counts.current.value_or(0) > 1 || total.value_or(0) > 1 || remaining.value_or(0) > 0;
  return counts;
}

// A patient with the registration event that holds it.
struct Found {
  Element event;
  Element patient;
};

std::vector<Found> FindPatients(const std::vector<Element>& subjects) {
  std::vector<Found> patients;
  for (const Element& subject : subjects) {
    for (const Element& event : All(subject, "registrationEvent")) {
      for (const Element& inner : All(event, "subject1")) {
        for (const Element& patient : All(inner, "patient")) patients.push_back({event, patient});
      }
    }
  }
  return patients;
}

std::optional<int> ReadMatchScore(const Element& patient) {
  for (const Element& subject : All(patient, "subjectOf1")) {
    for (const Element& observation : All(subject, "queryMatchObservation")) {
      if (AttrAt(observation, {"code"}, "code") != "IHE_PDQ") continue;
      return NumberOf(AttrAt(observation, {"value"}, "value"));
    }
  }
  return std::nullopt;
}

// Whether the person answers the question: an ICN and a credential can be compared here. What else
// differs (the SSN above all) is for Admit to see, which has a code for it.
bool AnswersQuestion(const Profile& profile, const Question& question) {
  const auto* by = std::get_if<ByIdentifier>(&question.by);
  if (by == nullptr) return true;
  if (by->type != IdentifierType::kIcn) return !HasAnotherCredential(profile, *by);
  const auto asked = [by](const identity::Icn& icn) { return icn.Reveal() == by->value.Reveal(); };
  const std::vector<identity::Icn> permanent = profile.ids.permanent_icns();
  if (std::any_of(permanent.begin(), permanent.end(), asked)) return true;
  if (std::any_of(profile.historical_icns.begin(), profile.historical_icns.end(), asked)) {
    return true;
  }
  // MPI took an unlinked or mismatched one off this person (mpi_mhv.md 1.10).
  const std::vector<identity::CorrelatedId> rows = profile.ids.rows();
  return std::any_of(rows.begin(), rows.end(), [by](const identity::CorrelatedId& row) {
    return (identity::KindsOf(row) & static_cast<std::uint32_t>(identity::GcIdKind::kAnyIcn)) &&
           row.id.Reveal() == by->value.Reveal() && row.status != "U" && row.status != "M";
  });
}

Answer ReadPerson(Answer answer, const Found& found, const Expected& expected) {
  const std::optional<Element> person = Only(found.patient, "patientPerson");
  if (!person) return Refuse(answer, Outcome::kUnparseable, "NO_PERSON");
  Profile profile = ReadProfile(found.event, found.patient, *person);
  if (expected.require_permanent_icn && !profile.ids.icn()) {
    return Refuse(answer, Outcome::kUnparseable, "NO_PERMANENT_ICN");
  }
  if (!AnswersQuestion(profile, expected.question)) {
    return Refuse(answer, Outcome::kUnparseable, "OTHER_PERSON");
  }
  // It becomes the key of an account: half an ICN would be a key of its own.
  if (expected.require_permanent_icn && !profile.ids.icn()->IsWellFormed()) {
    return Refuse(answer, Outcome::kUnparseable, "MALFORMED_ICN");
  }
  answer.match_score = ReadMatchScore(found.patient);
  answer.below_threshold = answer.match_score && answer.identity_match_threshold &&
                           *answer.match_score < *answer.identity_match_threshold;
  answer.profile = std::move(profile);
  answer.outcome = Outcome::kOk;
  answer.reason = "MATCH";
  return answer;
}

// AA and OK: everything that counts must agree on exactly one person.
Answer ReadFound(Answer answer, const std::vector<Element>& subjects, const Counts& counts,
                 const Expected& expected) {
  const std::vector<Found> patients = FindPatients(subjects);
  if (counts.more_than_one || subjects.size() > 1 || patients.size() > 1) {
    return Refuse(answer, Outcome::kMultipleMatches, "SEVERAL_RESULTS");
  }
  if (subjects.empty()) {
    return counts.current == 0 ? Refuse(answer, Outcome::kNoMatch, "NO_RESULT")
                               : Refuse(answer, Outcome::kUnparseable, "NO_SUBJECT");
  }
  if (patients.empty()) return Refuse(answer, Outcome::kUnparseable, "NO_PATIENT");
  if (counts.current == 0) return Refuse(answer, Outcome::kUnparseable, "COUNT_MISMATCH");
  return ReadPerson(std::move(answer), patients.front(), expected);
}

// AA: what the query itself came to.
Answer ReadAccepted(Answer answer, const Element& control_act, const Expected& expected) {
  const std::optional<Element> query_ack = Only(control_act, "queryAck");
  if (!query_ack) return Refuse(answer, Outcome::kUnparseable, "NO_QUERY_ACK");
  const std::string query_id = AttrAt(*query_ack, {"queryId"}, "extension");
  if (!expected.query_id.empty() && !query_id.empty() && query_id != expected.query_id) {
    return Refuse(answer, Outcome::kUnparseable, "OTHER_QUERY");
  }
  const Counts counts = ReadCounts(*query_ack);
  if (counts.malformed) return Refuse(answer, Outcome::kUnparseable, "BAD_COUNT");
  answer.result_count = counts.current;
  const std::vector<Element> subjects = All(control_act, "subject");
  if (answer.query_response == "OK") {
    return ReadFound(std::move(answer), subjects, counts, expected);
  }
  if (answer.query_response == "NF") {
    const bool nothing = subjects.empty() && counts.current.value_or(0) == 0;
    return nothing ? Refuse(answer, Outcome::kNoMatch, "NO_RESULT")
                   : Refuse(answer, Outcome::kUnparseable, "COUNT_MISMATCH");
  }
  if (answer.query_response == "QE") {
    return Refuse(answer, Outcome::kInvalidRequest, "QUERY_ERROR");
  }
  if (answer.query_response == "AE") {
    return Refuse(answer, Outcome::kMpiFailed, "APPLICATION_ERROR");
  }
  return Refuse(answer, Outcome::kUnparseable, "UNKNOWN_QUERY_RESPONSE");
}

// AR: MPI itself failed, whatever else it says.
Answer ClassifyRejection(Answer answer, const Acknowledgement& details) {
  const bool several = details.HasText("Multiple Matches Found");
  return Refuse(std::move(answer), Outcome::kMpiFailed,
                several ? "REJECTED_MULTIPLE_MATCHES" : "REJECTED");
}

Answer ReadAnswer(const Element& message, const Expected& expected) {
  Answer answer;
  const std::optional<Element> element = Only(message, "acknowledgement");
  if (!element) return Refuse(answer, Outcome::kUnparseable, "NO_ACKNOWLEDGEMENT");
  const Acknowledgement details = ReadAcknowledgement(*element);
  answer.ack_code = details.code;
  answer.detail_code = details.FirstCode();
  answer.target_message = PlainId(details.target_message);
  answer.error_texts = details.texts;
  answer.details = details.details;
  answer.identity_match_threshold = details.identity_match_threshold;
  answer.potential_duplicate_threshold = details.potential_duplicate_threshold;
  const std::optional<Element> control_act = Only(message, "controlActProcess");
  if (control_act) {
    answer.query_response =
        PlainCode(AttrAt(*control_act, {"queryAck", "queryResponseCode"}, "code"));
  }
  // Before anything is believed, error or not: this must be the answer to our message (attack H3).
  if (expected.require_echo && details.target_message != expected.message_id) {
    return Refuse(answer, Outcome::kUnparseable, "OTHER_MESSAGE");
  }
  if (answer.ack_code == "AR") return ClassifyRejection(std::move(answer), details);
  if (details.HasText("Multiple Matches Found")) {
    return Refuse(answer, Outcome::kMultipleMatches, "MULTIPLE_MATCHES");
  }
  if (answer.ack_code == "AE") return ClassifyError(std::move(answer), details);
  if (answer.ack_code != "AA") {
    return Refuse(answer, Outcome::kUnparseable, "UNKNOWN_ACKNOWLEDGEMENT");
  }
  if (!control_act) return Refuse(answer, Outcome::kUnparseable, "NO_CONTROL_ACT");
  answer = ReadAccepted(std::move(answer), *control_act, expected);
  if (answer.profile) answer.profile->search_token = PlainId(AttrAt(message, {"id"}, "extension"));
  return answer;
}

Answer Classify(absl::string_view body, const Expected& expected) {
  if (body.size() > kMaxAnswerBytes) return Refuse({}, Outcome::kUnparseable, "XML_TOO_LARGE");
  const absl::StatusOr<xml::Document> document = ParseAnswerBody(body);
  if (!document.ok()) {
    return Refuse({}, Outcome::kUnparseable, base::ReasonOf(document.status()));
  }
  const std::optional<Element> payload = PayloadOf(document->root());
  if (!payload) return Refuse({}, Outcome::kUnparseable, "NO_ENVELOPE");
  const absl::string_view refused = WhyRefusedByHeader(
      document->root(), expected.require_echo ? expected.message_id : absl::string_view());
  if (!refused.empty()) return Refuse({}, Outcome::kUnparseable, refused);
  if (IsSoapFault(*payload)) return Refuse({}, Outcome::kMpiFailed, "SOAP_FAULT");
  if (!IsFindAnswer(*payload)) return Refuse({}, Outcome::kUnparseable, "OTHER_INTERACTION");
  return ReadAnswer(*payload, expected);
}

// Only a 200 is read. A fault in a 500 and a good body in one are the same to us: MPI failed.
Answer ClassifyHttp(const HttpAnswer& http, const Expected& expected) {
  if (http.status != 200) {
    return Refuse({}, Outcome::kMpiFailed, absl::StrCat("HTTP_", http.status));
  }
  const absl::string_view unread = WhyUnread(http.content_type);
  if (!unread.empty()) return Refuse({}, Outcome::kUnparseable, unread);
  return Classify(http.body, expected);
}

}  // namespace

Answer ReadFindAnswer(const HttpAnswer& http, const Expected& expected) {
  Answer answer = ClassifyHttp(http, expected);
  answer.message_id = expected.message_id;
  // MPI's own id of the exchange, for support. Nothing but a plain token goes on from here.
  answer.transaction_id = PlainId(http.transaction_id);
  return answer;
}

Answer ParseFindAnswer(absl::string_view body, const Expected& expected) {
  Answer answer = Classify(body, expected);
  answer.message_id = expected.message_id;
  return answer;
}

}  // namespace va::mpi::hl7
