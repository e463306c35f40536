// Gathers what eligibility is judged from, asking our own record, MPI and MHV in this order, and
// judges it. Nothing is cached here: a proofing can be lost and MHV cannot notify anybody (seed
// 003, question 5). What no rule looks at is not asked for; what could not be asked is a fault.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/inherited-proofing/domain/eligibility.h"
#include "services/inherited-proofing/domain/ports.h"

namespace va::proofing {

// Whom a question is about, as a verified decision token bears out.
struct Person {
  ConsentScope scope;
  identity::Icn icn;
  identity::CspId mhv_id;  // correlation id of the session; empty: MHV is asked for it by ICN
  identity::Csp csp = identity::Csp::kIdme;
};

class EligibilityCheck {
 public:
  struct Deps {
    HandoffStore& handoffs;
    PersonIndex& people;
    MhvProofingApi& mhv;
    const Rules& rules;
  };

  explicit EligibilityCheck(const Deps& deps) : deps_(deps) {}

  absl::StatusOr<Eligibility> Run(const Person& person, FlagsAge age, absl::Time now,
                                  const CallScope& scope) const;

 private:
  bool Applies(Rule rule) const { return deps_.rules.of(rule) != Effect::kIgnore; }
  absl::Status AskOurselves(const Person& person, const CallScope& scope,
                            ProofingFacts& facts) const;
  absl::Status AskMpi(const Person& person, FlagsAge age, const CallScope& scope,
                      ProofingFacts& facts) const;
  absl::Status AskMhv(const Person& person, const CallScope& scope, ProofingFacts& facts) const;

  const Deps deps_;
};

}  // namespace va::proofing
