#include "tools/signinctl/mpi_answer.h"

#include <utility>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/hl7/find_answer.h"
#include "services/mpi-adapter/hl7/namespaces.h"
#include "services/mpi-adapter/hl7/reader.h"

namespace va::signinctl {
namespace {

using identity::Disclose;
using identity::Disclosure;
using identity::PersonText;

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

// The id of the message that the answer says it answers; empty when it says none.
std::string EchoedId(absl::string_view xml) {
  xml::ParseLimits limits;
  limits.max_bytes = mpi::hl7::kMaxAnswerBytes;
  limits.max_elements = 20000;
  limits.max_attributes = 20000;
  std::string respelt;
  const auto document = xml::Document::Parse(mpi::hl7::WithAsciiNamespaces(xml, respelt), limits);
  if (!document.ok()) return "";
  for (const xml::Element part : document->root().Children()) {
    for (const xml::Element payload : part.Children()) {
      std::string id =
          mpi::hl7::AttrAt(payload, {"acknowledgement", "targetMessage", "id"}, "extension");
      if (!id.empty()) return id;
    }
  }
  return "";
}

template <typename T>
Json List(const std::vector<T>& values, Disclosure how) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(Disclose(value, how));
  return list;
}

template <typename T>
Json Maybe(const std::optional<T>& value, Disclosure how) {
  return value ? Json(Disclose(*value, how)) : Json();
}

Json Number(const std::optional<int>& number) { return number ? Json(*number) : Json(); }

Json NamesOf(const mpi::Profile& profile, Disclosure how) {
  Json list = Json::array();
  for (const mpi::Name& name : profile.names) {
    list.push_back({{"use", name.use},
                    {"given", List(name.given, how)},
                    {"family", Disclose(name.family, how)},
                    {"prefix", Disclose(name.prefix, how)},
                    {"suffix", Disclose(name.suffix, how)}});
  }
  return list;
}

Json AddressesOf(const mpi::Profile& profile, Disclosure how) {
  Json list = Json::array();
  for (const mpi::Address& address : profile.addresses) {
    list.push_back({{"use", address.use},
                    {"street", List(address.street, how)},
                    {"city", Disclose(address.city, how)},
                    {"state", Disclose(address.state, how)},
                    {"postal_code", Disclose(address.postal_code, how)},
                    {"country", Disclose(address.country, how)}});
  }
  return list;
}

Json TelecomsOf(const mpi::Profile& profile, Disclosure how) {
  Json list = Json::array();
  for (const mpi::Telecom& telecom : profile.telecoms) {
    list.push_back({{"use", telecom.use}, {"value", Disclose(telecom.value, how)}});
  }
  return list;
}

// Which registries hold the person is a fact about them as well, but one that support cannot work
// without: only the ids themselves are masked.
Json IdsOf(const mpi::Profile& profile, Disclosure how) {
  Json list = Json::array();
  for (const identity::CorrelatedId& row : profile.ids.rows()) {
    list.push_back({{"id", Disclose(row.id, how)},
                    {"type", row.id_type},
                    {"facility", row.facility},
                    {"authority", row.authority},
                    {"status", row.status},
                    {"root", row.root}});
  }
  return list;
}

Json ProfileJson(const mpi::Profile& profile, Disclosure how) {
  const std::vector<identity::Icn> icns = profile.ids.permanent_icns();
  return {{"icn", icns.empty() ? Json() : Json(Disclose(icns.front(), how))},
          {"icns", List(icns, how)},
          {"historical_icns", List(profile.historical_icns, how)},
          {"names", NamesOf(profile, how)},
          {"gender", Disclose(profile.gender, how)},
          {"birth_date", Disclose(profile.birth_date, how)},
          {"deceased_date", Maybe(profile.deceased_date, how)},
          {"ssn", Maybe(profile.ssn, how)},
          {"id_theft", profile.id_theft},
          {"addresses", AddressesOf(profile, how)},
          {"telecoms", TelecomsOf(profile, how)},
          {"person_types", profile.person_types}};
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
  mpi::hl7::Expected expected;
  expected.message_id = message_id.empty() ? EchoedId(xml) : message_id;
  expected.question = question;
  return mpi::hl7::ParseFindAnswer(xml, expected);
}

Json ToJson(const mpi::Answer& answer, Disclosure how) {
  const bool found = answer.profile.has_value();
  return {{"outcome", Str(mpi::OutcomeName(answer.outcome))},
          {"reason", answer.reason},
          {"retryable", mpi::IsRetryable(answer.outcome)},
          {"ack", answer.ack_code},
          {"query_response", answer.query_response},
          {"detail_code", answer.detail_code},
          {"message_id", answer.message_id},
          {"match_score", Number(answer.match_score)},
          {"identity_match_threshold", Number(answer.identity_match_threshold)},
          {"potential_duplicate_threshold", Number(answer.potential_duplicate_threshold)},
          {"profile", found ? ProfileJson(*answer.profile, how) : Json()},
          {"ids", found ? IdsOf(*answer.profile, how) : Json::array()}};
}

attributes::MpiAnswer ForRules(const mpi::Answer& answer) {
  attributes::MpiAnswer out;
  out.outcome = OutcomeForRules(answer.outcome);
  if (answer.profile) out.profile = ProfileForRules(*answer.profile);
  return out;
}

}  // namespace va::signinctl
