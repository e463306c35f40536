// Which source wins for each attribute of the session (decision R8, seed 004). For an MHV Premium
// account MPI is canonical; everybody else's credential is, and MPI only fills what it left empty.
#pragma once

#include <vector>

#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/claims.h"
#include "services/user-attributes/domain/findings.h"

namespace va::attributes {

// Whether MPI wins: an MHV credential whose account is exactly Premium.
bool MpiIsCanonical(const Claims& claims);

// The final attributes of a verified person.
Claims ReconcileAttributes(const Claims& claims, const MpiProfile& profile);

// Below LOA3 a person is known by e-mail only (decision R6): what else an unproofed credential says
// about them is dropped, the credential's own uuids and tier stay.
Claims EmailOnly(const Claims& claims);

// The attributes of a session that goes on with the account it had while MPI answered with another
// ICN (decision R12): the credential's own words, and no identifier that may be another person's.
Claims WithoutOtherIdentity(const Claims& claims);

// Takes out the identifiers that a waived finding is about (decision R3). With 103 that is all that
// MPI said: it was asked by one of the two ICNs that contradict each other. What is left then are
// the credential's own words, and its own MHV id.
void HideConflicting(const std::vector<Finding>& findings, bool mhv_id_asserted,
                     const Claims& claims, Claims& attributes);

}  // namespace va::attributes
