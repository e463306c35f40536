// What this service needs from outside its rules: MHV's account API, the terms on record at
// user-attributes, and a place for what is known of accounts.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/identity/pii.h"
#include "services/mhv-account/domain/account.h"
#include "services/mhv-account/domain/ensure_account.h"

namespace va::mhv {

// What MHV is told of a person.
struct AccountRequest {
  identity::Icn icn;
  identity::PersonText email;  // may be empty: not every credential has one
  TermsAcceptance terms;
};

using AccountAnswer = std::variant<MhvAccount, Refusal>;

// MHV's one-call account API. Thread-safe.
class AccountApi {
 public:
  virtual ~AccountApi() = default;

  // Creates the account if it is absent; idempotent at MHV. A status means that there is no answer
  // about the person (decision M8): UNAVAILABLE and retryable (MHV_UNAVAILABLE, MHV_TIMEOUT,
  // MHV_CONTENT_TYPE, MHV_MALFORMED, the same with STS_), or FAILED_PRECONDITION when our own
  // registration is refused (MHV_REFUSED, STS_REFUSED).
  virtual absl::StatusOr<AccountAnswer> Ensure(const AccountRequest& request,
                                               absl::Time deadline) = 0;
};

// The terms on record. Thread-safe.
class TermsRecords {
 public:
  virtual ~TermsRecords() = default;

  // How the account stands to the terms now. UNAVAILABLE when nobody can say.
  virtual absl::StatusOr<Terms> Find(absl::string_view account_id, absl::string_view request_id,
                                     absl::Time deadline) = 0;
};

// What mpi-adapter has cached of people. Thread-safe.
class PersonCache {
 public:
  virtual ~PersonCache() = default;

  // Has it forget the person behind an ICN, so that MPI is asked again.
  virtual absl::Status Forget(const identity::Icn& icn, absl::string_view request_id,
                              absl::Time deadline) = 0;
};

// An outcome and what led to it, for the record.
struct EnsureRecord {
  const EnsureOutcome& outcome;
  bool mhv_asked = false;
  std::string actor;           // certificate name of the caller
  std::string request_id;      // of the attempt
  std::string terms_revision;  // that MHV was told; empty when it was not asked
};

// What is known of accounts, and the history of how. Implementations are safe to call from many
// threads and from many processes on one database.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // The account MHV stated for this very person (account and ICN) after `not_before`, under this
  // revision of the terms, unless something else was learnt since. Only successes are answers.
  virtual absl::StatusOr<std::optional<MhvAccount>> FindEnsured(const Person& person,
                                                                absl::string_view terms_revision,
                                                                absl::Time not_before,
                                                                absl::Time deadline) = 0;

  // Keeps the outcome as the account's present state and appends to its history: always when MHV
  // was asked, otherwise when the state is a new one. Both or neither.
  virtual absl::Status Record(const Person& person, const EnsureRecord& record, absl::Time now,
                              absl::Time deadline) = 0;
};

}  // namespace va::mhv
