#include "services/auth-gateway/adapters/grpc_person_index.h"

#include <utility>

#include "lib/base/status.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::gateway {
namespace {

constexpr char kGetProfile[] = "va.mpi.v1.MpiService/GetProfile";
constexpr char kAddPersonImplicit[] = "va.mpi.v1.MpiService/AddPersonImplicit";
constexpr char kUpdateProfile[] = "va.mpi.v1.MpiService/UpdateProfile";

void AskById(mpi::v1::IdentifierType type, std::string& value,
             mpi::v1::GetProfileRequest& request) {
  mpi::v1::ByIdentifier& by = *request.mutable_by_identifier();
  by.set_type(type);
  by.set_value(std::move(value));
}

absl::Status PackQuestion(const std::string& serialized, mpi::v1::GetProfileRequest& request) {
  attributes::v1::MpiQuestion question;
  if (!question.ParseFromString(serialized)) {
    return base::MakeError(absl::StatusCode::kInternal, "MPI_QUESTION_UNREADABLE",
                           "the question does not parse");
  }
  switch (question.by_case()) {
    case attributes::v1::MpiQuestion::kIcn:
      AskById(mpi::v1::IDENTIFIER_TYPE_ICN, *question.mutable_icn(), request);
      return absl::OkStatus();
    case attributes::v1::MpiQuestion::kIdmeUuid:
      AskById(mpi::v1::IDENTIFIER_TYPE_IDME, *question.mutable_idme_uuid(), request);
      return absl::OkStatus();
    case attributes::v1::MpiQuestion::kLogingovUuid:
      AskById(mpi::v1::IDENTIFIER_TYPE_LOGINGOV, *question.mutable_logingov_uuid(), request);
      return absl::OkStatus();
    case attributes::v1::MpiQuestion::kTraits: {
      attributes::v1::Traits& traits = *question.mutable_traits();
      mpi::v1::ByTraits& by = *request.mutable_by_traits();
      by.set_first_name(std::move(*traits.mutable_first_name()));
      by.set_middle_name(std::move(*traits.mutable_middle_name()));
      by.set_last_name(std::move(*traits.mutable_last_name()));
      by.set_birth_date(std::move(*traits.mutable_birth_date()));
      by.set_ssn(std::move(*traits.mutable_ssn()));
      by.set_gender(std::move(*traits.mutable_gender()));
      return absl::OkStatus();
    }
    case attributes::v1::MpiQuestion::BY_NOT_SET:
      break;
  }
  return base::MakeError(absl::StatusCode::kInternal, "MPI_QUESTION_EMPTY",
                         "the rules named no question");
}

// The fields that both messages of a change have.
template <typename Request>
void PackPerson(attributes::v1::MpiAddition& person, Request& request) {
  attributes::v1::Traits& traits = *person.mutable_traits();
  request.set_first_name(std::move(*traits.mutable_first_name()));
  request.set_last_name(std::move(*traits.mutable_last_name()));
  request.set_birth_date(std::move(*traits.mutable_birth_date()));
  request.set_ssn(std::move(*traits.mutable_ssn()));
  request.set_email(std::move(*person.mutable_email()));
  request.set_idme_uuid(std::move(*person.mutable_idme_uuid()));
  request.set_logingov_uuid(std::move(*person.mutable_logingov_uuid()));
  if (person.has_address()) *request.mutable_address() = std::move(*person.mutable_address());
}

template <typename Request>
absl::StatusOr<Request> ReadPerson(const std::string& serialized, int loa_current,
                                   const CallScope& scope) {
  attributes::v1::MpiAddition person;
  if (!person.ParseFromString(serialized)) {
    return base::MakeError(absl::StatusCode::kInternal, "MPI_ADDITION_UNREADABLE",
                           "the person does not parse");
  }
  Request request;
  request.set_request_id(scope.request_id);
  request.set_loa_current(loa_current);
  PackPerson(person, request);
  return request;
}

absl::Status Broken() {
  return base::MakeError(absl::StatusCode::kInternal, "MPI_CHANGE_BROKEN",
                         "an answer that says neither yes nor no");
}

// What MPI will say again when it is told the same later, and what it may not. Outcomes that are
// younger than this program say nothing.
MpiTold Judge(common::v1::MpiOutcome outcome) {
  switch (outcome) {
    case common::v1::MPI_OUTCOME_OK:
      return MpiTold::kDone;
    case common::v1::MPI_OUTCOME_NO_MATCH:
    case common::v1::MPI_OUTCOME_MULTIPLE_MATCHES:
    case common::v1::MPI_OUTCOME_INVALID_REQUEST:
    case common::v1::MPI_OUTCOME_DUPLICATE_KEY:
    case common::v1::MPI_OUTCOME_BLOCKED:
      return MpiTold::kRefused;
    default:
      return MpiTold::kUnavailable;
  }
}

// What mpi-adapter does not even put to MPI, because a message of this person would be none.
MpiAnswer NotPut() {
  MpiAnswer answer;
  answer.outcome = common::v1::MPI_OUTCOME_NO_MATCH;
  answer.no_match = true;
  answer.told = MpiTold::kRefused;
  answer.add_outcome = common::v1::MPI_OUTCOME_INVALID_REQUEST;
  return answer;
}

// The question stays answered with "no match" unless the person is known now.
absl::StatusOr<MpiAnswer> ReadAddition(const mpi::v1::AddPersonImplicitResponse& response) {
  const common::v1::MpiOutcome outcome = response.change().outcome();
  const bool known = outcome == common::v1::MPI_OUTCOME_OK;
  if (outcome == common::v1::MPI_OUTCOME_UNSPECIFIED) return Broken();
  if (known && !response.has_profile()) return Broken();
  MpiAnswer answer;
  answer.matched = known;
  answer.no_match = !known;
  answer.outcome = known ? common::v1::MPI_OUTCOME_OK : common::v1::MPI_OUTCOME_NO_MATCH;
  answer.told = known && !response.added() ? MpiTold::kKnown : Judge(outcome);
  // Somebody whom MPI knew by the credential was not added: they are judged as anybody it knows.
  answer.add_outcome = known && !response.added() ? common::v1::MPI_OUTCOME_UNSPECIFIED : outcome;
  if (known) answer.profile = response.profile().SerializeAsString();
  return answer;
}

// A credential that MPI holds as somebody else's by now says more than that it was told.
MpiTold ReadNews(const mpi::v1::AddPersonImplicitResponse& response, const MpiNews& news) {
  const MpiTold told = Judge(response.change().outcome());
  if (told != MpiTold::kDone) return told;
  const auto icn = identity::Icn::FromWire(response.profile().icn());
  if (!news.icn.empty() && !icn.empty() && !(icn == news.icn)) return MpiTold::kOtherPerson;
  return response.added() ? MpiTold::kDone : MpiTold::kKnown;
}

}  // namespace

