// What follows a session without keeping anybody waiting: which of the services behind the gateway
// are asked about a person who was just admitted, and how far the answers have come. Pure; asking
// is done elsewhere.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "lib/identity/assurance.h"
#include "lib/identity/pii.h"

namespace va::gateway {

struct SessionRecord;

// What is known of the person's My HealtheVet account.
enum class MhvAccountState {
  kPending,     // asked, or about to be
  kEnsured,     // My HealtheVet knows the account
  kNeedsTerms,  // the terms of use are not accepted
  kIneligible,  // My HealtheVet does not make one for this person
  kUnavailable  // could not be asked; nothing is known (decision M8)
};

absl::string_view ToString(MhvAccountState state);
std::optional<MhvAccountState> MhvAccountStateFromString(absl::string_view text);

// Whether the person is invited to hand their proofing on.
enum class ProofingState { kPending, kInvited, kNotEligible, kUnavailable };

absl::string_view ToString(ProofingState state);
std::optional<ProofingState> ProofingStateFromString(absl::string_view text);

// Where both questions stand for one attempt. Absent: the question does not arise.
struct Provisioning {
  std::optional<MhvAccountState> mhv_account;
  std::optional<ProofingState> proofing;

  bool operator==(const Provisioning&) const = default;
};

// Which questions are put.
struct ProvisioningPlan {
  bool mhv_account = false;
  bool proofing = false;

  bool any() const { return mhv_account || proofing; }
  bool operator==(const ProvisioningPlan&) const = default;
};

// An account is ensured for everybody who is verified and known to MPI; the handoff of a proofing
// concerns those among them who came with a My HealtheVet credential.
ProvisioningPlan PlanProvisioning(const SessionRecord& session);

// The state of a plan nobody has worked on yet.
Provisioning PendingOf(const ProvisioningPlan& plan);

// The state of a plan nobody could work on.
Provisioning UnavailableOf(const ProvisioningPlan& plan);

// A question is open: looking again later may tell more.
bool IsPending(const Provisioning& provisioning);

// A person who was admitted, as far as the services that act for them need to know, with the proof
// of it (decision E6). Lives in memory only, for as long as the questions take.
struct AdmittedPerson {
  std::string flow_id;
  std::string account_id;
  identity::Icn icn;
  identity::CspId mhv_id;  // empty when the session knows none
  std::optional<identity::Csp> csp;
  identity::PersonText email;
  identity::Secret decision_token;
};

AdmittedPerson AdmittedPersonOf(const SessionRecord& session, identity::Secret decision_token);

}  // namespace va::gateway
