#include "lib/telemetry/audit.h"

namespace va::telemetry {

absl::string_view ToString(AuditEvent event) {
  switch (event) {
    case AuditEvent::kSignInStarted:
      return "sign_in.started";
    case AuditEvent::kAssertionAccepted:
      return "assertion.accepted";
    case AuditEvent::kAssertionRefused:
      return "assertion.refused";
    case AuditEvent::kRequestRefused:
      return "request.refused";
    case AuditEvent::kMpiMatched:
      return "mpi.matched";
    case AuditEvent::kMpiNotMatched:
      return "mpi.not_matched";
    case AuditEvent::kMpiPersonAdded:
      return "mpi.person_added";
    case AuditEvent::kMpiProxyAdded:
      return "mpi.proxy_added";
    case AuditEvent::kMpiProfileUpdated:
      return "mpi.profile_updated";
    case AuditEvent::kMpiBreakGlass:
      return "mpi.break_glass";
    case AuditEvent::kDecisionMade:
      return "decision.made";
    case AuditEvent::kDecisionExplained:
      return "decision.explained";
    case AuditEvent::kSessionIssued:
      return "session.issued";
    case AuditEvent::kSessionEnded:
      return "session.ended";
    case AuditEvent::kLogoutRequested:
      return "session.logout_requested";
    case AuditEvent::kTermsAnswered:
      return "terms.answered";
    case AuditEvent::kMhvAccountCreated:
      return "mhv_account.created";
    case AuditEvent::kMhvAccountEnsured:
      return "mhv_account.ensured";
    case AuditEvent::kConsentGiven:
      return "consent.given";
    case AuditEvent::kProofingCodeIssued:
      return "proofing.code_issued";
    case AuditEvent::kProofingAttributesReleased:
      return "proofing.attributes_released";
    case AuditEvent::kAdminChanged:
      return "admin.changed";
    case AuditEvent::kAccountLocked:
      return "account.locked";
    case AuditEvent::kAccountUnlocked:
      return "account.unlocked";
    case AuditEvent::kAccountRevealed:
      return "account.revealed";
    case AuditEvent::kAccountForgotten:
      return "account.forgotten";
    case AuditEvent::kMergeDecided:
      return "merge.decided";
    case AuditEvent::kMergeReverted:
      return "merge.reverted";
    case AuditEvent::kKeyRotated:
      return "key.rotated";
    case AuditEvent::kMetadataChanged:
      return "metadata.changed";
    case AuditEvent::kConfigReloaded:
      return "config.reloaded";
    case AuditEvent::kChainStarted:
      return "chain.started";
    case AuditEvent::kChainEnded:
      return "chain.ended";
    case AuditEvent::kRecordsLost:
      return "records.lost";
  }
  return "";
}

}  // namespace va::telemetry
