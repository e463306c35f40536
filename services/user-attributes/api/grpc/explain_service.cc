#include "services/user-attributes/api/grpc/explain_service.h"

#include <memory>
#include <string>

#include "lib/base/status.h"
#include "lib/rpc/wire.h"
#include "services/user-attributes/api/grpc/pack.h"
#include "services/user-attributes/api/grpc/unpack.h"
#include "services/user-attributes/domain/admit.h"
#include "services/user-attributes/domain/derive.h"
#include "services/user-attributes/domain/rule_catalogue.h"
#include "services/user-attributes/domain/trace.h"

namespace va::attributes {
namespace {

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

v1::RuleStep::Outcome PackOutcome(StepOutcome outcome) {
  switch (outcome) {
    case StepOutcome::kPassed:
      return v1::RuleStep::OUTCOME_PASSED;
    case StepOutcome::kNoted:
      return v1::RuleStep::OUTCOME_NOTED;
    case StepOutcome::kWaived:
      return v1::RuleStep::OUTCOME_WAIVED;
    case StepOutcome::kBlocked:
      return v1::RuleStep::OUTCOME_BLOCKED;
    case StepOutcome::kChose:
      return v1::RuleStep::OUTCOME_CHOSE;
  }
  return v1::RuleStep::OUTCOME_UNSPECIFIED;
}

void PackStep(const RuleStep& step, v1::RuleStep& out) {
  out.set_rule(Str(step.rule));
  out.set_outcome(PackOutcome(step.outcome));
  out.set_subject(step.subject);
  const RuleRow* const row = FindRule(step.rule);
  if (row == nullptr) return;
  out.set_words(Str(row->words));
  out.set_source(Str(row->source));
}

// An answer of MPI comes as it does with Admit.
absl::StatusOr<MpiAnswer> UnpackAnswer(const v1::ExplainRequest& request) {
  v1::AdmitRequest asked;
  asked.set_mpi_outcome(request.mpi_outcome());
  if (request.has_mpi_profile()) *asked.mutable_mpi_profile() = request.mpi_profile();
  return UnpackMpiAnswer(asked);
}

// The attempt under the policy in force, whichever version the caller has in mind being that one.
absl::StatusOr<Attempt> UnpackAsked(const v1::ExplainRequest& request,
                                    const identity::Policy& policy) {
  const std::string& version = request.context().policy_version();
  if (!version.empty() && version != policy.version) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "POLICY_VERSION",
                           "another policy is in force");
  }
  if (!request.profile().empty() && policy.FindProfile(request.profile()) == nullptr) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "PROFILE_UNKNOWN",
                           "no such profile in the policy");
  }
  absl::StatusOr<Attempt> attempt = UnpackAttempt(request.context(), policy);
  if (attempt.ok()) attempt->profile = request.profile();
  return attempt;
}

}  // namespace

absl::StatusOr<v1::ExplainResponse> ExplainServiceImpl::Explain(
    const rpc::CallContext& context, const v1::ExplainRequest& request) const {
  const std::shared_ptr<const identity::Policy> policy = deps_.policy.Current();
  const absl::StatusOr<Attempt> attempt = UnpackAsked(request, *policy);
  if (!attempt.ok()) return attempt.status();
  const absl::StatusOr<Assertion> assertion = UnpackCredential(request);
  if (!assertion.ok()) return assertion.status();
  const absl::StatusOr<MpiAnswer> mpi = UnpackAnswer(request);
  if (!mpi.ok()) return mpi.status();

  Trace trace;
  const Derivation derived = Derive(*assertion, *attempt, *policy);
  const Decision decision = Admit(*assertion, *attempt, *mpi, *policy, deps_.clock.Now(), &trace);
  v1::ExplainResponse response;
  PackDecision(decision, *response.mutable_decision());
  response.mutable_decision()->set_policy_version(policy->version);
  PackClaims(derived.claims, *response.mutable_claims());
  if (derived.question) PackQuestion(*derived.question, *response.mutable_mpi_question());
  for (const RuleStep& step : trace) PackStep(step, *response.add_steps());
  if (derived.rules.profile != nullptr) response.set_profile(derived.rules.profile->name);
  if (absl::Status recorded = Record(context, request, response); !recorded.ok()) return recorded;
  return response;
}

absl::Status ExplainServiceImpl::Record(const rpc::CallContext& context,
                                        const v1::ExplainRequest& request,
                                        const v1::ExplainResponse& response) const {
  telemetry::AuditFacts facts;
  facts.request_id = context.request_id;
  facts.caller = context.caller;
  facts.application = request.context().application();
  facts.code = response.decision().code();
  facts.tag = response.decision().tag();
  facts.policy_version = response.decision().policy_version();
  deps_.log.Info("decision.explained", {{"req", facts.request_id},
                                        {"caller", facts.caller},
                                        {"app", facts.application},
                                        {"code", facts.code},
                                        {"tag", facts.tag},
                                        {"profile", response.profile()},
                                        {"policy", facts.policy_version}});
  return deps_.audit.Write(telemetry::AuditEvent::kDecisionExplained, facts);
}

void RegisterExplainService(const ExplainServiceImpl& service, rpc::ServerBuilder& builder) {
  // It computes for microseconds, but its record waits for the disk.
  builder.Unary<v1::ExplainRequest, v1::ExplainResponse>(
      kExplainMethod,
      [&service](const rpc::CallContext& context, const v1::ExplainRequest& request) {
        return service.Explain(context, request);
      },
      rpc::Dispatch::kPool);
}

}  // namespace va::attributes
