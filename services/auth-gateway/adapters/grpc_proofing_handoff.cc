#include "services/auth-gateway/adapters/grpc_proofing_handoff.h"

#include <utility>

#include "lib/rpc/wire.h"
#include "va/proofing/v1/proofing.pb.h"

namespace va::gateway {
namespace {

constexpr char kCheckEligibility[] = "va.proofing.v1.ProofingService/CheckEligibility";
constexpr char kRecordConsent[] = "va.proofing.v1.ProofingService/RecordConsent";

void PackSubject(const AdmittedPerson& person, proofing::v1::Subject& subject) {
  subject.set_account_id(person.account_id);
  subject.set_icn(person.icn.Reveal());
  subject.set_mhv_id(person.mhv_id.Reveal());
  subject.set_csp(rpc::PackCsp(person.csp));
  subject.set_flow_id(person.flow_id);
  subject.set_decision_token(person.decision_token.Reveal());
}

}  // namespace

GrpcProofingHandoff::GrpcProofingHandoff(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<ProofingState> GrpcProofingHandoff::CheckEligibility(const AdmittedPerson& person,
                                                                    const CallScope& scope) {
  proofing::v1::CheckEligibilityRequest request;
  request.set_request_id(scope.request_id);
  PackSubject(person, *request.mutable_subject());
  const auto response = rpc::Call<proofing::v1::CheckEligibilityResponse>(
      channel_, kCheckEligibility, request,
      {.deadline = scope.deadline, .request_id = scope.request_id, .repeatable = true});
  if (!response.ok()) return response.status();
  return response->eligible() ? ProofingState::kInvited : ProofingState::kNotEligible;
}

absl::Status GrpcProofingHandoff::RecordConsent(const AdmittedPerson& person,
                                                const ConsentAnswer& answer,
                                                const CallScope& scope) {
  proofing::v1::RecordConsentRequest request;
  request.set_request_id(answer.id);
  PackSubject(person, *request.mutable_subject());
  request.set_text_version(answer.text_version);
  request.set_text_sha256(answer.text_sha256);
  request.set_decision(answer.given ? proofing::v1::CONSENT_DECISION_GIVEN
                                    : proofing::v1::CONSENT_DECISION_DECLINED);
  request.set_locale(answer.locale);
  return rpc::Call<proofing::v1::RecordConsentResponse>(channel_, kRecordConsent, request,
                                                        {scope.deadline, scope.request_id})
      .status();
}

}  // namespace va::gateway
