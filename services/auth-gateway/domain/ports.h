// What the gateway's rules need from outside: records that survive a restart, and the services that
// know what the gateway does not. Implementations live in store/ and adapters/; every call is
// bounded by a deadline and fails with a Status, never with a guess.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/auth-gateway/domain/logout.h"
#include "services/auth-gateway/domain/mpi_news.h"
#include "services/auth-gateway/domain/provisioning.h"
#include "services/auth-gateway/domain/records.h"
#include "services/auth-gateway/domain/verified_assertion.h"

namespace va::gateway {

// What became of the attempt to use an assertion (decision P2).
enum class Claim {
  kWon,     // first use: this caller decides the attempt
  kRepeat,  // same assertion, same flow, same browser: somebody decides or decided it already
  kReplay,  // any other repeat
};

// Attempts. Ids that may be used once are consumed by one atomic statement.
class FlowStore {
 public:
  virtual ~FlowStore() = default;

  // Keeps a new attempt; drops the oldest open ones of the same browser beyond five.
  virtual absl::Status Start(const FlowRecord& flow, absl::Time deadline) = 0;

  // The attempt a RelayState handle stands for, also when it has expired; nothing when unknown.
  virtual absl::StatusOr<std::optional<FlowRecord>> FindByHandle(absl::string_view handle_hash,
                                                                 absl::Time deadline) = 0;

  // Records the use of `assertion_id` of `issuer` until `usable_until` and claims the flow for it,
  // in one statement: of any number of callers exactly one wins.
  virtual absl::StatusOr<Claim> ClaimOnce(const FlowRecord& flow, absl::string_view issuer,
                                          absl::string_view assertion_id, absl::Time usable_until,
                                          absl::Time now, absl::Time deadline) = 0;

  // Writes how a claimed attempt ended and, when it ended in a session, the session with it and
  // where the questions that follow it stand: all or nothing.
  virtual absl::Status Finish(absl::string_view flow_id, const Outcome& outcome,
                              const SessionRecord* session, const Provisioning& provisioning,
                              absl::Time deadline) = 0;

  // Writes how far the questions that follow a session have come; what is absent stays as it is. An
  // account that is ensured stays ensured: a late answer to an earlier question does not undo it.
  virtual absl::Status RecordProvisioning(absl::string_view flow_id,
                                          const Provisioning& provisioning,
                                          absl::Time deadline) = 0;

  // The attempt a request id stands for; nothing when unknown or already forgotten.
  virtual absl::StatusOr<std::optional<FlowRecord>> FindById(absl::string_view request_id,
                                                             absl::Time deadline) = 0;
};

// Sessions.
class SessionStore {
 public:
  virtual ~SessionStore() = default;

  // The live session of a token hash, its window moved when that is due; nothing when there is
  // none.
  virtual absl::StatusOr<std::optional<SessionRecord>> Use(absl::string_view token_hash,
                                                           absl::Time now, absl::Time deadline) = 0;

  // Ends a session. Ending one that does not exist is no error. What ended.
  virtual absl::StatusOr<std::optional<EndedSession>> End(absl::string_view token_hash,
                                                          absl::Time deadline) = 0;

  // Ends every session that its IdP means, in one statement; what ended, nothing when there was
  // none.
  virtual absl::StatusOr<std::vector<EndedSession>> EndByIdp(const IdpSessions& which,
                                                             absl::Time deadline) = 0;

  // The same of an account, for a lock and the like.
  virtual absl::StatusOr<std::vector<EndedSession>> EndByAccount(const AccountSessions& which,
                                                                 absl::Time deadline) = 0;

  // Keeps a logout until the IdP's answer comes back.
  virtual absl::Status KeepLogout(const PendingLogout& logout, absl::Time deadline) = 0;

  // The logout a RelayState handle stands for, when `browser_hash` is the browser that left with it
  // and it has not expired; nothing otherwise.
  virtual absl::StatusOr<std::optional<PendingLogout>> FindLogout(absl::string_view handle_hash,
                                                                  absl::string_view browser_hash,
                                                                  absl::Time now,
                                                                  absl::Time deadline) = 0;