GrpcPersonIndex::GrpcPersonIndex(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<MpiAnswer> GrpcPersonIndex::GetProfile(const Derived& derived,
                                                      const CallScope& scope) {
  mpi::v1::GetProfileRequest request;
  request.set_request_id(scope.request_id);
  request.set_loa_current(derived.loa_current);
  // Death and identity theft decide who comes in, so what is cached of them is minutes old at most
  // (mpi_mhv.md 3.1.11); the rest of a profile may be a day old.
  request.set_freshness(mpi::v1::FRESHNESS_FLAGS);
  const absl::Status packed = PackQuestion(derived.mpi_question, request);
  if (!packed.ok()) return packed;
  // A question that changes nothing at MPI.
  const auto response = rpc::Call<mpi::v1::GetProfileResponse>(
      channel_, kGetProfile, request,
      {.deadline = scope.deadline, .request_id = scope.request_id, .repeatable = true});
  if (!response.ok()) return response.status();
  MpiAnswer answer;
  answer.outcome = response->outcome();
  answer.matched = response->outcome() == common::v1::MPI_OUTCOME_OK;
  answer.no_match = response->outcome() == common::v1::MPI_OUTCOME_NO_MATCH;
  if (response->has_profile()) answer.profile = response->profile().SerializeAsString();
  return answer;
}

absl::StatusOr<MpiAnswer> GrpcPersonIndex::AddPerson(const Derived& derived,
                                                     const CallScope& scope) {
  const auto request = ReadPerson<mpi::v1::AddPersonImplicitRequest>(derived.mpi_addition,
                                                                     derived.loa_current, scope);
  if (!request.ok()) return request.status();
  const auto response = rpc::Call<mpi::v1::AddPersonImplicitResponse>(
      channel_, kAddPersonImplicit, *request, {scope.deadline, scope.request_id});
  if (absl::IsInvalidArgument(response.status())) return NotPut();
  if (!response.ok()) return response.status();
  return ReadAddition(*response);
}

absl::StatusOr<MpiTold> GrpcPersonIndex::Tell(const MpiNews& news, const CallScope& scope) {
  if (news.update.reason == MpiUpdate::Reason::kCredentialUnknown) {
    const auto request =
        ReadPerson<mpi::v1::AddPersonImplicitRequest>(news.update.person, news.loa_current, scope);
    if (!request.ok()) return request.status();
    const auto response = rpc::Call<mpi::v1::AddPersonImplicitResponse>(
        channel_, kAddPersonImplicit, *request, {scope.deadline, scope.request_id});
    if (!response.ok()) return response.status();
    return ReadNews(*response, news);
  }
  auto request =
      ReadPerson<mpi::v1::UpdateProfileRequest>(news.update.person, news.loa_current, scope);
  if (!request.ok()) return request.status();
  request->set_icn(news.icn.Reveal());
  const auto response = rpc::Call<mpi::v1::UpdateProfileResponse>(
      channel_, kUpdateProfile, *request, {scope.deadline, scope.request_id});
  if (!response.ok()) return response.status();
  return Judge(response->change().outcome());
}

}  // namespace va::gateway
