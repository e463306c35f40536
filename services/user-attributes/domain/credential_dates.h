// When an account first held a verified credential of a kind that goes on being accepted: Login.gov
// (acceptable) and ID.me (sign_in_service.md 10, ssoe_saml.md 16). Each date is set once, and only
// for a verified account.
#pragma once

#include <optional>

#include "absl/time/time.h"

namespace va::attributes {

struct CredentialDates {
  std::optional<absl::Time> acceptable;  // acceptable_verified_credential_at
  std::optional<absl::Time> idme;        // idme_verified_credential_at

  bool operator==(const CredentialDates&) const = default;
};

// What is stored about the account, this sign-in's credential included.
struct DatesFacts {
  bool account_verified = false;
  bool has_logingov = false;  // any credential of that kind
  bool has_idme = false;
  CredentialDates dates;
};

// The dates as they are from now on.
CredentialDates PlanDates(const DatesFacts& facts, absl::Time now);

}  // namespace va::attributes
