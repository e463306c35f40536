// What this service needs from outside its rules: places where accounts and verifications and where
// answers to terms live, and the policy in force.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/accounts.h"
#include "services/user-attributes/domain/linking.h"
#include "services/user-attributes/domain/renewal.h"
#include "services/user-attributes/domain/terms.h"

namespace va::attributes {

// Owns accounts and credential verifications. Implementations are safe to call from many threads
// and from many processes on one database.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // Finds or creates the verification of `credential` and its account. Two first sign-ins of one
  // person at the same moment end on one account.
  virtual absl::StatusOr<LinkedAccount> Link(const Credential& credential, const LinkCall& call,
                                             absl::Time now, absl::Time deadline) = 0;

  // What is stored about a verification of this account; nothing when there is no such pair.
  virtual absl::StatusOr<std::optional<Standing>> FindStanding(absl::string_view account_id,
                                                               absl::string_view verification_id,
                                                               absl::Time deadline) = 0;

  // What is stored that the rules want to know before they run. `credential`: whether it was
  // verified before; `icn`: the uuids of the account that holds it. Either may be absent.
  virtual absl::StatusOr<Known> FindKnown(const std::optional<CredentialKey>& credential,
                                          const std::optional<identity::Icn>& icn,
                                          absl::Time deadline) = 0;
};

// Accounts as operators see and change them. Thread-safe, and safe among processes on one database.
// Nothing: there is no such account, credential or merge. Whatever changes something writes its
// event in the same transaction.
class AccountDirectory {
 public:
  virtual ~AccountDirectory() = default;

  // `open`: sealed values, too.
  virtual absl::StatusOr<std::optional<AccountRecord>> Find(absl::string_view account_id, bool open,
                                                            absl::Time deadline) = 0;
  // In the order of ids, from behind `after` on.
  virtual absl::StatusOr<Page<AccountRecord>> List(absl::string_view after, int size,
                                                   bool locked_only, absl::Time deadline) = 0;
  // Locks or unlocks an account, or one credential of it when `verification_id` is given.
  virtual absl::StatusOr<std::optional<Changed>> SetLock(absl::string_view account_id,
                                                         absl::string_view verification_id,
                                                         bool locked, const Actor& actor,
                                                         absl::Time now, absl::Time deadline) = 0;
  // Without `state`: those that wait for somebody.
  virtual absl::StatusOr<Page<MergeRecord>> ListMerges(std::optional<MergeState> state,
                                                       absl::string_view after, int size,
                                                       absl::Time deadline) = 0;
  virtual absl::StatusOr<std::optional<MergeRecord>> FindMerge(absl::string_view merge_id,
                                                               bool open, absl::Time deadline) = 0;
  virtual absl::StatusOr<WaitingMerges> CountWaitingMerges(absl::Time deadline) = 0;
  // FAILED_PRECONDITION: SECOND_OPERATOR, MERGE_DECIDED, MERGE_CHANGED, MERGE_LOCKED.
  virtual absl::StatusOr<std::optional<MergeRecord>> DecideMerge(absl::string_view merge_id,
                                                                 bool accept, const Actor& actor,
                                                                 absl::Time now,
                                                                 absl::Time deadline) = 0;
  virtual absl::StatusOr<std::optional<MergeRecord>> RevertMerge(absl::string_view merge_id,
                                                                 const Actor& actor, absl::Time now,
                                                                 absl::Time deadline) = 0;
  // True: gone. False: one operator asked, another one has to within a week. FAILED_PRECONDITION:
  // SECOND_OPERATOR.
  virtual absl::StatusOr<std::optional<bool>> Forget(absl::string_view account_id,
                                                     const Actor& actor, absl::Time now,
                                                     absl::Time deadline) = 0;
};

// What happened to accounts, in order. Thread-safe, and safe among processes on one database.
class AccountEvents {
 public:
  virtual ~AccountEvents() = default;

  // Events behind `after`, oldest first, at most `size`. OUT_OF_RANGE (EVENTS_FORGOTTEN) when some
  // behind that number are no longer kept.
  virtual absl::StatusOr<std::vector<AccountEvent>> ReadEvents(std::int64_t after, int size,
                                                               absl::Time deadline) = 0;
  // The last number there is; 0 when nothing ever happened.
  virtual absl::StatusOr<std::int64_t> LastEvent(absl::Time deadline) = 0;
};

// Owns the answers to terms of use. Answers are only ever added. Thread-safe, and safe among
// processes on one database.
class TermsStore {
 public:
  virtual ~TermsStore() = default;

  // Adds the answer, unless this account already has one under `request_id`: then that one is
  // returned, whatever it says.
  virtual absl::StatusOr<TermsAnswer> Record(absl::string_view account_id,
                                             absl::string_view request_id,
                                             const TermsAnswer& answer, absl::Time deadline) = 0;

  // The answer that was recorded last, to any revision of the document.
  virtual absl::StatusOr<std::optional<TermsAnswer>> Latest(absl::string_view account_id,
                                                            absl::string_view document,
                                                            absl::Time deadline) = 0;
};

// The policy in force (decision E5). Thread-safe.
class PolicySource {
 public:
  virtual ~PolicySource() = default;

  // The current policy; stays valid for its holder when another one comes into force.
  virtual std::shared_ptr<const identity::Policy> Current() const = 0;

  // Reads the file again. A file with problems changes nothing and is reported. Cheap to call with
  // every request: it is OK, and does nothing, when the file was read less than a second before
  // `now`, well or not, or is being read by somebody else.
  virtual absl::Status Reload(absl::Time now) = 0;
};

}  // namespace va::attributes
