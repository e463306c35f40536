// Station 6 of a sign-in: whether the person may come in (decision M3: decided here alone). Takes
// the assertion again and MPI's answer, and ends in exactly one of four ways (decision R20). A pure
// function; linking the account is done by the caller, and only when this admits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/signin_code.h"
#include "lib/identity/assurance.h"
#include "lib/identity/gc_ids.h"
#include "lib/identity/pii.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/assertion.h"
#include "services/user-attributes/domain/claims.h"
#include "services/user-attributes/domain/derive.h"
#include "services/user-attributes/domain/findings.h"

namespace va::attributes {

// What became of the question to MPI (decision M1), as the rules see it.
enum class MpiOutcome {
  kNotAsked,
  kOk,
  kNoMatch,
  kMultipleMatches,
  kInvalidRequest,
  kSenderRejected,
  kDuplicateKey,
  kMpiFailed,
  kTransport,
  kTimeout,
  kBreakerOpen,
  kUnparseable,
  kBlocked,
};

// The person as MPI answered, reduced to what the rules read.
struct MpiProfile {
  identity::Icn icn;
  std::optional<identity::PersonText> first_name;
  std::optional<identity::PersonText> middle_name;
  std::optional<identity::PersonText> last_name;
  std::optional<Gender> gender;
  std::optional<identity::BirthDate> birth_date;  // YYYY-MM-DD
  std::optional<identity::Ssn> ssn;
  bool deceased = false;
  bool id_theft = false;
  identity::GcIds ids;
};

struct MpiAnswer {
  MpiOutcome outcome = MpiOutcome::kNotAsked;
  std::optional<MpiProfile> profile;  // with kOk
  // What became of adding the person, when that was tried after a first "no match"; `outcome` is
  // then the answer to the second question.
  MpiOutcome add_outcome = MpiOutcome::kNotAsked;
};

enum class Verdict { kAdmit, kStepUp, kDeny, kTryLater };

// Names in the catalogue (rule_catalogue.h).
using RuleNames = absl::InlinedVector<absl::string_view, 4>;

struct Decision {
  Verdict verdict = Verdict::kDeny;
  std::optional<base::Refusal> refusal;  // with kDeny and kTryLater
  std::vector<Finding> findings;
  Claims claims;      // of the credential: what is linked
  Claims attributes;  // final attributes (decision R8): what the session shows
  identity::Assurance assurance;
  RuleNames rules;  // names of the rules that decided, in order
  // What MPI should be told once the person has their answer. A failure of it ends nothing.
  std::optional<MpiUpdate> mpi_update;
};

// The rule by which an application asks for more than is held; empty when nothing is missing.
absl::string_view MissingForApplication(const identity::Assurance& held,
                                        const identity::Application& application, absl::Time now);

// Decides one attempt. `trace`, when given, takes every rule that is reached, Derive's first.
Decision Admit(const SsoeAssertion& assertion, const Attempt& attempt, const MpiAnswer& mpi,
               const identity::Policy& policy, absl::Time now, Trace* trace = nullptr);
Decision Admit(const OidcAssertion& assertion, const Attempt& attempt, const MpiAnswer& mpi,
               const identity::Policy& policy, absl::Time now, Trace* trace = nullptr);
Decision Admit(const Assertion& assertion, const Attempt& attempt, const MpiAnswer& mpi,
               const identity::Policy& policy, absl::Time now, Trace* trace = nullptr);

}  // namespace va::attributes
