#include "services/auth-gateway/signin_metrics.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/signin_code.h"
#include "services/auth-gateway/domain/mpi_news.h"
#include "services/auth-gateway/domain/provisioning.h"
#include "services/auth-gateway/domain/records.h"
#include "services/auth-gateway/saml/saml_reject.h"

namespace va::gateway {
namespace {

using telemetry::AuditEvent;
using telemetry::Label;

Label Csps(const identity::Policy& policy) {
  Label label{"csp", {}};
  for (const identity::CspRow& row : policy.csps) label.values.push_back(row.id);
  return label;
}

Label Applications(const identity::Policy& policy) {
  Label label{"application", {}};
  for (const identity::Application& row : policy.applications) label.values.push_back(row.name);
  return label;
}

Label Idps(const identity::Policy& policy) {
  Label label{"idp", {}};
  for (const identity::IdpRow& row : policy.idps) label.values.push_back(row.name);
  return label;
}

Label Outcomes() {
  Label label{"outcome", {}};
  for (const OutcomeKind kind : {OutcomeKind::kSession, OutcomeKind::kStepUp, OutcomeKind::kRefusal,
                                 OutcomeKind::kTryLater}) {
    label.values.emplace_back(ToString(kind));
  }
  return label;
}

// Those of the catalogue; none at all is "none".
Label Codes() {
  Label label{"code", {"none"}};
  for (const base::CodeEntry& entry : base::SignInCatalogue()) {
    label.values.emplace_back(entry.code);
  }
  return label;
}

// Why no assertion was accepted: what is wrong with it, or with the attempt it came for.
Label Reasons() {
  Label label{"reason",
              {"unknown_relay_state", "flow_cookie_missing", "other_browser", "flow_expired",
               "target_not_allowed", "replay", "still_deciding", "form_malformed",
               "store_unavailable", "validator_unavailable", "policy_unavailable"}};
  for (const SamlReject reject : AllSamlRejects()) {
    std::string tag = RefusalFor(reject).tag;
    if (std::find(label.values.begin(), label.values.end(), tag) == label.values.end()) {
      label.values.push_back(std::move(tag));
    }
  }
  return label;
}

Label HttpCodes() {
  return {
      "code",
      {"400", "403", "404", "405", "408", "413", "414", "417", "421", "429", "431", "500", "503"}};
}

Label States() {
  Label label{"state", {}};
  for (const MhvAccountState state :
       {MhvAccountState::kEnsured, MhvAccountState::kNeedsTerms, MhvAccountState::kIneligible,
        MhvAccountState::kUnavailable}) {
    label.values.emplace_back(ToString(state));
  }
  for (const ProofingState state : {ProofingState::kInvited, ProofingState::kNotEligible}) {
    label.values.emplace_back(ToString(state));
  }
  label.values.emplace_back("dropped");
  return label;
}

// What became of telling MPI something, and of not even beginning with it.
Label Told(const std::vector<std::string>& not_begun) {
  Label label{"outcome", not_begun};
  for (const MpiTold told : {MpiTold::kDone, MpiTold::kKnown, MpiTold::kOtherPerson,
                             MpiTold::kRefused, MpiTold::kUnavailable}) {
    label.values.emplace_back(ToString(told));
  }
  return label;
}

Label Updates() {
  Label label{"update", {}};
  for (const MpiUpdate::Reason reason :
       {MpiUpdate::Reason::kCredentialUnknown, MpiUpdate::Reason::kCredentialChanged}) {
    label.values.emplace_back(ToString(reason));
  }
  return label;
}

}  // namespace

SignInMetrics::SignInMetrics(telemetry::Metrics& metrics, const identity::Policy& policy,
                             telemetry::Audit& trail)
    : trail_(trail),
      started_(metrics.AddCounter("va_signin_started_total", "Sign-ins begun.",
                                  {Csps(policy), Applications(policy)})),
      outcomes_(metrics.AddCounter("va_signin_outcomes_total", "Sign-ins decided, and how.",
                                   {Csps(policy), Applications(policy), Outcomes(), Codes()})),
      refused_(metrics.AddCounter("va_signin_refused_total",
                                  "Returns from a CSP refused before any decision, by reason.",
                                  {Reasons()})),
      requests_refused_(metrics.AddCounter(
          "va_signin_requests_refused_total",
          "Requests that were none we serve: wrong, unknown, too many.", {HttpCodes()})),
      sessions_issued_(metrics.AddCounter("va_signin_sessions_issued_total", "Sessions begun.",
                                          {Applications(policy)})),
      sessions_ended_(
          metrics.AddCounter("va_signin_sessions_ended_total", "Sessions ended by a person.")),
      provisioning_(metrics.AddCounter("va_signin_provisioning_total",
                                       "What became of the questions that follow a session.",
                                       {{"question", {"mhv_account", "proofing"}}, States()})),
      additions_(metrics.AddCounter("va_signin_mpi_additions_total",
                                    "People to be added to MPI while they signed in, and what came "
                                    "of it.",
                                    {Told({"no_time"})})),
      updates_(metrics.AddCounter("va_signin_mpi_updates_total",
                                  "What MPI was to be told after a sign-in, and what came of it.",
                                  {Updates(), Told({"skipped", "dropped"})})),
      clock_offset_(metrics.AddHistogram("va_signin_clock_offset_seconds",
                                         "Our time less the issue time of an accepted assertion; "
                                         "below 0 the IdP's clock is ahead.",
                                         {Idps(policy)},
                                         {-60, -10, -5, -1, 0, 1, 5, 10, 60, 300})) {}

absl::Status SignInMetrics::Write(AuditEvent event, const telemetry::AuditFacts& facts) {
  Count(event, facts);
  return trail_.Write(event, facts);
}

void SignInMetrics::Count(AuditEvent event, const telemetry::AuditFacts& facts) const {
  if (event == AuditEvent::kSignInStarted) {
    started_.Add({facts.csp, facts.application});
  } else if (event == AuditEvent::kAssertionRefused) {
    refused_.Add({facts.tag});
  } else if (event == AuditEvent::kRequestRefused) {
    requests_refused_.Add({facts.code});
  } else if (event == AuditEvent::kSessionIssued) {
    sessions_issued_.Add({facts.application});
  } else if (event == AuditEvent::kSessionEnded) {
    sessions_ended_.Add();
  }
}

}  // namespace va::gateway
