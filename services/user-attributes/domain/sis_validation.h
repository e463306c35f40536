// What the Sign-in Service demands of a verified credential, alone and beside what MPI holds
// (sign_in_service.md 9; mpi_mhv.md 1.18.1 under the profile sis-2021; decision R16). Where the
// reference stops at the first complaint, everything is found here.
#pragma once

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/base/signin_code.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/claims.h"
#include "services/user-attributes/domain/findings.h"
#include "services/user-attributes/domain/trace.h"

namespace va::attributes {

// The credential as the rules meet it.
struct SisCredential {
  const Claims& claims;
  bool verified = false;  // stands at IAL2 now
  // What it says about the person differs from the last time. Until the account is linked nobody
  // knows: then it is taken to, and the one who links drops what comes of it.
  bool changed = true;
  // The reference's earlier generation let a person in who was verified once and did not prove it
  // again, and looked away from what they could not bring. Nobody of ours sets it (decision P9).
  bool auto_uplevel = false;
};

// What becomes of it.
struct SisOutcome {
  Verdict verdict = Verdict::kAdmit;
  // With deny and try later, when it was MPI's answer and not a finding.
  std::optional<base::SignInCode> code;
  absl::string_view tag;
  std::optional<identity::Icn> verified_icn;
  bool asked_mpi = false;   // below IAL2 nobody asks (decision R6)
  bool new_record = false;  // MPI knows the person since a moment ago
  bool update_mpi = false;  // MPI should be told what the credential says now
};

// What must be there for MPI to be asked at all (9.2): 007 for each that is missing, in order.
void CheckRequired(const SisCredential& credential, const RuleSet& rules,
                   std::vector<Finding>& findings, Trace* trace);

// Everything section 9 looks at, CheckRequired first.
SisOutcome Validate(const SisCredential& credential, const MpiAnswer& mpi, const RuleSet& rules,
                    std::vector<Finding>& findings, Trace* trace);

}  // namespace va::attributes
