// How a merge is decided (decision R12): who has said what, and what follows. Pure functions; the
// store carries the answer out under the merge's row lock. Two different operators carry it out or
// take it back; one ends it.
#pragma once

#include "absl/strings/string_view.h"
#include "services/user-attributes/domain/accounts.h"

namespace va::attributes {

enum class MergeVerdict {
  kStep,            // `next` is written, nothing else happens
  kCarryOut,        // `next` is written, the credential or the ICN moves
  kTakeBack,        // `next` is written, what was carried out is undone
  kSecondOperator,  // the same operator again
  kDecided,         // nothing left to decide in this state
};

struct MergePlan {
  MergeVerdict verdict = MergeVerdict::kDecided;
  MergeState next = MergeState::kPending;
};

// `proposed_by`: whose proposal the merge waits to have confirmed; empty when there is none.
MergePlan PlanDecision(MergeState state, absl::string_view proposed_by, absl::string_view by,
                       bool accept);
MergePlan PlanRevert(MergeState state, absl::string_view proposed_by, absl::string_view by);

// The state after the same credential brought the same ICN once more. `accounts_changed`: it is
// about another pair of accounts than when it was looked at last.
MergeState SeenAgain(MergeState state, bool accounts_changed);

}  // namespace va::attributes
