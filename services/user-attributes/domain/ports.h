// What this service needs from outside its rules: places where accounts and verifications and where
// answers to terms live, and the policy in force.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/identity/policy.h"
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
  // person at the same moment end on one account. `request_id` stands as evidence on a pending
  // merge.
  virtual absl::StatusOr<LinkedAccount> Link(const Credential& credential,
                                             absl::string_view request_id, absl::Time now,
                                             absl::Time deadline) = 0;

  // What is stored about a verification of this account; nothing when there is no such pair.
  virtual absl::StatusOr<std::optional<Standing>> FindStanding(absl::string_view account_id,
                                                               absl::string_view verification_id,
                                                               absl::Time deadline) = 0;
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
