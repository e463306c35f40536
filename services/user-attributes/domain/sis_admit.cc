// The half of Admit that judges what MPI answered about a credential of an OpenID Connect provider.
#include <utility>

#include "services/user-attributes/domain/admit_parts.h"
#include "services/user-attributes/domain/canonical.h"
#include "services/user-attributes/domain/sis_derive.h"
#include "services/user-attributes/domain/sis_validation.h"

namespace va::attributes {
namespace {

using identity::Csp;
using identity::GcIdKind;

// Whether MPI's identifiers hold the uuid that the person signed in with.
bool KnowsCredential(const Claims& claims, const identity::GcIds& ids) {
  const GcIdKind kind = claims.service == Csp::kLogingov ? GcIdKind::kLogingov : GcIdKind::kIdme;
  return claims.uuid && ids.Holds(kind, *claims.uuid);
}

// mpi_mhv.md 1.18.1: an MHV credential is told to MPI in MPI's own words, which links its uuid.
MpiAddition InWordsOfMpi(const Claims& claims, const MpiProfile& profile) {
  Claims person = ReconcileAttributes(claims, profile);
  return AdditionOf(person, std::nullopt);
}

std::optional<MpiUpdate> UpdateOf(const Claims& claims, const std::optional<PostalAddress>& address,
                                  const MpiProfile& profile, const SisOutcome& outcome) {
  // Somebody who was added a moment ago is known by what was added.
  if (outcome.new_record) return std::nullopt;
  if (!KnowsCredential(claims, profile.ids)) {
    return MpiUpdate{MpiUpdateReason::kCredentialUnknown, claims.service == Csp::kMhv
                                                              ? InWordsOfMpi(claims, profile)
                                                              : AdditionOf(claims, address)};
  }
  if (!outcome.update_mpi) return std::nullopt;
  return MpiUpdate{MpiUpdateReason::kCredentialChanged, AdditionOf(claims, address)};
}

}  // namespace

Decision AdmitVerifiedOidc(Decision decision, const Derivation& derived, const MpiAnswer& mpi,
                           Trace* trace) {
  const SisCredential credential{decision.claims, true};
  const SisOutcome outcome = Validate(credential, mpi, derived.rules, decision.findings, trace);
  if (outcome.code) {
    return Refuse(std::move(decision), outcome.verdict, *outcome.code, outcome.tag, trace);
  }
  if (const Finding* blocking = FirstBlocking(decision.findings); blocking != nullptr) {
    return DenyBy(std::move(decision), *blocking, "mpi_profile_findings");
  }
  const absl::string_view rule =
      MpiIsCanonical(decision.claims) ? "mhv_premium_mpi_is_canonical" : "credential_is_canonical";
  Record(trace, rule, StepOutcome::kChose);
  decision.rules.push_back(rule);
  decision.attributes = ReconcileAttributes(decision.claims, *mpi.profile);
  decision.mpi_update = UpdateOf(decision.claims, derived.address, *mpi.profile, outcome);
  if (decision.mpi_update) {
    Record(trace, "mpi_is_told", StepOutcome::kChose);
  }
  decision.verdict = Verdict::kAdmit;
  return decision;
}

}  // namespace va::attributes
