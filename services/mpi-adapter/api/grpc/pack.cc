#include "services/mpi-adapter/api/grpc/pack.h"

#include <vector>

#include "lib/base/status.h"

namespace va::mpi {
namespace {

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::StatusOr<IdentifierType> UnpackType(v1::IdentifierType type) {
  switch (type) {
    case v1::IDENTIFIER_TYPE_ICN:
      return IdentifierType::kIcn;
    case v1::IDENTIFIER_TYPE_IDME:
      return IdentifierType::kIdme;
    case v1::IDENTIFIER_TYPE_LOGINGOV:
      return IdentifierType::kLogingov;
    case v1::IDENTIFIER_TYPE_MHV:
      return IdentifierType::kMhv;
    case v1::IDENTIFIER_TYPE_EDIPI:
      return IdentifierType::kEdipi;
    case v1::IDENTIFIER_TYPE_FACILITY:
    case v1::IDENTIFIER_TYPE_UNSPECIFIED:
    case v1::IdentifierType_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::IdentifierType_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Refuse("IDENTIFIER_TYPE_UNKNOWN", "by_identifier.type is not supported");
}

ByTraits UnpackTraits(const v1::ByTraits& wire) {
  ByTraits traits;
  traits.first_name = identity::PersonText::FromWire(wire.first_name());
  traits.middle_name = identity::PersonText::FromWire(wire.middle_name());
  traits.last_name = identity::PersonText::FromWire(wire.last_name());
  traits.birth_date = identity::BirthDate::FromWire(wire.birth_date());
  traits.ssn = identity::Ssn::FromWire(wire.ssn());
  traits.gender = identity::PersonText::FromWire(wire.gender());
  return traits;
}

void PackName(const Name& name, common::v1::PersonName& out) {
  for (const identity::PersonText& given : name.given) out.add_given(given.Reveal());
  out.set_family(name.family.Reveal());
  out.set_prefix(name.prefix.Reveal());
  out.set_suffix(name.suffix.Reveal());
  out.set_use(name.use);
}

void PackAddress(const Address& address, common::v1::Address& out) {
  for (const identity::PersonText& line : address.street) out.add_street(line.Reveal());
  out.set_city(address.city.Reveal());
  out.set_state(address.state.Reveal());
  out.set_postal_code(address.postal_code.Reveal());
  out.set_country(address.country.Reveal());
  out.set_use(address.use);
}

void PackId(const identity::CorrelatedId& id, common::v1::CorrelatedId& out) {
  out.set_id(id.id.Reveal());
  out.set_id_type(id.id_type);
  out.set_facility(id.facility);
  out.set_authority(id.authority);
  out.set_status(id.status);
  out.set_root(id.root);
}

void PackProfile(const Profile& profile, common::v1::Profile& out) {
  const std::vector<identity::Icn> icns = profile.ids.permanent_icns();
  if (!icns.empty()) out.set_icn(icns.front().Reveal());
  for (const identity::Icn& icn : icns) out.add_icns(icn.Reveal());
  for (const Name& name : profile.names) PackName(name, *out.add_names());
  out.set_gender(profile.gender.Reveal());
  out.set_birth_date(profile.birth_date.Reveal());
  if (profile.deceased_date) out.set_deceased_date(profile.deceased_date->Reveal());
  if (profile.ssn) out.set_ssn(profile.ssn->Reveal());
  out.set_id_theft(profile.id_theft);
  for (const identity::CorrelatedId& id : profile.ids.rows()) PackId(id, *out.add_ids());
  for (const Address& address : profile.addresses) PackAddress(address, *out.add_addresses());
  for (const Telecom& telecom : profile.telecoms) out.add_telecoms(telecom.value.Reveal());
  for (const std::string& type : profile.person_types) out.add_person_types(type);
}

}  // namespace

absl::StatusOr<Question> UnpackQuestion(const v1::GetProfileRequest& request) {
  switch (request.question_case()) {
    case v1::GetProfileRequest::kByIdentifier: {
      const absl::StatusOr<IdentifierType> type = UnpackType(request.by_identifier().type());
      if (!type.ok()) return type.status();
      return Question(
          ByIdentifier{*type, identity::CspId::FromWire(request.by_identifier().value())});
    }
    case v1::GetProfileRequest::kByTraits:
      return Question(UnpackTraits(request.by_traits()));
    case v1::GetProfileRequest::QUESTION_NOT_SET:
      break;
  }
  return Refuse("QUESTION_MISSING", "the request holds no question");
}

common::v1::MpiOutcome PackOutcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return common::v1::MPI_OUTCOME_OK;
    case Outcome::kNoMatch:
      return common::v1::MPI_OUTCOME_NO_MATCH;
    case Outcome::kMultipleMatches:
      return common::v1::MPI_OUTCOME_MULTIPLE_MATCHES;
    case Outcome::kInvalidRequest:
      return common::v1::MPI_OUTCOME_INVALID_REQUEST;
    case Outcome::kSenderRejected:
      return common::v1::MPI_OUTCOME_SENDER_REJECTED;
    case Outcome::kDuplicateKey:
      return common::v1::MPI_OUTCOME_DUPLICATE_KEY;
    case Outcome::kMpiFailed:
      return common::v1::MPI_OUTCOME_MPI_FAILED;
    case Outcome::kTransport:
      return common::v1::MPI_OUTCOME_TRANSPORT;
    case Outcome::kTimeout:
      return common::v1::MPI_OUTCOME_TIMEOUT;
    case Outcome::kBreakerOpen:
      return common::v1::MPI_OUTCOME_BREAKER_OPEN;
    case Outcome::kUnparseable:
      return common::v1::MPI_OUTCOME_UNPARSEABLE;
    case Outcome::kBlocked:
      return common::v1::MPI_OUTCOME_BLOCKED;
  }
  return common::v1::MPI_OUTCOME_UNPARSEABLE;
}

v1::GetProfileResponse PackAnswer(const Answer& answer) {
  v1::GetProfileResponse response;
  response.set_outcome(PackOutcome(answer.outcome));
  if (answer.outcome == Outcome::kOk && answer.profile) {
    PackProfile(*answer.profile, *response.mutable_profile());
  }
  response.set_transaction_id(answer.transaction_id);
  response.set_message_id(answer.message_id);
  response.set_ack_code(answer.ack_code);
  if (answer.match_score) response.set_match_score(*answer.match_score);
  if (answer.identity_match_threshold) {
    response.set_identity_match_threshold(*answer.identity_match_threshold);
  }
  if (answer.potential_duplicate_threshold) {
    response.set_potential_duplicate_threshold(*answer.potential_duplicate_threshold);
  }
  return response;
}

}  // namespace va::mpi
