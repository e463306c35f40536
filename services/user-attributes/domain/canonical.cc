#include "services/user-attributes/domain/canonical.h"

namespace va::attributes {
namespace {

// `winner` when it says anything, else `other`.
template <typename T>
std::optional<T> Prefer(const std::optional<T>& winner, const std::optional<T>& other) {
  return winner ? winner : other;
}

}  // namespace

bool MpiIsCanonical(const Claims& claims) {
  return claims.service == identity::Csp::kMhv && claims.mhv_account_type == "Premium";
}

Claims ReconcileAttributes(const Claims& claims, const MpiProfile& profile) {
  Claims out = claims;
  const bool mpi_first = MpiIsCanonical(claims);
  const auto pick = [mpi_first](const auto& credential, const auto& mpi) {
    return mpi_first ? Prefer(mpi, credential) : Prefer(credential, mpi);
  };
  // A name is one thing: a middle name of one source never joins the last name of the other.
  const bool credential_name = claims.first_name && claims.last_name;
  const bool mpi_name = profile.first_name && profile.last_name;
  if (mpi_name && (mpi_first || !credential_name)) {
    out.first_name = profile.first_name;
    out.middle_name = profile.middle_name;
    out.last_name = profile.last_name;
  }
  out.gender = pick(claims.gender, profile.gender);
  out.birth_date = pick(claims.birth_date, profile.birth_date);
  out.ssn = pick(claims.ssn, profile.ssn);
  out.icn = profile.icn;
  out.mhv_id = pick(claims.mhv_id, profile.ids.mhv_ien());
  out.edipi = pick(claims.edipi, profile.ids.edipi());
  if (!out.sec_id) out.sec_id = profile.ids.sec_id();
  if (profile.ids.Has(identity::GcIdKind::kVhaFacility)) {
    out.vha_facility_ids = profile.ids.vha_facility_ids();
  }
  return out;
}

Claims EmailOnly(const Claims& claims) {
  Claims out;
  out.email = claims.email;
  out.idme_uuid = claims.idme_uuid;
  out.logingov_uuid = claims.logingov_uuid;
  out.uuid = claims.uuid;
  out.verified_at = claims.verified_at;
  out.mhv_account_type = claims.mhv_account_type;
  out.dslogon_assurance = claims.dslogon_assurance;
  out.service = claims.service;
  out.multifactor = claims.multifactor;
  out.changing_multifactor = claims.changing_multifactor;
  out.transaction_id = claims.transaction_id;
  return out;
}

Claims WithoutOtherIdentity(const Claims& claims) {
  Claims out = claims;
  out.icn.reset();
  out.mhv_icn.reset();
  out.mhv_id.reset();
  out.edipi.reset();
  out.sec_id.reset();
  out.vha_facility_ids.clear();
  return out;
}

void HideConflicting(const std::vector<Finding>& findings, bool mhv_id_asserted,
                     const Claims& claims, Claims& attributes) {
  // MPI was asked by one of the two ICNs: what it says may be about somebody else.
  if (WasFound(findings, identity::Check::kMhvIcnMismatch)) {
    attributes = WithoutOtherIdentity(claims);
    if (mhv_id_asserted) attributes.mhv_id = claims.mhv_id;
  }
  if (WasWaived(findings, identity::Check::kMultipleMhvIds)) attributes.mhv_id.reset();
}

}  // namespace va::attributes
