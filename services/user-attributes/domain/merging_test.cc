#include "services/user-attributes/domain/merging.h"

#include <catch2/catch.hpp>

namespace va::attributes {
namespace {

using enum MergeState;

TEST_CASE("PlanDecision: R12 two operators accept, one rejects", "[attributes][rule]") {
  struct Row {
    const char* rule;
    MergeState state;
    const char* proposed_by;
    const char* by;
    bool accept;
    MergeVerdict verdict;
    MergeState next;
  };
  const auto row = GENERATE(values<Row>({
      {"the first accept proposes", kPending, "", "a", true, MergeVerdict::kStep, kProposed},
      {"one reject ends it", kPending, "", "a", false, MergeVerdict::kStep, kRejected},
      {"another operator carries it out", kProposed, "a", "b", true, MergeVerdict::kCarryOut,
       kAccepted},
      {"the same operator is no second one", kProposed, "a", "a", true,
       MergeVerdict::kSecondOperator, kProposed},
      {"who proposed may take it back", kProposed, "a", "a", false, MergeVerdict::kStep, kRejected},
      {"what was carried out is decided", kAccepted, "", "c", true, MergeVerdict::kDecided,
       kAccepted},
      {"and is not rejected any more, but reverted", kAccepted, "", "c", false,
       MergeVerdict::kDecided, kAccepted},
      {"what was rejected may be proposed again", kRejected, "", "c", true, MergeVerdict::kStep,
       kProposed},
      {"and is not rejected twice", kRejected, "", "c", false, MergeVerdict::kDecided, kRejected},
      {"what was reverted may be proposed again", kReverted, "", "c", true, MergeVerdict::kStep,
       kProposed},
      {"and is not rejected any more", kReverted, "", "c", false, MergeVerdict::kDecided,
       kReverted},
      {"a reject ends the proposal to revert: the merge stands", kRevertProposed, "a", "b", false,
       MergeVerdict::kStep, kAccepted},
      {"an accept says nothing about a proposal to revert", kRevertProposed, "a", "b", true,
       MergeVerdict::kDecided, kRevertProposed},
  }));
  INFO(row.rule);
  const MergePlan plan = PlanDecision(row.state, row.proposed_by, row.by, row.accept);
  CHECK(plan.verdict == row.verdict);
  CHECK(plan.next == row.next);
}

TEST_CASE("PlanRevert: R12 two operators take a merge back", "[attributes][rule]") {
  struct Row {
    const char* rule;
    MergeState state;
    const char* proposed_by;
    const char* by;
    MergeVerdict verdict;
    MergeState next;
  };
  const auto row = GENERATE(values<Row>({
      {"the first one proposes", kAccepted, "", "a", MergeVerdict::kStep, kRevertProposed},
      {"another one carries it out", kRevertProposed, "a", "b", MergeVerdict::kTakeBack, kReverted},
      {"the same one does not", kRevertProposed, "a", "a", MergeVerdict::kSecondOperator,
       kRevertProposed},
      {"nothing was carried out yet", kPending, "", "a", MergeVerdict::kDecided, kPending},
      {"nor proposed alone", kProposed, "a", "b", MergeVerdict::kDecided, kProposed},
      {"nor rejected", kRejected, "", "a", MergeVerdict::kDecided, kRejected},
      {"once is enough", kReverted, "", "a", MergeVerdict::kDecided, kReverted},
  }));
  INFO(row.rule);
  const MergePlan plan = PlanRevert(row.state, row.proposed_by, row.by);
  CHECK(plan.verdict == row.verdict);
  CHECK(plan.next == row.next);
}

TEST_CASE("SeenAgain: R12 the same credential brings the same ICN once more",
          "[attributes][rule]") {
  CHECK(SeenAgain(kPending, true) == kPending);
  CHECK(SeenAgain(kProposed, false) == kProposed);
  // The first operator spoke about other accounts.
  CHECK(SeenAgain(kProposed, true) == kPending);
  // It was carried out, and yet the account has another ICN again.
  CHECK(SeenAgain(kAccepted, false) == kPending);
  CHECK(SeenAgain(kRevertProposed, true) == kPending);
  // Operators have said that the account is right: of these two accounts, not of others.
  CHECK(SeenAgain(kRejected, false) == kRejected);
  CHECK(SeenAgain(kReverted, false) == kReverted);
  CHECK(SeenAgain(kRejected, true) == kPending);
  CHECK(SeenAgain(kReverted, true) == kPending);
}

}  // namespace
}  // namespace va::attributes
