#include "services/auth-gateway/adapters/grpc_terms.h"

#include <utility>

#include "va/attributes/v1/attributes.pb.h"

namespace va::gateway {
namespace {

namespace attributes = ::va::attributes::v1;

constexpr char kGetTermsAcceptance[] = "va.attributes.v1.AttributesService/GetTermsAcceptance";
constexpr char kRecordTerms[] = "va.attributes.v1.AttributesService/RecordTerms";

}  // namespace

GrpcTerms::GrpcTerms(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<TermsStatus> GrpcTerms::GetTermsAcceptance(absl::string_view account_id,
                                                          absl::string_view document,
                                                          const CallScope& scope) {
  attributes::GetTermsAcceptanceRequest request;
  request.set_account_id(std::string(account_id));
  request.set_document(std::string(document));
  const auto response = rpc::Call<attributes::GetTermsAcceptanceResponse>(
      channel_, kGetTermsAcceptance, request,
      {.deadline = scope.deadline, .request_id = scope.request_id, .repeatable = true});
  if (!response.ok()) return response.status();
  TermsStatus status;
  status.title = response->current().title();
  status.revision = response->current().revision();
  status.legal_version = response->current().legal_version();
  status.accepted = response->accepted();
  status.declined = response->latest().decision() == attributes::TERMS_DECISION_DECLINED;
  if (status.accepted || status.declined) {
    status.decided_at = absl::FromUnixSeconds(response->latest().decided_at().seconds());
  }
  return status;
}

absl::Status GrpcTerms::RecordTerms(const AdmittedPerson& person, const TermsAnswer& answer,
                                    const CallScope& scope) {
  attributes::RecordTermsRequest request;
  request.set_request_id(answer.id);
  request.set_flow_id(person.flow_id);
  request.set_account_id(person.account_id);
  request.set_document(answer.document);
  request.set_revision(answer.revision);
  request.set_decision(answer.accepted ? attributes::TERMS_DECISION_ACCEPTED
                                       : attributes::TERMS_DECISION_DECLINED);
  request.set_decision_token(person.decision_token.Reveal());
  return rpc::Call<attributes::RecordTermsResponse>(channel_, kRecordTerms, request,
                                                    {scope.deadline, scope.request_id})
      .status();
}

}  // namespace va::gateway
