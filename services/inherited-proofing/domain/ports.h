// What this service needs from outside its rules: MHV's proofing API, the Master Person Index, and
// a place for answers and codes. An implementation that cannot ask answers UNAVAILABLE, retryable,
// and never an empty answer (decision M8).
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"
#include "services/inherited-proofing/domain/consent.h"
#include "services/inherited-proofing/domain/proofing_facts.h"

namespace va::proofing {

// How long a call may take, and for which request it is made.
struct CallScope {
  std::string request_id;
  absl::Time deadline;
};

// MHV's two read-only questions. Faults are UNAVAILABLE and retryable: MHV_UNAVAILABLE,
// MHV_TIMEOUT, MHV_MALFORMED, MHV_CONTENT_TYPE.
class MhvProofingApi {
 public:
  virtual ~MhvProofingApi() = default;

  // The account of an ICN; nothing when MHV says that it has none.
  virtual absl::StatusOr<std::optional<MhvAccount>> FindAccount(const identity::Icn& icn,
                                                                const CallScope& scope) = 0;
  virtual absl::StatusOr<ProofingRecord> ReadRecord(const identity::CspId& mhv_id,
                                                    const CallScope& scope) = 0;
};

// How old MPI's word on death and identity theft may be.
enum class FlagsAge {
  kMinutes,  // for an invitation, which gives nobody anything
  kNow       // for handing a proofing on, which nobody takes back
};

// What MPI holds against anybody acting as this person. UNAVAILABLE (MPI_UNAVAILABLE) when MPI
// could not be asked, FAILED_PRECONDITION (MPI_NOT_MATCHED) when it no longer knows exactly one
// person by this ICN.
class PersonIndex {
 public:
  virtual ~PersonIndex() = default;

  virtual absl::StatusOr<PersonFlags> FlagsOf(const identity::Icn& icn, FlagsAge age,
                                              const CallScope& scope) = 0;
};

// Owns the answers to the consent text, which are only ever added.
class ConsentStore {
 public:
  virtual ~ConsentStore() = default;

  // Adds the answer; `token`, empty when it was declined, starts one handoff until
  // answer.expires_at. The same request id of the same account is the same answer: a repeated one
  // gets this token in place of the earlier, still unspent one, whose end it keeps. What comes back
  // is that end. FAILED_PRECONDITION: REQUEST_ID_REUSED (another answer under that id),
  // CONSENT_OVER (it was spent or has ended).
  virtual absl::StatusOr<absl::Time> Record(const ConsentAnswer& answer,
                                            const identity::Secret& token, absl::Time deadline) = 0;

  // Whether the token would start a handoff for this account and session now.
  virtual absl::StatusOr<bool> IsOpen(const identity::Secret& token, const ConsentScope& scope,
                                      absl::Time now, absl::Time deadline) = 0;
};

// What a handoff is begun with.
struct NewHandoff {
  ConsentScope scope;
  identity::Csp csp = identity::Csp::kMhv;
  identity::Secret consent_token;
  identity::Secret code;
  absl::Time issued_at;
  absl::Time expires_at;
};

// Owns handoffs and the accounts that completed one.
class HandoffStore {
 public:
  virtual ~HandoffStore() = default;

  // Spends the consent and stores the code, both or neither and once, however many callers try.
  // False when the token does not start a handoff (any more).
  virtual absl::StatusOr<bool> Mint(const NewHandoff& handoff, absl::Time deadline) = 0;

  // Whether this account completed a handoff before.
  virtual absl::StatusOr<bool> IsVerified(const std::string& account_id, absl::Time deadline) = 0;
};

}  // namespace va::proofing
