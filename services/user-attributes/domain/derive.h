// Station 4 of a sign-in: a verified assertion becomes claims, assurance, findings, and the
// question to put to MPI if any. A pure function of its arguments; Admit runs it again, so that no
// caller can hand over claims that no assertion supports.
#pragma once

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/identity/assurance.h"
#include "lib/identity/gc_ids.h"
#include "lib/identity/policy.h"
#include "services/user-attributes/domain/assertion.h"
#include "services/user-attributes/domain/claims.h"
#include "services/user-attributes/domain/findings.h"
#include "services/user-attributes/domain/trace.h"

namespace va::attributes {

struct Derivation {
  Claims claims;
  identity::Assurance assurance;
  identity::GcIds ids;
  // The MHV id of the claims is the credential's own, not the first IEN of gcIds.
  bool mhv_id_asserted = false;
  // Absent below LOA3 (decision R6), when a finding blocks, or when there is nothing to ask with.
  std::optional<MpiQuestion> question;
  // Whom to add when MPI knows nobody (decision R4); absent: no match ends the attempt.
  std::optional<MpiAddition> add_on_no_match;
  // Without a CSP uuid, but with an ICN that an account may hold: 104 stands until the same rules
  // have run with Attempt.known (ssoe_saml.md 13.2).
  bool account_fallback_open = false;
  // The uuid is the account's and not asserted: whoever admits must see MPI agree first.
  bool uuid_from_account = false;
  // Of an answer of an OpenID Connect provider: the address it gives, and whether the person could
  // prove more and did not ask to stay below it (sign_in_service.md 8).
  std::optional<PostalAddress> address;
  bool can_uplevel = false;
  std::vector<Finding> findings;
  // The rows of the policy that the rules ran under.
  RuleSet rules;
};

// Reads one assertion under `policy`, which must hold at least one profile and outlive the result.
// `trace`, when given, takes every rule that is reached.
Derivation Derive(const SsoeAssertion& assertion, const Attempt& attempt,
                  const identity::Policy& policy, Trace* trace = nullptr);
// An answer of an OpenID Connect provider: the rules are in sis_derive.cc.
Derivation Derive(const OidcAssertion& assertion, const Attempt& attempt,
                  const identity::Policy& policy, Trace* trace = nullptr);
Derivation Derive(const Assertion& assertion, const Attempt& attempt,
                  const identity::Policy& policy, Trace* trace = nullptr);

// The rows of the policy that an attempt runs under. A profile that is named and does not exist, or
// that reads another kind of statement, is a finding, and so is a CSP without a row: the rules then
// run under some profile, but nobody is admitted by them. `oidc` tells the kind of statement.
RuleSet RulesFor(const Attempt& attempt, std::optional<identity::Csp> csp, bool oidc,
                 const identity::Policy& policy, std::vector<Finding>& out, Trace* trace);

// The ICN that MPI is asked by: the asserted one before the one of gcIds.
const std::optional<identity::Icn>& AskedIcn(const Claims& claims);

// The traits question of a person; nothing when a required trait is missing.
std::optional<Traits> TraitsOf(const Claims& claims);

// Every sign-in type of the path (ssoe_saml.md 9.1).
absl::Span<const absl::string_view> SignInTypes();
bool IsSignInType(absl::string_view type);

// Whether the sign-in type itself asks for a verified person: mhv_verified, idme_verified ...
bool AsksForVerified(absl::string_view type);

}  // namespace va::attributes
