// Which account a credential belongs to (ssoe_saml.md 15.2, decisions R12 and R13), as a pure
// function of what is stored. The store reads the facts, asks here, and carries the answer out in
// one transaction.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"
#include "services/user-attributes/domain/claims.h"

namespace va::attributes {

// The key of a credential: with whom it signs in, and its id there.
struct CredentialKey {
  identity::Csp type = identity::Csp::kIdme;
  identity::CspId id;

  bool operator==(const CredentialKey&) const = default;
};

// What a sign-in says about the credential to be linked.
struct Credential {
  identity::Csp type = identity::Csp::kIdme;  // decides which of the four columns holds the id
  identity::CspId id;
  std::optional<identity::CspId> backing_idme;  // ID.me uuid behind an MHV or DS Logon credential
  std::optional<identity::Icn> icn;             // only of a person verified by MPI
  std::optional<identity::PersonText> email;    // kept sealed, one per credential
  // Keyed digest of what the credential says about the person (sign_in_service.md 9.4); kept only
  // for a verified credential.
  std::string attributes_digest;

  bool operator==(const Credential&) const = default;
};

// The credential of a sign-in: by its own id, else by the ID.me or Login.gov uuid behind it;
// nothing when there is none. `loa_current` below 3 never carries an ICN.
std::optional<Credential> CredentialOf(const Claims& claims,
                                       const std::optional<identity::Icn>& icn, int loa_current);

// What is stored about it. Account ids are compared as they are.
struct StoredLink {
  bool exists = false;           // a verification of this credential
  bool locked = false;           // that verification is locked, or the whole account it is on
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
  kOverwriteIcn,  // the reference's way, with the switch on: the account takes the new ICN
  kMoveVerified,  // the reference's way, with the switch on: move to the ICN's account
};

// `overwrite_icn`: the policy's switch of that name (decision R12).
LinkAction PlanLink(const StoredLink& stored, bool icn_came_in, bool overwrite_icn = false);

// What the attempt says beside the credential.
struct LinkCall {
  absl::string_view request_id;  // stands as evidence on a pending merge
  bool overwrite_icn = false;    // the policy's switch
};

// Where a sign-in was linked.
struct LinkedAccount {
  std::string account_id;
  std::string verification_id;
  bool locked = false;  // the credential, its account, or the account that holds the ICN
  bool created = false;
  bool merge_pending = false;
  bool overwritten = false;  // kOverwriteIcn or kMoveVerified: the mismatch to be logged
  // The stored digest was another one, or there was none: MPI should be told (9.1).
  bool digest_changed = false;
};

}  // namespace va::attributes