  // Ends the wait for its answer: true for one caller only.
  virtual absl::StatusOr<bool> TakeLogout(absl::string_view handle_hash, absl::Time deadline) = 0;
};

// What a call to another service needs to know of the attempt.
struct CallScope {
  std::string request_id;
  absl::Time deadline;
};

// The reading of an assertion, as far as the gateway acts on it.
struct Derived {
  int loa_current = 1;
  bool asks_mpi = false;
  // The question for MPI in the wire form of the rules service; the gateway passes it on unread.
  std::string mpi_question;
  // Whom to add when MPI knows nobody (decision R4), likewise; empty: nobody.
  std::string mpi_addition;
};

// An answer of MPI. The profile passes through the gateway unread, in its wire form.
struct MpiAnswer {
  int outcome = 0;  // va.common.v1.MpiOutcome
  bool matched = false;
  bool no_match = false;  // MPI answered that it knows nobody
  std::string profile;
  // With AddPerson: what became of it, and the same in the words of `outcome`; unspecified when
  // nobody was added.
  std::optional<MpiTold> told;
  int add_outcome = 0;
};

// The decision about an attempt, as the rules service made it.
struct Decision {
  enum class Verdict { kAdmit, kStepUp, kDeny, kTryLater };
  Verdict verdict = Verdict::kTryLater;
  std::string code;
  std::string tag;
  std::vector<std::string> findings;
  std::vector<std::string> waived;
  std::vector<FindingEffect> effects;  // of each finding
  std::vector<std::string> rules;      // that decided, in order
  std::string policy_version;
  // Filled with kAdmit: everything of the session but its token, times and application.
  SessionRecord session;
  // With kAdmit: proof of the decision towards other services (decision E6). Never kept.
  identity::Secret decision_token;
  // With kAdmit: what MPI should be told once the person has their answer.
  std::optional<MpiUpdate> mpi_update;
};

// The decision about a person whose session lives on.
struct RenewedDecision {
  bool admitted = false;
  std::string code;  // when not admitted
  std::string tag;
  identity::Secret decision_token;  // when admitted; never kept
};

// The rules (user-attributes).
class AttributeRules {
 public:
  virtual ~AttributeRules() = default;
  virtual absl::StatusOr<Derived> Derive(const SignInPlan& plan, const VerifiedAssertion& assertion,
                                         const CallScope& scope) = 0;
  virtual absl::StatusOr<Decision> Admit(const SignInPlan& plan, const VerifiedAssertion& assertion,
                                         const std::optional<MpiAnswer>& mpi,
                                         const CallScope& scope) = 0;
  // A fresh decision token for a live session; locks and the policy of `policy_version` are judged
  // again (decision E6).
  virtual absl::StatusOr<RenewedDecision> RenewDecision(const SessionRecord& session,
                                                        absl::string_view policy_version,
                                                        const CallScope& scope) = 0;
};

// A document of terms as it must be accepted now, and how the person last answered it.
struct TermsStatus {
  std::string title;
  std::string revision;
  std::string legal_version;
  bool accepted = false;                         // this revision stands accepted
  bool declined = false;                         // the latest answer is a no
  absl::Time decided_at = absl::InfinitePast();  // with either
};

// A person's answer to the terms.
struct TermsAnswer {
  std::string id;  // the same id again is the same answer
  std::string document;
  std::string revision;  // as the person was shown
  bool accepted = false;
};

// Terms of use and the answers to them (user-attributes).
class Terms {
 public:
  virtual ~Terms() = default;
  virtual absl::StatusOr<TermsStatus> GetTermsAcceptance(absl::string_view account_id,
                                                         absl::string_view document,
                                                         const CallScope& scope) = 0;
  // FAILED_PRECONDITION (TERMS_REVISION) when the revision shown is not the current one.
  virtual absl::Status RecordTerms(const AdmittedPerson& person, const TermsAnswer& answer,
                                   const CallScope& scope) = 0;
};

// My HealtheVet accounts (mhv-account).
class MhvAccounts {
 public:
  virtual ~MhvAccounts() = default;
  // Ensured, needs terms or ineligible. That My HealtheVet could not be asked is a Status.
  virtual absl::StatusOr<MhvAccountState> EnsureAccount(const AdmittedPerson& person,
                                                        const CallScope& scope) = 0;
};

// A person's answer to the consent text.
struct ConsentAnswer {
  std::string id;  // the same id again is the same answer
  std::string text_version;
  std::string text_sha256;  // lower-case hex
  std::string locale;
  bool given = false;
};

// The handoff of a proofing (inherited-proofing).
class ProofingHandoff {
 public:
  virtual ~ProofingHandoff() = default;
  // Invited or not eligible. That somebody could not be asked is a Status.
  virtual absl::StatusOr<ProofingState> CheckEligibility(const AdmittedPerson& person,
                                                         const CallScope& scope) = 0;
  virtual absl::Status RecordConsent(const AdmittedPerson& person, const ConsentAnswer& answer,
                                     const CallScope& scope) = 0;
};

// The Master Person Index (mpi-adapter).
class PersonIndex {
 public:
  virtual ~PersonIndex() = default;
  virtual absl::StatusOr<MpiAnswer> GetProfile(const Derived& derived, const CallScope& scope) = 0;
  // Has the person of derived.mpi_addition made known to MPI, and asks for them again. Never
  // repeated: a Status says nothing about whether MPI knows them now.
  virtual absl::StatusOr<MpiAnswer> AddPerson(const Derived& derived, const CallScope& scope) = 0;
  // Tells MPI what it does not know yet. Never repeated.
  virtual absl::StatusOr<MpiTold> Tell(const MpiNews& news, const CallScope& scope) = 0;
};

}  // namespace va::gateway
