#include "services/mhv-account/api/grpc/pack.h"

namespace va::mhv {
namespace {

v1::AccountState PackState(State state) {
  switch (state) {
    case State::kNeedsTerms:
      return v1::ACCOUNT_STATE_NEEDS_TERMS;
    case State::kEnsured:
      return v1::ACCOUNT_STATE_ENSURED;
    case State::kIneligible:
      return v1::ACCOUNT_STATE_INELIGIBLE;
  }
  return v1::ACCOUNT_STATE_UNSPECIFIED;
}

}  // namespace

v1::EnsureAccountResponse PackOutcome(const EnsureOutcome& outcome) {
  v1::EnsureAccountResponse response;
  response.set_state(PackState(outcome.state));
  for (const std::string& reason : outcome.reasons) response.add_reasons(reason);
  response.set_upstream_code(outcome.upstream_code);
  response.set_user_actionable(outcome.user_actionable);
  response.set_from_cache(outcome.from_cache);
  if (outcome.account) {
    response.set_mhv_id(outcome.account->mhv_id.Reveal());
    response.set_premium(outcome.account->premium);
    response.set_champ_va(outcome.account->champ_va);
    response.set_patient(outcome.account->patient);
    response.set_sm_account_created(outcome.account->sm_account_created);
  }
  return response;
}

}  // namespace va::mhv
