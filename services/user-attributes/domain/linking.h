// Which account a credential belongs to (ssoe_saml.md 15.2, decisions R12 and R13), as a pure
// function of what is stored. The store reads the facts, asks here, and carries the answer out in
// one transaction.
#pragma once

#include <optional>
#include <string>

#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"
#include "services/user-attributes/domain/claims.h"

namespace va::attributes {

// What a sign-in says about the credential to be linked.
struct Credential {
  identity::Csp type = identity::Csp::kIdme;  // decides which of the four columns holds the id
  identity::CspId id;
  std::optional<identity::CspId> backing_idme;  // ID.me uuid behind an MHV or DS Logon credential
  std::optional<identity::Icn> icn;             // only of a person verified by MPI

  bool operator==(const Credential&) const = default;
};

// The credential of a sign-in: by its own id, else by the ID.me or Login.gov uuid behind it;
// nothing when there is none. `loa_current` below 3 never carries an ICN.
std::optional<Credential> CredentialOf(const Claims& claims,
                                       const std::optional<identity::Icn>& icn, int loa_current);

// What is stored about it. Account ids are compared as they are.
struct StoredLink {
  bool exists = false;           // a verification of this credential
  bool locked = false;           // that verification is locked
  std::string account_id;        // its account
  bool account_has_icn = false;  // that account is verified
  bool account_icn_is_this = false;
  bool verified = false;                      // verified_at is set
  std::optional<std::string> icn_account_id;  // the account that holds the ICN that came in
};

enum class LinkAction {
  kLocked,        // nothing at all is written: a locked credential moves nothing
  kKeep,          // nothing about the account changes
  kCreate,        // new verification on the ICN's account, or on a new one
  kMarkVerified,  // the account has this ICN already; the verification was not verified yet
  kWriteIcn,      // first ICN of an account without one
  kRepoint,       // unverified: move to the ICN's account, remember the old one
  kPendingMerge,  // verified with another ICN: record, keep, alert (decision R12)
};

LinkAction PlanLink(const StoredLink& stored, bool icn_came_in);

// Where a sign-in was linked.
struct LinkedAccount {
  std::string account_id;
  std::string verification_id;
  bool locked = false;
  bool created = false;
  bool merge_pending = false;
};

}  // namespace va::attributes
