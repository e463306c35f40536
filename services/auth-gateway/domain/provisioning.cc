#include "services/auth-gateway/domain/provisioning.h"

#include <utility>

#include "services/auth-gateway/domain/records.h"

namespace va::gateway {

absl::string_view ToString(MhvAccountState state) {
  switch (state) {
    case MhvAccountState::kPending:
      return "pending";
    case MhvAccountState::kEnsured:
      return "ensured";
    case MhvAccountState::kNeedsTerms:
      return "needs_terms";
    case MhvAccountState::kIneligible:
      return "ineligible";
    case MhvAccountState::kUnavailable:
      return "unavailable";
  }
  return "unavailable";
}

std::optional<MhvAccountState> MhvAccountStateFromString(absl::string_view text) {
  for (const MhvAccountState state :
       {MhvAccountState::kPending, MhvAccountState::kEnsured, MhvAccountState::kNeedsTerms,
        MhvAccountState::kIneligible, MhvAccountState::kUnavailable}) {
    if (ToString(state) == text) return state;
  }
  return std::nullopt;
}

absl::string_view ToString(ProofingState state) {
  switch (state) {
    case ProofingState::kPending:
      return "pending";
    case ProofingState::kInvited:
      return "invited";
    case ProofingState::kNotEligible:
      return "not_eligible";
    case ProofingState::kUnavailable:
      return "unavailable";
  }
  return "unavailable";
}

std::optional<ProofingState> ProofingStateFromString(absl::string_view text) {
  for (const ProofingState state : {ProofingState::kPending, ProofingState::kInvited,
                                    ProofingState::kNotEligible, ProofingState::kUnavailable}) {
    if (ToString(state) == text) return state;
  }
  return std::nullopt;
}

ProvisioningPlan PlanProvisioning(const SessionRecord& session) {
  ProvisioningPlan plan;
  plan.mhv_account = session.assurance.loa_current == 3 && !session.person.icn.empty();
  plan.proofing = plan.mhv_account && session.assurance.csp == identity::Csp::kMhv;
  return plan;
}

Provisioning PendingOf(const ProvisioningPlan& plan) {
  Provisioning provisioning;
  if (plan.mhv_account) provisioning.mhv_account = MhvAccountState::kPending;
  if (plan.proofing) provisioning.proofing = ProofingState::kPending;
  return provisioning;
}

Provisioning UnavailableOf(const ProvisioningPlan& plan) {
  Provisioning provisioning;
  if (plan.mhv_account) provisioning.mhv_account = MhvAccountState::kUnavailable;
  if (plan.proofing) provisioning.proofing = ProofingState::kUnavailable;
  return provisioning;
}

bool IsPending(const Provisioning& provisioning) {
  return provisioning.mhv_account == MhvAccountState::kPending ||
         provisioning.proofing == ProofingState::kPending;
}

AdmittedPerson AdmittedPersonOf(const SessionRecord& session, identity::Secret decision_token) {
  AdmittedPerson person;
  person.flow_id = session.flow_id;
  person.account_id = session.account_id;
  person.icn = session.person.icn;
  person.mhv_id = session.person.mhv_id;
  person.csp = session.assurance.csp;
  person.email = session.person.email;
  person.decision_token = std::move(decision_token);
  return person;
}

}  // namespace va::gateway
