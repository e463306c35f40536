// Whether a live session may go on acting for its person (decision E6): its locks and the policy
// are judged again, nothing is asked of MPI and nothing is written. A pure function of what is
// stored, of the session and of the policy in force; the answer is admit or deny, never a step-up.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/signin_code.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/admit.h"

namespace va::attributes {

// What is stored about a verification and its account.
struct Standing {
  bool locked = false;
  bool verified = false;             // a sign-in of this credential brought the account's ICN
  bool merge_pending = false;        // another ICN came in, operators have not decided (R12)
  std::optional<identity::Icn> icn;  // of the account
};

// The session as the gateway holds it.
struct LiveSession {
  identity::Assurance assurance;
  absl::string_view application;  // row of the policy
  // A waived 103: the credential and MPI name different people (decision R3).
  bool icn_in_dispute = false;
};

struct Renewal {
  Verdict verdict = Verdict::kDeny;      // kAdmit or kDeny
  std::optional<base::Refusal> refusal;  // with kDeny
  identity::Icn icn;                     // with kAdmit; empty when the session acts on none
  absl::string_view rule;                // the rule that decided, by name
};

Renewal JudgeRenewal(const Standing& standing, const LiveSession& session,
                     const identity::Policy& policy, absl::Time now);

}  // namespace va::attributes
