#include "services/auth-gateway/adapters/grpc_mhv_accounts.h"

#include <utility>

#include "lib/base/status.h"
#include "va/mhv/v1/mhv.pb.h"

namespace va::gateway {
namespace {

constexpr char kEnsureAccount[] = "va.mhv.v1.MhvAccountService/EnsureAccount";

}  // namespace

GrpcMhvAccounts::GrpcMhvAccounts(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<MhvAccountState> GrpcMhvAccounts::EnsureAccount(const AdmittedPerson& person,
                                                               const CallScope& scope) {
  mhv::v1::EnsureAccountRequest request;
  request.set_request_id(person.flow_id);
  request.set_account_id(person.account_id);
  request.set_icn(person.icn.Reveal());
  request.set_decision_token(person.decision_token.Reveal());
  request.set_email(person.email.Reveal());
  const auto response = rpc::Call<mhv::v1::EnsureAccountResponse>(
      channel_, kEnsureAccount, request, {scope.deadline, scope.request_id});
  if (!response.ok()) return response.status();
  switch (response->state()) {
    case mhv::v1::ACCOUNT_STATE_ENSURED:
      return MhvAccountState::kEnsured;
    case mhv::v1::ACCOUNT_STATE_NEEDS_TERMS:
      return MhvAccountState::kNeedsTerms;
    case mhv::v1::ACCOUNT_STATE_INELIGIBLE:
      return MhvAccountState::kIneligible;
    default:
      // A state this build does not know says nothing about the person.
      return base::MakeError(absl::StatusCode::kInternal, "ACCOUNT_STATE_UNKNOWN",
                             "mhv-account answered with an unknown state");
  }
}

}  // namespace va::gateway
