// What the rules need from outside: a place where accounts and verifications live.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/user-attributes/domain/linking.h"

namespace va::attributes {

// Owns accounts and credential verifications. Implementations are safe to call from many threads
// and from many processes on one database.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // Finds or creates the verification of `credential` and its account. Two first sign-ins of one
  // person at the same moment end on one account.
  virtual absl::StatusOr<LinkedAccount> Link(const Credential& credential, absl::Time now,
                                             absl::Time deadline) = 0;
};

}  // namespace va::attributes
