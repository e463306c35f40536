#include "services/user-attributes/domain/renewal.h"

#include <utility>

namespace va::attributes {
namespace {

using base::SignInCode;

Renewal Deny(absl::string_view rule, base::Refusal refusal) {
  Renewal out;
  out.refusal = std::move(refusal);
  out.rule = rule;
  return out;
}

bool IsOffered(const identity::Policy& policy, const identity::Application& application,
               const std::optional<identity::Csp>& csp, absl::Time now) {
  if (!csp || !application.Allows(*csp)) return false;
  const identity::CspRow* const row = policy.FindCsp(*csp);
  return row != nullptr && row->IsOpen(now);
}

// The ICN that Admit would show: none below LOA3 (decision R6), none that this credential did not
// bring, none under a waived 103 (decision R3), and none while it is in doubt whose it is (R12).
identity::Icn IcnOf(const Standing& standing, const LiveSession& session) {
  const bool shown = session.assurance.ial >= 2 && !session.icn_in_dispute && standing.verified &&
                     !standing.merge_pending;
  return shown && standing.icn ? *standing.icn : identity::Icn();
}

}  // namespace

Renewal JudgeRenewal(const Standing& standing, const LiveSession& session,
                     const identity::Policy& policy, absl::Time now) {
  // First, so that the neutral answer of 107 does not depend on anything else (decision R7).
  if (standing.locked) {
    return Deny("credential_locked", base::RefusalOf(SignInCode::kAccountLocked));
  }
  // The codes of a start that the policy does not allow.
  const identity::Application* const application = policy.FindApplication(session.application);
  if (application == nullptr) {
    return Deny("application_gone", {SignInCode::kInvalidRequest, "unknown_application"});
  }
  if (!IsOffered(policy, *application, session.assurance.csp, now)) {
    return Deny("csp_not_offered", {SignInCode::kInvalidRequest, "csp_not_offered"});
  }
  // Proving more is for the next sign-in: the session itself cannot step up.
  const absl::string_view missing = MissingForApplication(session.assurance, *application, now);
  if (!missing.empty()) return Deny(missing, {SignInCode::kUnknown, "assurance_not_met"});
  Renewal out;
  out.verdict = Verdict::kAdmit;
  out.icn = IcnOf(standing, session);
  out.rule = "session_stands";
  return out;
}

}  // namespace va::attributes
