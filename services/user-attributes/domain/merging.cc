#include "services/user-attributes/domain/merging.h"

namespace va::attributes {

MergePlan PlanDecision(MergeState state, absl::string_view proposed_by, absl::string_view by,
                       bool accept) {
  switch (state) {
    case MergeState::kPending:
      return {MergeVerdict::kStep, accept ? MergeState::kProposed : MergeState::kRejected};
    case MergeState::kProposed:
      if (!accept) return {MergeVerdict::kStep, MergeState::kRejected};
      if (by == proposed_by) return {MergeVerdict::kSecondOperator, state};
      return {MergeVerdict::kCarryOut, MergeState::kAccepted};
    case MergeState::kRevertProposed:
      // A reject ends what was proposed: the merge stands.
      if (!accept) return {MergeVerdict::kStep, MergeState::kAccepted};
      return {MergeVerdict::kDecided, state};
    case MergeState::kRejected:
    case MergeState::kReverted:
      // A "no" that was wrong must not leave the person in doubt for ever: two may still accept.
      if (accept) return {MergeVerdict::kStep, MergeState::kProposed};
      return {MergeVerdict::kDecided, state};
    case MergeState::kAccepted:
      return {MergeVerdict::kDecided, state};
  }
  return {MergeVerdict::kDecided, state};
}

MergePlan PlanRevert(MergeState state, absl::string_view proposed_by, absl::string_view by) {
  if (state == MergeState::kAccepted) return {MergeVerdict::kStep, MergeState::kRevertProposed};
  if (state != MergeState::kRevertProposed) return {MergeVerdict::kDecided, state};
  if (by == proposed_by) return {MergeVerdict::kSecondOperator, state};
  return {MergeVerdict::kTakeBack, MergeState::kReverted};
}

MergeState SeenAgain(MergeState state, bool accounts_changed) {
  switch (state) {
    case MergeState::kPending:
      return state;
    case MergeState::kProposed:
      // The first operator spoke about other accounts.
      return accounts_changed ? MergeState::kPending : state;
    case MergeState::kAccepted:
    case MergeState::kRevertProposed:
      // It was carried out, and yet the account has another ICN again: a new question.
      return MergeState::kPending;
    case MergeState::kRejected:
    case MergeState::kReverted:
      // Operators have said that the account is right, of these two accounts.
      return accounts_changed ? MergeState::kPending : state;
  }
  return state;
}

}  // namespace va::attributes
