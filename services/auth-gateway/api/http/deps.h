// What the HTTP handlers of the gateway work with. Built once in wiring.cc, read-only afterwards;
// every reference outlives the server.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/id_generator.h"
#include "lib/base/permits.h"
#include "lib/identity/policy.h"
#include "lib/telemetry/audit.h"
#include "lib/telemetry/log.h"
#include "lib/telemetry/metrics.h"
#include "lib/telemetry/trace.h"
#include "services/auth-gateway/api/http/aside.h"
#include "services/auth-gateway/domain/global_logout.h"
#include "services/auth-gateway/domain/ports.h"
#include "services/auth-gateway/domain/user_profile.h"
#include "services/auth-gateway/saml/authn_request.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "services/auth-gateway/saml/saml_settings.h"

namespace va::gateway {

// Limits of one attempt.
struct AttemptLimits {
  absl::Duration flow_lifetime = absl::Minutes(15);  // decision P10
  absl::Duration request_deadline = absl::Seconds(10);
  // Kept back from MPI's share of the deadline, so that the decision and its record still fit.
  absl::Duration decision_reserve = absl::Seconds(3);
  // Somebody is added to MPI only while this much of its share is left: that is a search, a message
  // and another search, and one that nobody waits out would leave it open what MPI knows.
  absl::Duration addition_least = absl::Seconds(2);
  // What putting an outcome on record may take, however late it is: a claimed attempt that is never
  // finished would leave the person with nothing to read.
  absl::Duration finish_deadline = absl::Seconds(2);
  // How long the result page waits for what follows a session.
  absl::Duration provisioning_wait = absl::Seconds(1);
  absl::Duration decision_wait = absl::Seconds(3);  // how long a double click waits for the first
  // What GET /v0/user waits for MPI and VA Profile together.
  absl::Duration user_deadline = absl::Seconds(5);
};

class MpiTeller;
class Provisioner;

struct GatewayDeps {
  std::string base_url;       // https://host[:port], no slash at the end
  std::string front_end_url;  // where /auth/login/callback lives; base_url unless configured
  const identity::Policy& policy;
  const SamlSettings& saml;
  AttemptLimits limits;
  std::string terms_document;   // name of the terms that people are asked to accept
  base::Permits& waiters;       // double clicks that may wait at once
  base::Permits& page_waiters;  // result pages that may
  FlowStore& flows;
  SessionStore& sessions;
  AttributeRules& rules;
  PersonIndex& persons;
  Terms& terms;
  ProofingHandoff& proofing;
  PersonRecords& records;
  ContactDirectory& contacts;
  const SubmitAside& aside;  // threads for what a request asks at the same time
  Provisioner& provisioner;
  MpiTeller& teller;
  const base::Clock& clock;  // for deadlines and records
  // For what begins and ends: set back, it revives nothing (attack C1). See SteadyWallClock.
  const base::Clock& lifetimes;
  base::IdGenerator& ids;
  const telemetry::Log& log;
  telemetry::Audit& audit;
  // Whose pages may call the JSON endpoints with the person's cookies (attack W11).
  std::vector<std::string> cors_origins{};
  telemetry::Histogram clock_offset{};  // by IdP; see SignInMetrics
  telemetry::Counter outcomes{};        // of attempts that were decided; see SignInMetrics
  telemetry::Counter additions{};       // of people to MPI, by outcome; see SignInMetrics
  const telemetry::Tracer& tracer = telemetry::Tracer::Off();
  GlobalLogout global_logout{};           // of the broker; without an address there is none
  std::string saml_cookie_environment{};  // see saml_request_cookie.h
};

// Writes an audit record of something that goes on in any case: a refusal, an end. A trail that
// cannot be written is itself an event that operators see.
void Record(const GatewayDeps& deps, telemetry::AuditEvent event,
            const telemetry::AuditFacts& facts);

// The same for what gives somebody something: it must not take effect unless this is OK (attack
// L3).
absl::Status RecordFirst(const GatewayDeps& deps, telemetry::AuditEvent event,
                         const telemetry::AuditFacts& facts);

}  // namespace va::gateway
