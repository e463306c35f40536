// The rules of EnsureAccount (mpi_mhv.md 2.11-2.13, decisions M4-M6, M8, M10) as pure functions:
// who may have an account, and what each answer of MHV means. Nothing here asks anybody.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"
#include "services/mhv-account/domain/account.h"

namespace va::mhv {

// Everything the decision rests on, gathered before it is made.
struct EnsureFacts {
  int ial = 1;
  bool has_icn = false;
  TermsStanding terms = TermsStanding::kNoAnswer;
};

// Why MHV is not asked for this person: every reason, in a fixed order, none when it is. Terms
// alone leave the state at needs_terms; whatever else is missing makes it ineligible.
std::optional<EnsureOutcome> Evaluate(const EnsureFacts& facts);

// Who has to do something about an error of MHV's account API.
enum class Concern {
  kPerson,  // the person, at MHV
  kMhv,     // MHV; nobody here knows why
  kUs,      // our own registration with MHV, or our own message
};

// One row of the table 801-812.
struct UpstreamError {
  int code;
  absl::string_view reason;  // "mhv_805"
  absl::string_view title;
  Concern concern;
};

// The row of a code; nothing for a code outside the table.
const UpstreamError* FindUpstreamError(int code);

// MHV's word on a request that it understood and refused.
struct Refusal {
  int code = 0;
};

// The outcome for the person. A refusal that is our own fault is none: FAILED_PRECONDITION, reason
// MHV_808 and the like, not retryable, and nobody is called ineligible for it.
absl::StatusOr<EnsureOutcome> Judge(const Refusal& refusal);

// The members of MHV's 200 as they came; absent is absent or null.
struct AccountFacts {
  std::optional<identity::CspId> mhv_id;
  std::optional<bool> premium;
  std::optional<bool> champ_va;
  std::optional<bool> patient;
  std::optional<bool> sm_account_created;
  std::string message;
};

// A 200 is an account only with all its facts (mpi_mhv.md 2.12): MHV_MALFORMED otherwise. The
// message decides the origin and goes no further.
absl::StatusOr<MhvAccount> ReadAccount(const AccountFacts& facts);

// The known messages of a 200, as a closed set; every other text is unknown.
Origin OriginOf(absl::string_view message);

EnsureOutcome Ensured(MhvAccount account);

}  // namespace va::mhv
