// What this service knows and says of an MHV account: plain values, owned by whoever holds them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/identity/pii.h"

namespace va::mhv {

// How the account came to be (mpi_mhv.md 3.2.16): one made by the API has no MHV credential.
enum class Origin {
  kUnknown,
  kApiCreated,
  kExisting,
};

// An account as MHV states it, whole: with a fact missing there is no such value.
struct MhvAccount {
  identity::CspId mhv_id;
  bool premium = false;  // asserted by MHV, never inferred here (decision M6)
  bool champ_va = false;
  bool patient = false;
  bool sm_account_created = false;  // a secure messaging account exists
  Origin origin = Origin::kUnknown;
};

enum class State {
  kNeedsTerms,
  kEnsured,
  kIneligible,
};

// The words of the two above, as stored and logged.
absl::string_view ToString(Origin origin);
absl::string_view ToString(State state);
std::optional<Origin> OriginFromString(absl::string_view word);

// One answer to terms of use. What was accepted and when come from this one record (mpi_mhv.md
// 3.2.6): nothing of it is configuration here.
struct TermsAcceptance {
  std::string revision;
  std::string legal_version;
  std::string title;
  absl::Time accepted_at;
};

// How a person stands to the terms as they are now.
enum class TermsStanding {
  kNoAnswer,
  kDeclined,  // also after an earlier acceptance
  kOutdated,  // accepted an older revision
  kAccepted,
};

struct Terms {
  TermsStanding standing = TermsStanding::kNoAnswer;
  std::optional<TermsAcceptance> acceptance;  // with kAccepted
};

// Whose account it is: an account of ours and the ICN it was admitted with.
struct Person {
  std::string account_id;
  identity::Icn icn;
};

// The end of one EnsureAccount. That MHV could not be asked is not among these but a Status
// (decision M8).
struct EnsureOutcome {
  State state = State::kIneligible;
  std::vector<std::string> reasons;   // all of them (decision M5); empty with kEnsured
  std::optional<MhvAccount> account;  // with kEnsured
  std::string upstream_code;          // MHV's own, as text (decision M10)
  bool user_actionable = false;
  bool from_cache = false;
};

}  // namespace va::mhv
