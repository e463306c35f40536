// What stands on record about accounts beyond a single sign-in: their credentials, locks, and
// merges that operators decide (decision R12). Plain values; the store keeps them, the API shows
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"

namespace va::attributes {

// Who asks for a change, on whose behalf, and why: the audit trail and the merge's steps name both.
struct Actor {
  std::string caller;       // name of the certificate
  std::string operator_id;  // who stands behind it
  std::string reason;

  bool operator==(const Actor&) const = default;
};

// One credential, sealed values opened only when they were asked for.
struct VerificationRecord {
  std::string id;
  identity::Csp type = identity::Csp::kIdme;
  std::optional<absl::Time> verified_at;
  bool locked = false;
  bool backed = false;
  absl::Time created_at;
  absl::Time last_used_at;
  std::optional<identity::CspId> identifier;  // opened
  std::optional<identity::PersonText> email;  // opened
};

struct AccountRecord {
  std::string id;
  bool verified = false;
  bool locked = false;
  absl::Time created_at;
  std::vector<VerificationRecord> verifications;  // oldest first
  std::optional<absl::Time> acceptable_verified_credential_at;
  std::optional<absl::Time> idme_verified_credential_at;
  std::vector<std::string> former_account_ids;
  int merges_pending = 0;
  std::optional<identity::Icn> icn;  // opened
};

// A page of something, and where the next one begins; empty: that was the last.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;
};

enum class AccountEventKind { kLocked, kUnlocked, kMoved, kForgotten };

// One thing that happened to an account. Sequence numbers grow in the order of commits, without two
// that could be seen the wrong way round.
struct AccountEvent {
  std::int64_t sequence = 0;
  AccountEventKind kind = AccountEventKind::kLocked;
  std::string account_id;
  std::string verification_id;  // empty: the whole account
  absl::Time happened_at;
};

// What a change came to.
struct Changed {
  bool changed = false;       // otherwise it was so before
  std::int64_t sequence = 0;  // of the event; 0 when nothing changed
};

enum class MergeState { kPending, kProposed, kAccepted, kRejected, kRevertProposed, kReverted };

struct MergeStep {
  MergeState state = MergeState::kPending;
  Actor actor;
  absl::Time at;
};

struct MergeRecord {
  std::string id;
  MergeState state = MergeState::kPending;
  std::string account_id;        // the credential is on it
  std::string verification_id;   // the credential
  std::string other_account_id;  // holds the ICN that came in; empty: none does
  std::string first_request_id;
  std::string last_request_id;
  int times_seen = 0;
  absl::Time created_at;
  absl::Time last_seen_at;
  std::vector<MergeStep> steps;              // oldest first
  std::optional<identity::Icn> account_icn;  // opened
  std::optional<identity::Icn> other_icn;    // opened
};

// Merges that wait for somebody: pending, proposed, or proposed to be undone.
struct WaitingMerges {
  std::int64_t count = 0;
  std::optional<absl::Time> oldest;  // when the one that waits longest was recorded
};

}  // namespace va::attributes
