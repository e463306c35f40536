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

  // Writes how a claimed attempt ended and, when it ended in a session, the session with it: both
  // or neither.
  virtual absl::Status Finish(absl::string_view flow_id, const Outcome& outcome,
                              const SessionRecord* session, absl::Time deadline) = 0;

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

  // Ends a session. Ending one that does not exist is no error. True when one ended.
  virtual absl::StatusOr<bool> End(absl::string_view token_hash, absl::Time deadline) = 0;
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
};

// An answer of MPI. The profile passes through the gateway unread, in its wire form.
struct MpiAnswer {
  int outcome = 0;  // va.common.v1.MpiOutcome
  bool matched = false;
  std::string profile;
};

// The decision about an attempt, as the rules service made it.
struct Decision {
  enum class Verdict { kAdmit, kStepUp, kDeny, kTryLater };
  Verdict verdict = Verdict::kTryLater;
  std::string code;
  std::string tag;
  std::vector<std::string> findings;
  std::vector<std::string> waived;
  // Filled with kAdmit: everything of the session but its token, times and application.
  SessionRecord session;
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
};

// The Master Person Index (mpi-adapter).
class PersonIndex {
 public:
  virtual ~PersonIndex() = default;
  virtual absl::StatusOr<MpiAnswer> GetProfile(const Derived& derived, const CallScope& scope) = 0;
};

}  // namespace va::gateway
