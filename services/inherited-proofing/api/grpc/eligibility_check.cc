#include "services/inherited-proofing/api/grpc/eligibility_check.h"

#include <optional>
#include <utility>

#include "absl/time/civil_time.h"

namespace va::proofing {

absl::Status EligibilityCheck::AskOurselves(const Person& person, const CallScope& scope,
                                            ProofingFacts& facts) const {
  if (!Applies(Rule::kAlreadyVerified)) return absl::OkStatus();
  const absl::StatusOr<bool> verified =
      deps_.handoffs.IsVerified(person.scope.account_id, scope.deadline);
  if (!verified.ok()) return verified.status();
  facts.already_verified = *verified;
  return absl::OkStatus();
}

absl::Status EligibilityCheck::AskMpi(const Person& person, FlagsAge age, const CallScope& scope,
                                      ProofingFacts& facts) const {
  if (!Applies(Rule::kDeceased) && !Applies(Rule::kIdTheft)) return absl::OkStatus();
  const absl::StatusOr<PersonFlags> flags = deps_.people.FlagsOf(person.icn, age, scope);
  if (!flags.ok()) return flags.status();
  facts.flags = *flags;
  return absl::OkStatus();
}

absl::Status EligibilityCheck::AskMhv(const Person& person, const CallScope& scope,
                                      ProofingFacts& facts) const {
  facts.mhv_id = person.mhv_id;
  if (facts.mhv_id.empty()) {
    absl::StatusOr<std::optional<MhvAccount>> account = deps_.mhv.FindAccount(person.icn, scope);
    if (!account.ok()) return account.status();
    if (!account->has_value()) return absl::OkStatus();
    facts.mhv_id = (*account)->mhv_id;
    // A status that MHV leaves out is not known, and no rule guesses.
    if (!(*account)->status.empty()) facts.status = std::move((*account)->status);
  }
  absl::StatusOr<ProofingRecord> record = deps_.mhv.ReadRecord(facts.mhv_id, scope);
  if (!record.ok()) return record.status();
  facts.record = *std::move(record);
  return absl::OkStatus();
}

absl::StatusOr<Eligibility> EligibilityCheck::Run(const Person& person, FlagsAge age,
                                                  absl::Time now, const CallScope& scope) const {
  ProofingFacts facts;
  facts.csp = person.csp;
  if (absl::Status asked = AskOurselves(person, scope, facts); !asked.ok()) return asked;
  if (absl::Status asked = AskMpi(person, age, scope, facts); !asked.ok()) return asked;
  if (absl::Status asked = AskMhv(person, scope, facts); !asked.ok()) return asked;
  return JudgeEligibility(facts, deps_.rules, absl::ToCivilDay(now, absl::UTCTimeZone()));
}

}  // namespace va::proofing
