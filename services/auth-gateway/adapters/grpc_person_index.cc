#include "services/auth-gateway/adapters/grpc_person_index.h"

#include <utility>

#include "lib/base/status.h"
#include "va/attributes/v1/attributes.pb.h"
#include "va/mpi/v1/mpi.pb.h"

namespace va::gateway {
namespace {

constexpr char kGetProfile[] = "va.mpi.v1.MpiService/GetProfile";

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

}  // namespace

GrpcPersonIndex::GrpcPersonIndex(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<MpiAnswer> GrpcPersonIndex::GetProfile(const Derived& derived,
                                                      const CallScope& scope) {
  mpi::v1::GetProfileRequest request;
  request.set_request_id(scope.request_id);
  request.set_loa_current(derived.loa_current);
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
  if (response->has_profile()) answer.profile = response->profile().SerializeAsString();
  return answer;
}

}  // namespace va::gateway
