#include "services/auth-gateway/adapters/grpc_attribute_rules.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/rpc/wire.h"
#include "va/attributes/v1/attributes.pb.h"

namespace va::gateway {
namespace {

namespace attributes = ::va::attributes::v1;
namespace common = ::va::common::v1;

constexpr char kDerive[] = "va.attributes.v1.AttributesService/Derive";
constexpr char kAdmit[] = "va.attributes.v1.AttributesService/Admit";
constexpr char kRenewDecision[] = "va.attributes.v1.AttributesService/RenewDecision";

template <typename Request>
void PackAttempt(const SignInPlan& plan, const VerifiedAssertion& assertion, const CallScope& scope,
                 Request& request) {
  attributes::SignInContext& context = *request.mutable_context();
  context.set_type(plan.type);
  context.set_application(plan.application);
  context.set_comparison(plan.comparison);
  context.set_policy_version(plan.policy_version);
  context.set_request_id(scope.request_id);
  if (plan.skip_dupe) context.set_skip_dupe("true");
  context.set_stay_at_level(plan.stay_at_level);
  for (const std::string& requested : plan.contexts) context.add_requested_contexts(requested);

  attributes::SsoeAssertion& ssoe = *request.mutable_ssoe();
  ssoe.set_authn_context(assertion.authn_context);
  ssoe.mutable_auth_time()->set_seconds(absl::ToUnixSeconds(assertion.authn_instant));
  for (const auto& [name, values] : assertion.attributes) {
    attributes::Attribute& attribute = *ssoe.add_attributes();
    attribute.set_name(name);
    for (const std::string& value : values) attribute.add_values(value);
  }
}

PersonAttributes UnpackPerson(const attributes::Claims& claims) {
  PersonAttributes person;
  person.first_name = identity::PersonText::FromWire(claims.first_name());
  person.middle_name = identity::PersonText::FromWire(claims.middle_name());
  person.last_name = identity::PersonText::FromWire(claims.last_name());
  person.email = identity::PersonText::FromWire(claims.email());
  person.gender = identity::PersonText::FromWire(claims.gender());
  person.birth_date = identity::BirthDate::FromWire(claims.birth_date());
  person.ssn = identity::Ssn::FromWire(claims.ssn());
  person.icn = identity::Icn::FromWire(claims.icn());
  person.mhv_icn = identity::Icn::FromWire(claims.mhv_icn());
  person.mhv_id = identity::CspId::FromWire(claims.mhv_id());
  person.edipi = identity::CspId::FromWire(claims.edipi());
  person.idme_uuid = identity::CspId::FromWire(claims.idme_uuid());
  person.logingov_uuid = identity::CspId::FromWire(claims.logingov_uuid());
  person.sec_id = identity::CspId::FromWire(claims.sec_id());
  person.vha_facility_ids.assign(claims.vha_facility_ids().begin(),
                                 claims.vha_facility_ids().end());
  return person;
}

SessionRecord UnpackSession(const attributes::AdmitResponse& response) {
  const attributes::Claims& claims = response.attributes();
  SessionRecord session;
  session.account_id = response.account_id();
  session.verification_id = response.verification_id();
  session.person = UnpackPerson(claims);
  session.transaction_id = claims.transaction_id();
  session.service_name = claims.service_name();
  session.account_type = claims.account_type();
  session.multifactor = claims.multifactor();
  session.assurance = rpc::UnpackAssurance(response.assurance());
  session.policy_version = response.policy_version();
  return session;
}

// An effect this build does not know is told as one that only stands on record.
std::string EffectWord(attributes::Finding::Effect effect) {
  switch (effect) {
    case attributes::Finding::EFFECT_BLOCKS:
      return "blocks";
    case attributes::Finding::EFFECT_WAIVED:
      return "waived";
    default:
      return "noted";
  }
}

// A verdict this build does not know decides nothing about the person.
Decision::Verdict UnpackVerdict(attributes::Verdict verdict) {
  switch (verdict) {
    case attributes::VERDICT_ADMIT:
      return Decision::Verdict::kAdmit;
    case attributes::VERDICT_STEP_UP:
      return Decision::Verdict::kStepUp;
    case attributes::VERDICT_DENY:
      return Decision::Verdict::kDeny;
    default:
      return Decision::Verdict::kTryLater;
  }
}

// A reason this build does not know asks for something it cannot do: nothing is told.
std::optional<MpiUpdate> UnpackMpiUpdate(const attributes::MpiUpdate& update) {
  MpiUpdate out;
  switch (update.reason()) {
    case attributes::MpiUpdate::REASON_CREDENTIAL_UNKNOWN:
      out.reason = MpiUpdate::Reason::kCredentialUnknown;
      break;
    case attributes::MpiUpdate::REASON_CREDENTIAL_CHANGED:
      out.reason = MpiUpdate::Reason::kCredentialChanged;
      break;
    default:
      return std::nullopt;
  }
  out.has_email = !update.person().email().empty();
  out.person = update.person().SerializeAsString();
  return out;
}

Decision UnpackDecision(const attributes::AdmitResponse& response) {
  Decision decision;
  decision.verdict = UnpackVerdict(response.verdict());
  decision.code = response.code();
  decision.tag = response.tag();
  for (const attributes::Finding& finding : response.findings()) {
    decision.findings.push_back(finding.tag());
    decision.effects.push_back(
        {EffectWord(finding.effect()), finding.code(), finding.waived_by(), finding.subject()});
    if (finding.effect() == attributes::Finding::EFFECT_WAIVED) {
      decision.waived.push_back(finding.code());
    }
  }
  decision.rules.assign(response.rules().begin(), response.rules().end());
  decision.policy_version = response.policy_version();
  if (decision.verdict == Decision::Verdict::kAdmit) {
    decision.session = UnpackSession(response);
    decision.decision_token = identity::Secret::FromWire(response.decision_token());
    if (response.has_mpi_update()) decision.mpi_update = UnpackMpiUpdate(response.mpi_update());
  }
  return decision;
}

}  // namespace

GrpcAttributeRules::GrpcAttributeRules(rpc::Channel channel) : channel_(std::move(channel)) {}

absl::StatusOr<Derived> GrpcAttributeRules::Derive(const SignInPlan& plan,
                                                   const VerifiedAssertion& assertion,
                                                   const CallScope& scope) {
  attributes::DeriveRequest request;
  PackAttempt(plan, assertion, scope, request);
  // A pure reading of the assertion: asked twice it says the same.
  const auto response = rpc::Call<attributes::DeriveResponse>(
      channel_, kDerive, request,
      {.deadline = scope.deadline, .request_id = scope.request_id, .repeatable = true});
  if (!response.ok()) return response.status();
  Derived derived;
  derived.loa_current = response->assurance().loa_current();
  derived.asks_mpi = response->has_mpi_question();
  if (derived.asks_mpi) derived.mpi_question = response->mpi_question().SerializeAsString();
  if (response->has_add_on_no_match()) {
    derived.mpi_addition = response->add_on_no_match().SerializeAsString();
  }
  return derived;
}

absl::StatusOr<Decision> GrpcAttributeRules::Admit(const SignInPlan& plan,
                                                   const VerifiedAssertion& assertion,
                                                   const std::optional<MpiAnswer>& mpi,
                                                   const CallScope& scope) {
  attributes::AdmitRequest request;
  PackAttempt(plan, assertion, scope, request);
  if (mpi.has_value()) {
    request.set_mpi_outcome(static_cast<common::MpiOutcome>(mpi->outcome));
    request.set_mpi_add_outcome(static_cast<common::MpiOutcome>(mpi->add_outcome));
    if (!mpi->profile.empty() && !request.mutable_mpi_profile()->ParseFromString(mpi->profile)) {
      return base::MakeError(absl::StatusCode::kInternal, "MPI_PROFILE_UNREADABLE",
                             "the profile does not parse");
    }
  }
  // Not repeatable: every run signs a token of its own, writes the decision into the audit and
  // counts a pending merge, whatever the request id.
  const auto response = rpc::Call<attributes::AdmitResponse>(channel_, kAdmit, request,
                                                             {scope.deadline, scope.request_id});
  if (!response.ok()) return response.status();
  return UnpackDecision(*response);
}

absl::StatusOr<RenewedDecision> GrpcAttributeRules::RenewDecision(const SessionRecord& session,
                                                                  absl::string_view policy_version,
                                                                  const CallScope& scope) {
  attributes::RenewDecisionRequest request;
  request.set_request_id(scope.request_id);
  request.set_flow_id(session.flow_id);
  request.set_account_id(session.account_id);
  request.set_verification_id(session.verification_id);
  rpc::PackAssurance(session.assurance, *request.mutable_assurance());
  request.set_application(session.application);
  request.set_policy_version(std::string(policy_version));
  for (const std::string& code : session.waived_findings) request.add_waived_findings(code);
  // Not repeatable: every run signs a token and writes into the audit.
  const auto response = rpc::Call<attributes::RenewDecisionResponse>(
      channel_, kRenewDecision, request, {scope.deadline, scope.request_id});
  if (!response.ok()) return response.status();
  RenewedDecision renewed;
  switch (response->verdict()) {
    case attributes::VERDICT_ADMIT:
      renewed.admitted = true;
      renewed.decision_token = identity::Secret::FromWire(response->decision_token());
      return renewed;
    case attributes::VERDICT_DENY:
      renewed.code = response->code();
      renewed.tag = response->tag();
      return renewed;
    default:
      // Nothing was decided about the person.
      return base::MakeError(absl::StatusCode::kUnavailable, "VERDICT_UNKNOWN",
                             "neither admitted nor denied", /*retryable=*/true);
  }
}

}  // namespace va::gateway
