// What the two halves of Admit share: the assertions of the SSOe broker and the answers of OpenID
// Connect providers are decided in one frame (admit.cc) and differ in what MPI's answer means.
#pragma once

#include "absl/strings/string_view.h"
#include "lib/base/signin_code.h"
#include "services/user-attributes/domain/admit.h"

namespace va::attributes {

// Ends with a code of its own. `tag` lives for ever and names the rule, too.
Decision Refuse(Decision decision, Verdict verdict, base::SignInCode code, absl::string_view tag,
                Trace* trace);

// Ends with what a finding says. `rule` names the group of rules that found it.
Decision DenyBy(Decision decision, const Finding& finding, absl::string_view rule);

// What MPI's answer means before anything is read from it (decisions R4, R5).
enum class Answer { kUsable, kNoMatch, kSeveral, kNoAnswer };
Answer Classify(const MpiAnswer& mpi);

// Flags of the person: 107 (decision R7).
void CheckFlags(const MpiProfile& profile, std::vector<Finding>& out, Trace* trace);

// The part of Admit that belongs to an answer of an OpenID Connect provider whose person is at
// LOA3: MPI's answer, its findings, the canonical attributes, what MPI is to be told. The frame has
// dealt with findings of the statement and with step-ups before, and hides conflicting identifiers
// after it. Defined in sis_admit.cc.
Decision AdmitVerifiedOidc(Decision decision, const Derivation& derived, const MpiAnswer& mpi,
                           Trace* trace);

}  // namespace va::attributes
