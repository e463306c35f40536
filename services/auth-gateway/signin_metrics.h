// What the gateway counts about sign-ins. It stands in the audit trail's way and counts what goes
// by, so the numbers and the trail never tell two stories; what is on record elsewhere, the
// callback counts itself. CSPs and applications are the rows of
// the policy at the start; a row that is added later is "other" until the next start.
#pragma once

#include "absl/status/status.h"
#include "lib/identity/policy.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/metrics.h"

namespace va::gateway {

class SignInMetrics final : public telemetry::Audit {
 public:
  // `trail` outlives this.
  SignInMetrics(telemetry::Metrics& metrics, const identity::Policy& policy,
                telemetry::Audit& trail);

  // Counts the event, whether its record gets out or not.
  absl::Status Write(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) override;

  // How attempts ended, by CSP, application, outcome and code ("none" without one). The decision is
  // on record where it was made, in user-attributes; here it is counted once it is the attempt's.
  const telemetry::Counter& outcomes() const { return outcomes_; }
  // How far an assertion's issue time lay behind our clock, by IdP: below 0 its clock is ahead.
  const telemetry::Histogram& clock_offset() const { return clock_offset_; }
  // What became of the questions that follow a session.
  const telemetry::Counter& provisioning() const { return provisioning_; }
  // What became of adding people to MPI while they signed in, by outcome.
  const telemetry::Counter& additions() const { return additions_; }
  // What became of telling MPI something after a sign-in, by update and outcome.
  const telemetry::Counter& updates() const { return updates_; }

 private:
  void Count(telemetry::AuditEvent event, const telemetry::AuditFacts& facts) const;

  telemetry::Audit& trail_;
  telemetry::Counter started_;
  telemetry::Counter outcomes_;
  telemetry::Counter refused_;
  telemetry::Counter requests_refused_;
  telemetry::Counter sessions_issued_;
  telemetry::Counter sessions_ended_;
  telemetry::Counter provisioning_;
  telemetry::Counter additions_;
  telemetry::Counter updates_;
  telemetry::Histogram clock_offset_;
};

}  // namespace va::gateway
