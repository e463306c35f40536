// The audit trail as whoever reports to it sees it: a closed list of events and a closed set of
// facts. A person stands in it as a keyed pseudonym, never as a name or a number. file_audit.h is
// the trail itself.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace va::telemetry {

// The closed list. Adding one is a decision, not a detail.
enum class AuditEvent {
  kSignInStarted,
  kRequestRefused,
  kAssertionAccepted,
  kAssertionRefused,
  kMpiMatched,
  kMpiNotMatched,
  // A change was sent to MPI; `outcome` says what it answered, or that nobody knows.
  kMpiPersonAdded,
  kMpiProxyAdded,
  kMpiProfileUpdated,
  kMpiBreakGlass,  // bodies of messages are logged from now on, or no more
  kDecisionMade,
  kDecisionExplained,  // somebody asked what the rules make of a statement; nothing was decided
  kSessionIssued,
  kSessionEnded,
  kLogoutRequested,  // by an identity provider, verified; `outcome` says what there was to end
  kTermsAnswered,
  kMhvAccountCreated,
  kMhvAccountEnsured,  // asked for, and not created: `outcome` says how it ended
  kConsentGiven,
  kProofingCodeIssued,
  kProofingAttributesReleased,
  kAdminChanged,
  // What operators do with people's records. `requested` stands before whatever gives, moves or
  // deletes something, what it came to behind it; a lock never waits for its record.
  kAccountLocked,
  kAccountUnlocked,
  kAccountRevealed,  // somebody read what is sealed
  kAccountForgotten,
  kMergeDecided,
  kMergeReverted,
  kKeyRotated,
  kMetadataChanged,
  kConfigReloaded,
  // The trail about itself (file_audit.h): nobody else reports these.
  kChainStarted,
  kChainEnded,
  kRecordsLost,
};

// "sign_in.started" and so on.
absl::string_view ToString(AuditEvent event);

// All a record may say; empty texts are left out.
struct AuditFacts {
  absl::string_view request_id = {};
  absl::string_view csp = {};
  absl::string_view application = {};
  absl::string_view outcome = {};  // admit, step_up, deny, try_later ...
  absl::string_view code = {};
  absl::string_view tag = {};
  absl::string_view policy_version = {};
  // Whom it is about, as far as known: the id of the account, and the credential's id at `csp`. The
  // trail writes keyed pseudonyms of them (`who`, `credential`), the same in every service that
  // shares the keys; what stands here is never written.
  absl::string_view account_id = {};
  absl::string_view credential_id = {};
  // Their ICN, written as a keyed pseudonym (`icn`).
  absl::string_view icn = {};
  // The row of a credential, written as a keyed pseudonym (`verification`).
  absl::string_view verification_id = {};
  absl::string_view merge_id = {};  // row id; names nobody
  // Of what an operator does: the certificate that called, who stands behind it, and why, in words
  // that were checked to hold no identifier of a person.
  absl::string_view caller = {};
  absl::string_view operator_id = {};
  absl::string_view reason = {};
};

class Audit {
 public:
  virtual ~Audit() = default;
  // UNAVAILABLE (AUDIT_WRITE) if the record did not get out whole: what it reports must not take
  // effect then. Thread-safe; bounded in time.
  virtual absl::Status Write(AuditEvent event, const AuditFacts& facts) = 0;
};

}  // namespace va::telemetry
