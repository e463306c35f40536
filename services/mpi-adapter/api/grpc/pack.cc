#include "services/mpi-adapter/api/grpc/pack.h"

#include <optional>
#include <string>
#include <vector>

#include "services/mpi-adapter/hl7/compatible.h"

namespace va::mpi {
namespace {

google::protobuf::Duration PackDuration(absl::Duration duration) {
  google::protobuf::Duration out;
  const int64_t millis = absl::ToInt64Milliseconds(duration);
  out.set_seconds(millis / 1000);
  out.set_nanos(static_cast<int32_t>(millis % 1000) * 1000000);
  return out;
}

void PackName(const Name& name, common::v1::PersonName& out) {
  for (const identity::PersonText& given : name.given) out.add_given(given.Reveal());
  out.set_family(name.family.Reveal());
  out.set_prefix(name.prefix.Reveal());
  out.set_suffix(name.suffix.Reveal());
  out.set_use(name.use);
  out.set_displayed(hl7::DisplayedName(name).Reveal());
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

void PackTelecom(const Telecom& telecom, common::v1::Telecom& out) {
  out.set_value(telecom.value.Reveal());
  out.set_use(telecom.use);
}

void PackRelationship(const Relationship& relationship, common::v1::Relationship& out) {
  out.set_role(relationship.role);
  out.set_role_name(relationship.role_name);
  out.set_translation(relationship.translation);
  out.set_status(relationship.status);
  out.set_effective(relationship.effective);
  out.set_expires(relationship.expires);
  out.set_preference(relationship.preference);
  const Profile& person = relationship.person;
  for (const Name& name : person.names) PackName(name, *out.add_names());
  for (const identity::CorrelatedId& id : person.ids.rows()) PackId(id, *out.add_ids());
  for (const Telecom& telecom : person.telecoms) PackTelecom(telecom, *out.add_contacts());
  out.set_birth_date(person.birth_date.Reveal());
  out.set_gender(person.gender.Reveal());
}

void PackIdentifiers(const Profile& profile, common::v1::Profile& out) {
  const std::vector<identity::Icn> icns = profile.ids.permanent_icns();
  if (!icns.empty()) out.set_icn(icns.front().Reveal());
  for (const identity::Icn& icn : icns) out.add_icns(icn.Reveal());
  for (const identity::Icn& icn : profile.historical_icns) out.add_historical_icns(icn.Reveal());
  for (const identity::CorrelatedId& id : profile.ids.rows()) PackId(id, *out.add_ids());
  if (profile.ssn) out.set_ssn(profile.ssn->Reveal());
}

void PackContacts(const Profile& profile, common::v1::Profile& out) {
  for (const Address& address : profile.addresses) PackAddress(address, *out.add_addresses());
  for (const Telecom& telecom : profile.telecoms) {
    out.add_telecoms(telecom.value.Reveal());
    PackTelecom(telecom, *out.add_contacts());
  }
}

void PackProfile(const Profile& profile, common::v1::Profile& out) {
  PackIdentifiers(profile, out);
  for (const Name& name : profile.names) PackName(name, *out.add_names());
  out.set_gender(profile.gender.Reveal());
  out.set_birth_date(profile.birth_date.Reveal());
  if (profile.deceased_date) out.set_deceased_date(profile.deceased_date->Reveal());
  out.set_id_theft(profile.id_theft);
  PackContacts(profile, out);
  for (const std::string& type : profile.person_types) out.add_person_types(type);
  for (const Relationship& one : profile.relationships) {
    PackRelationship(one, *out.add_relationships());
  }
  out.set_search_token(profile.search_token);
}

void PackCodes(const ChangeCodes& codes, v1::ChangedIds& out) {
  if (codes.icn) out.set_icn(codes.icn->Reveal());
  if (codes.birls_id) out.set_birls_id(codes.birls_id->Reveal());
  if (codes.participant_id) out.set_participant_id(codes.participant_id->Reveal());
  if (codes.idme_uuid) out.set_idme_uuid(codes.idme_uuid->Reveal());
  if (codes.logingov_uuid) out.set_logingov_uuid(codes.logingov_uuid->Reveal());
  if (codes.edipi) out.set_edipi(codes.edipi->Reveal());
}

void PackChange(const ChangeAnswer& change, v1::ChangeAnswer& out) {
  out.set_outcome(PackOutcome(change.outcome));
  out.set_reason(change.reason);
  out.set_retryable(IsRetryable(change.outcome));
  out.set_transaction_id(change.transaction_id);
  out.set_message_id(change.message_id);
  out.set_ack_code(change.ack_code);
  out.set_detail_code(change.detail_code);
  if (change.outcome == Outcome::kOk) PackCodes(change.codes, *out.mutable_ids());
}

v1::AddPersonProxyResponse::Step PackStep(ProxyStep step) {
  switch (step) {
    case ProxyStep::kFind:
      return v1::AddPersonProxyResponse::STEP_FIND;
    case ProxyStep::kSearch:
      return v1::AddPersonProxyResponse::STEP_SEARCH;
    case ProxyStep::kAdd:
      return v1::AddPersonProxyResponse::STEP_ADD;
  }
  return v1::AddPersonProxyResponse::STEP_UNSPECIFIED;
}

template <typename Out>
void AddIds(const std::vector<identity::CspId>& ids, Out& out) {
  for (const identity::CspId& id : ids) out.Add(std::string(id.Reveal()));
}

std::string TextOf(const std::optional<identity::CspId>& id) { return id ? id->Reveal() : ""; }

}  // namespace

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

v1::GetProfileResponse PackAnswer(const CachedAnswer& cached) {
  const Answer& answer = cached.answer;
  v1::GetProfileResponse response;
  response.set_outcome(PackOutcome(answer.outcome));
  const bool known = answer.outcome == Outcome::kOk && answer.profile.has_value();
  if (known) PackProfile(*answer.profile, *response.mutable_profile());
  response.set_flags_known(known && cached.flags_known);
  response.set_asked_by_retired_icn(known && cached.by_retired_icn);
  response.set_reason(answer.reason);
  response.set_retryable(IsRetryable(answer.outcome));
  response.set_transaction_id(answer.transaction_id);
  response.set_message_id(answer.message_id);
  response.set_ack_code(answer.ack_code);
  response.set_detail_code(answer.detail_code);
  response.set_query_response(answer.query_response);
  response.set_from_cache(cached.from_cache);
  if (cached.from_cache) *response.mutable_age() = PackDuration(cached.age);
  if (answer.match_score) response.set_match_score(*answer.match_score);
  if (answer.identity_match_threshold) {
    response.set_identity_match_threshold(*answer.identity_match_threshold);
  }
  if (answer.potential_duplicate_threshold) {
    response.set_potential_duplicate_threshold(*answer.potential_duplicate_threshold);
  }
  return response;
}

v1::AddPersonImplicitResponse PackAdd(const ImplicitAdd& add) {
  v1::AddPersonImplicitResponse response;
  PackChange(add.change, *response.mutable_change());
  response.set_added(add.sent);
  if (add.change.outcome == Outcome::kOk && add.profile) {
    PackProfile(*add.profile, *response.mutable_profile());
  }
  return response;
}

v1::AddPersonProxyResponse PackProxyAdd(const ProxyAdd& add) {
  v1::AddPersonProxyResponse response;
  PackChange(add.change, *response.mutable_change());
  response.set_step(PackStep(add.step));
  return response;
}

v1::UpdateProfileResponse PackUpdate(const Update& update) {
  v1::UpdateProfileResponse response;
  PackChange(update.change, *response.mutable_change());
  return response;
}

v1::ParseGcIdsResponse PackGcIds(const identity::GcIds& ids) {
  v1::ParseGcIdsResponse response;
  for (const identity::CorrelatedId& id : ids.rows()) PackId(id, *response.add_ids());
  response.set_malformed(static_cast<int>(ids.malformed()));
  if (const auto icn = ids.icn(); icn) response.set_icn(icn->Reveal());
  AddIds(ids.valid_edipis(), *response.mutable_edipis());
  AddIds(ids.corp_ids(), *response.mutable_participant_ids());
  AddIds(ids.birls_ids(), *response.mutable_birls_ids());
  AddIds(ids.sec_ids(), *response.mutable_sec_ids());
  AddIds(ids.active_mhv_ids(), *response.mutable_active_mhv_ids());
  AddIds(ids.mhv_iens(), *response.mutable_mhv_iens());
  response.set_idme_uuid(TextOf(ids.idme_id()));
  response.set_logingov_uuid(TextOf(ids.logingov_id()));
  response.set_vet360_id(TextOf(ids.vet360_id()));
  response.set_cerner_id(TextOf(ids.cerner_id()));
  for (const std::string& one : ids.active_facility_ids()) response.add_active_facilities(one);
  for (const std::string& one : ids.cerner_facility_ids()) response.add_cerner_facilities(one);
  return response;
}

}  // namespace va::mpi
