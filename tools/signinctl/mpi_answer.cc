#include "tools/signinctl/mpi_answer.h"

#include <optional>
#include <utility>

#include "absl/types/span.h"
#include "services/mpi-adapter/hl7/acknowledgement.h"
#include "services/mpi-adapter/hl7/add_answer.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/find_answer.h"
#include "services/mpi-adapter/hl7/reader.h"

namespace va::signinctl {
namespace {

using identity::Disclose;
using identity::Disclosure;
using identity::PersonText;

// What a file says of itself, before it is believed anything: which message it answers (empty when
// it names none) and whether it is the answer to a change.
struct FileKind {
  std::string message_id;
  bool change = false;
};

FileKind KindOf(absl::string_view xml) {
  FileKind kind;
  if (xml.size() > mpi::hl7::kMaxAnswerBytes) return kind;
  const auto document = mpi::hl7::ParseAnswerBody(xml);
  if (!document.ok()) return kind;
  const std::optional<xml::Element> payload = mpi::hl7::PayloadOf(document->root());
  if (!payload) return kind;
  kind.change = payload->local_name() == mpi::hl7::kAddAnswer;
  kind.message_id =
      mpi::hl7::AttrAt(*payload, {"acknowledgement", "targetMessage", "id"}, "extension");
  return kind;
}

mpi::hl7::Expected Expecting(const std::string& message_id, const mpi::Question& question) {
  mpi::hl7::Expected expected;
  expected.message_id = message_id;
  expected.question = question;
  return expected;
}

attributes::MpiOutcome OutcomeForRules(mpi::Outcome outcome) {
  using To = attributes::MpiOutcome;
  switch (outcome) {
    case mpi::Outcome::kOk:
      return To::kOk;
    case mpi::Outcome::kNoMatch:
      return To::kNoMatch;
    case mpi::Outcome::kMultipleMatches:
      return To::kMultipleMatches;
    case mpi::Outcome::kInvalidRequest:
      return To::kInvalidRequest;
    case mpi::Outcome::kSenderRejected:
      return To::kSenderRejected;
    case mpi::Outcome::kDuplicateKey:
      return To::kDuplicateKey;
    case mpi::Outcome::kMpiFailed:
      return To::kMpiFailed;
    case mpi::Outcome::kTransport:
      return To::kTransport;
    case mpi::Outcome::kTimeout:
      return To::kTimeout;
    case mpi::Outcome::kBreakerOpen:
      return To::kBreakerOpen;
    case mpi::Outcome::kUnparseable:
      return To::kUnparseable;
    case mpi::Outcome::kBlocked:
      return To::kBlocked;
  }
  return To::kUnparseable;
}

template <typename T>
std::optional<T> NonEmpty(const T& value) {
  if (value.empty()) return std::nullopt;
  return value;
}

attributes::MpiProfile ProfileForRules(const mpi::Profile& profile) {
  attributes::MpiProfile out;
  out.icn = profile.ids.icn().value_or(identity::Icn());
  if (const mpi::Name* name = mpi::LegalName(profile); name != nullptr) {
    out.last_name = NonEmpty(name->family);
    if (!name->given.empty()) {
      out.first_name = NonEmpty(name->given.front());
      out.middle_name = NonEmpty(identity::JoinNames(absl::MakeConstSpan(name->given).subspan(1)));
    }
  }
  if (profile.gender == PersonText::FromWire("M")) out.gender = attributes::Gender::kMale;
  if (profile.gender == PersonText::FromWire("F")) out.gender = attributes::Gender::kFemale;
  out.birth_date = profile.birth_date.Dashed();
  if (profile.ssn && !profile.ssn->empty()) out.ssn = profile.ssn->WithoutHyphens();
  out.deceased = profile.deceased_date.has_value() && !profile.deceased_date->empty();
  out.id_theft = profile.id_theft;
  out.ids = profile.ids;
  return out;
}

}  // namespace

mpi::Question QuestionOf(const std::optional<attributes::MpiQuestion>& question) {
  const identity::Icn* icn = question ? std::get_if<identity::Icn>(&*question) : nullptr;
  if (icn == nullptr) return mpi::ByTraits{};
  return mpi::ByIdentifier{mpi::IdentifierType::kIcn,
                           identity::CspId::FromWire(Disclose(*icn, Disclosure::kRevealed))};
}

mpi::Answer ReadMpiAnswer(absl::string_view xml, const std::string& message_id,
                          const mpi::Question& question) {
  const std::string echoed = message_id.empty() ? KindOf(xml).message_id : message_id;
  return mpi::hl7::ParseFindAnswer(xml, Expecting(echoed, question));
}

AnyMpiAnswer ReadAnyMpiAnswer(absl::string_view xml, const std::string& message_id,
                              bool needs_icn) {
  const FileKind kind = KindOf(xml);
  const std::string& echoed = message_id.empty() ? kind.message_id : message_id;
  if (!kind.change) {
    mpi::hl7::Expected expected = Expecting(echoed, mpi::ByTraits{});
    expected.require_permanent_icn = needs_icn;
    return mpi::hl7::ParseFindAnswer(xml, expected);
  }
  mpi::ChangeAnswer answer = mpi::hl7::ParseAddAnswer(xml, {echoed});
  answer.message_id = echoed;
  return answer;
}

attributes::MpiAnswer ForRules(const mpi::Answer& answer) {
  attributes::MpiAnswer out;
  out.outcome = OutcomeForRules(answer.outcome);
  if (answer.profile) out.profile = ProfileForRules(*answer.profile);
  return out;
}

}  // namespace va::signinctl
