// Station 4 of a sign-in: a verified assertion becomes claims, assurance, findings, and the
// question to put to MPI if any. A pure function of its arguments; Admit runs it again, so that no
// caller can hand over claims that no assertion supports.
#pragma once

#include <optional>
#include <vector>

#include "lib/identity/assurance.h"
#include "lib/identity/gc_ids.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/assertion.h"
#include "services/user-attributes/domain/claims.h"
#include "services/user-attributes/domain/findings.h"

namespace va::attributes {

struct Derivation {
  Claims claims;
  identity::Assurance assurance;
  identity::GcIds ids;
  // The MHV id of the claims is the credential's own, not the first IEN of gcIds.
  bool mhv_id_asserted = false;
  // Absent below LOA3 (decision R6), when a finding blocks, or when there is nothing to ask with.
  std::optional<MpiQuestion> question;
  std::vector<Finding> findings;
  // The rows of the policy that the rules ran under.
  RuleSet rules;
};

// Reads one SSOe assertion under `policy`, which must hold at least one profile and outlive the
// result.
Derivation Derive(const SsoeAssertion& assertion, const Attempt& attempt,
                  const identity::Policy& policy);

// The ICN that MPI is asked by: the asserted one before the one of gcIds.
const std::optional<identity::Icn>& AskedIcn(const Claims& claims);

// The traits question of a person; nothing when a required trait is missing.
std::optional<Traits> TraitsOf(const Claims& claims);

// Whether the sign-in type itself asks for a verified person: mhv_verified, idme_verified ...
bool AsksForVerified(absl::string_view type);

}  // namespace va::attributes
