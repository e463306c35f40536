#include "services/user-attributes/api/grpc/attributes_service.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "lib/base/status.h"
#include "lib/rpc/wire.h"
#include "services/user-attributes/api/grpc/pack.h"
#include "services/user-attributes/api/grpc/unpack.h"
#include "services/user-attributes/domain/canonical.h"
#include "services/user-attributes/domain/derive.h"

namespace va::attributes {
namespace {

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

absl::string_view Word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAdmit:
      return "admit";
    case Verdict::kStepUp:
      return "step_up";
    case Verdict::kDeny:
      return "deny";
    case Verdict::kTryLater:
      return "try_later";
  }
  return "";
}

// Codes of the waived findings, for the log: the audit trail of a waiver.
std::string WaivedCodes(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    if (finding.effect != Effect::kWaived || !finding.code) continue;
    if (!out.empty()) out += ',';
    out += Str(base::Describe(*finding.code).code);
  }
  return out;
}

Decision DenyLocked(Decision decision) {
  decision.verdict = Verdict::kDeny;
  decision.refusal = base::RefusalOf(base::SignInCode::kAccountLocked);
  AddBlocking(base::SignInCode::kAccountLocked, "credential_locked", decision.findings);
  decision.rules.push_back("credential_locked");
  decision.mpi_update.reset();
  return decision;
}

// What linking says about the decision: an identity in doubt is not shown and not told to anybody
// (decision R12), and MPI is told only what is new.
void TakeLinked(const LinkedAccount& linked, Decision& decision) {
  if (linked.merge_pending) {
    decision.attributes = WithoutOtherIdentity(decision.claims);
    decision.mpi_update.reset();
    AddNote("pending_merge", decision.findings);
  }
  const bool changed =
      decision.mpi_update && decision.mpi_update->reason == MpiUpdateReason::kCredentialChanged;
  if (changed && !linked.digest_changed) decision.mpi_update.reset();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const identity::Policy>> AttributesServiceImpl::AgreedPolicy(
    const std::string& version) const {
  std::shared_ptr<const identity::Policy> policy = deps_.policy.Current();
  if (policy->version == version) return policy;
  const absl::Status reloaded = deps_.policy.Reload(deps_.clock.Now());
  if (!reloaded.ok()) {
    deps_.log.Error("policy.reload_failed", {{"reason", base::ReasonOf(reloaded)}});
  }
  policy = deps_.policy.Current();
  if (policy->version == version) return policy;
  deps_.log.Warn("policy.version_mismatch", {{"ours", policy->version}, {"theirs", version}});
  return base::MakeError(absl::StatusCode::kFailedPrecondition, "POLICY_VERSION",
                         "caller and service run under different policies", true);
}

absl::Status AttributesServiceImpl::FillKnown(const Assertion& credential,
                                              const identity::Policy& policy, bool with_account,
                                              absl::Time deadline, Attempt& attempt) const {
  const bool oidc = std::holds_alternative<OidcAssertion>(credential);
  if (!oidc && !with_account) return absl::OkStatus();
  const Derivation first = attributes::Derive(credential, attempt, policy);
  std::optional<CredentialKey> key;
  std::optional<identity::Icn> icn;
  if (oidc) {
    const std::optional<Credential> known = CredentialOf(first.claims, std::nullopt, 1);
    if (known) key = CredentialKey{known->type, known->id};
  } else if (first.account_fallback_open) {
    icn = first.claims.mhv_icn;
  }
  if (!key && !icn) return absl::OkStatus();
  absl::StatusOr<Known> known = deps_.accounts.FindKnown(key, icn, deadline);
  if (!known.ok()) return known.status();
  attempt.known = *std::move(known);
  return absl::OkStatus();
}

// What is stored of an OpenID Connect credential is asked of the database, and a policy that the
// caller has and we do not is looked for on disk.
bool AttributesServiceImpl::MayBlock(const Assertion& credential,
                                     const std::string& version) const {
  return std::holds_alternative<OidcAssertion>(credential) ||
         deps_.policy.Current()->version != version;
}

absl::StatusOr<v1::DeriveResponse> AttributesServiceImpl::Derive(
    const rpc::CallContext& context, const v1::DeriveRequest& request) const {
  const absl::StatusOr<Assertion> credential = UnpackCredential(request);
  if (!credential.ok()) return credential.status();
  if (!context.may_block && MayBlock(*credential, request.context().policy_version())) {
    return rpc::NeedsPool();
  }
  const auto policy = AgreedPolicy(request.context().policy_version());
  if (!policy.ok()) return policy.status();
  absl::StatusOr<Attempt> attempt = UnpackAttempt(request.context(), **policy);
  if (!attempt.ok()) return attempt.status();
  absl::Status known = FillKnown(*credential, **policy, false, context.deadline, *attempt);
  if (!known.ok()) return known;

  const Derivation derived = attributes::Derive(*credential, *attempt, **policy);
  v1::DeriveResponse response;
  PackClaims(derived.claims, *response.mutable_claims());
  rpc::PackAssurance(derived.assurance, *response.mutable_assurance());
  if (derived.question) PackQuestion(*derived.question, *response.mutable_mpi_question());
  if (derived.add_on_no_match) {
    PackAddition(*derived.add_on_no_match, *response.mutable_add_on_no_match());
  }
  PackFindings(derived.findings, *response.mutable_findings());
  response.set_policy_version((*policy)->version);
  return response;
}

absl::StatusOr<v1::AdmitResponse> AttributesServiceImpl::Admit(
    const rpc::CallContext& context, const v1::AdmitRequest& request) const {
  const std::string& request_id = request.context().request_id();
  const absl::StatusOr<Assertion> credential = UnpackCredential(request);
  if (!credential.ok()) return credential.status();
  if (absl::Status id = CheckRequestId(request_id, "REQUEST_ID"); !id.ok()) return id;
  const auto policy = AgreedPolicy(request.context().policy_version());
  if (!policy.ok()) return policy.status();
  absl::StatusOr<Attempt> attempt = UnpackAttempt(request.context(), **policy);
  if (!attempt.ok()) return attempt.status();
  const absl::StatusOr<MpiAnswer> mpi = UnpackMpiAnswer(request);
  if (!mpi.ok()) return mpi.status();
  absl::Status known = FillKnown(*credential, **policy, true, context.deadline, *attempt);
  if (!known.ok()) return known;

  Decision decision = attributes::Admit(*credential, *attempt, *mpi, **policy, deps_.clock.Now());
  v1::AdmitResponse response;
  if (decision.verdict == Verdict::kAdmit) {
    absl::Status linked = Link(context, request_id, **policy, decision, response);
    if (!linked.ok()) return linked;
  }
  // A locked credential has turned the decision into a refusal meanwhile.
  if (decision.verdict == Verdict::kAdmit) {
    absl::StatusOr<std::string> token = SignAdmission(request_id, decision, response.account_id());
    if (!token.ok()) return token.status();
    response.set_decision_token(*std::move(token));
  }
  if (absl::Status recorded =
          Record(request.context(), decision, response.account_id(), (*policy)->version);
      !recorded.ok()) {
    return recorded;
  }
  PackDecision(decision, response);
  response.set_policy_version((*policy)->version);
  return response;
}

absl::StatusOr<std::string> AttributesServiceImpl::SignAdmission(
    const std::string& flow_id, const Decision& decision, const std::string& account_id) const {
  jose::DecisionFacts facts;
  facts.account_id = account_id;
  // As shown: nobody acts on an identity that is in doubt (decisions R3, R6, R12).
  if (decision.attributes.icn) facts.icn = *decision.attributes.icn;
  facts.ial = decision.assurance.ial;
  facts.aal = decision.assurance.aal;
  facts.flow_id = flow_id;
  return deps_.signer.Sign(facts, deps_.clock.Now(), deps_.ids);
}

absl::Status AttributesServiceImpl::Link(const rpc::CallContext& context,
                                         const std::string& request_id,
                                         const identity::Policy& policy, Decision& decision,
                                         v1::AdmitResponse& response) const {
  std::optional<Credential> credential =
      CredentialOf(decision.claims, decision.attributes.icn, decision.assurance.loa_current);
  // 104 has refused every claim without a uuid, so this would be our own mistake.
  if (!credential) {
    return base::MakeError(absl::StatusCode::kInternal, "NO_CREDENTIAL_ID",
                           "admitted without a credential id");
  }
  if (decision.assurance.pathway == identity::kPathwayOidc && credential->icn) {
    credential->attributes_digest = deps_.digests.Digest(decision.claims);
  }
  const absl::StatusOr<LinkedAccount> linked = deps_.accounts.Link(
      *credential, {request_id, policy.overwrite_icn}, deps_.clock.Now(), context.deadline);
  if (!linked.ok()) return linked.status();
  if (linked->locked) {
    decision = DenyLocked(std::move(decision));
    return absl::OkStatus();
  }
  TakeLinked(*linked, decision);
  if (linked->merge_pending) {
    deps_.log.Warn("account.merge_pending", {{"req", request_id},
                                             {"account", linked->account_id},
                                             {"verification", linked->verification_id}});
  }
  if (linked->overwritten) {
    deps_.log.Warn("account.overwritten", {{"req", request_id},
                                           {"account", linked->account_id},
                                           {"verification", linked->verification_id}});
  }
  response.set_account_id(linked->account_id);
  response.set_verification_id(linked->verification_id);
  return absl::OkStatus();
}

absl::Status AttributesServiceImpl::Record(const v1::SignInContext& context,
                                           const Decision& decision, const std::string& account_id,
                                           const std::string& policy_version) const {
  const std::optional<Credential> credential =
      CredentialOf(decision.claims, decision.attributes.icn, decision.assurance.loa_current);
  telemetry::AuditFacts facts;
  facts.request_id = context.request_id();
  if (decision.claims.service) facts.csp = identity::ToString(*decision.claims.service);
  facts.application = context.application();
  facts.outcome = Word(decision.verdict);
  if (decision.refusal) {
    facts.code = base::Describe(decision.refusal->code).code;
    facts.tag = decision.refusal->tag;
  }
  facts.policy_version = policy_version;
  facts.account_id = account_id;
  if (credential) facts.credential_id = credential->id.Reveal();
  deps_.log.Info("decision.made", {{"req", facts.request_id},
                                   {"csp", facts.csp},
                                   {"app", facts.application},
                                   {"outcome", facts.outcome},
                                   {"code", facts.code},
                                   {"tag", facts.tag},
                                   {"waived", WaivedCodes(decision.findings)},
                                   {"policy", policy_version}});
  return deps_.audit.Write(telemetry::AuditEvent::kDecisionMade, facts);
}

absl::StatusOr<v1::RenewDecisionResponse> AttributesServiceImpl::RenewDecision(
    const rpc::CallContext& context, const v1::RenewDecisionRequest& request) const {
  for (const absl::Status& id : {CheckRequestId(request.request_id(), "REQUEST_ID"),
                                 CheckRequestId(request.flow_id(), "FLOW_ID"),
                                 CheckRowId(request.account_id(), "ACCOUNT_ID"),
                                 CheckRowId(request.verification_id(), "VERIFICATION_ID")}) {
    if (!id.ok()) return id;
  }
  const auto policy = AgreedPolicy(request.policy_version());
  if (!policy.ok()) return policy.status();
  const absl::StatusOr<LiveSession> session = UnpackSession(request, **policy);
  if (!session.ok()) return session.status();
  const absl::StatusOr<std::optional<Standing>> standing = deps_.accounts.FindStanding(
      request.account_id(), request.verification_id(), context.deadline);
  if (!standing.ok()) return standing.status();
  if (!standing->has_value()) {
    return base::MakeError(absl::StatusCode::kNotFound, "ACCOUNT_UNKNOWN",
                           "no account with such a verification");
  }

  const Renewal renewal = JudgeRenewal(**standing, *session, **policy, deps_.clock.Now());
  v1::RenewDecisionResponse response;
  response.set_verdict(PackVerdict(renewal.verdict));
  if (renewal.refusal) {
    response.set_code(Str(base::Describe(renewal.refusal->code).code));
    response.set_tag(renewal.refusal->tag);
  } else {
    absl::StatusOr<std::string> token = SignRenewal(request, renewal);
    if (!token.ok()) return token.status();
    response.set_decision_token(*std::move(token));
  }
  if (absl::Status recorded = RecordRenewal(request, *session, renewal); !recorded.ok()) {
    return recorded;
  }
  return response;
}

absl::StatusOr<std::string> AttributesServiceImpl::SignRenewal(
    const v1::RenewDecisionRequest& request, const Renewal& renewal) const {
  jose::DecisionFacts facts;
  facts.account_id = request.account_id();
  facts.icn = renewal.icn;
  facts.ial = request.assurance().ial();
  facts.aal = request.assurance().aal();
  facts.flow_id = request.flow_id();
  return deps_.signer.Sign(facts, deps_.clock.Now(), deps_.ids);
}

absl::Status AttributesServiceImpl::RecordRenewal(const v1::RenewDecisionRequest& request,
                                                  const LiveSession& session,
                                                  const Renewal& renewal) const {
  telemetry::AuditFacts facts;
  facts.request_id = request.request_id();
  if (session.assurance.csp) facts.csp = identity::ToString(*session.assurance.csp);
  facts.application = session.application;
  facts.outcome = Word(renewal.verdict);
  facts.tag = "renewal";  // tells it apart from the decision that began the session
  if (renewal.refusal) {
    facts.code = base::Describe(renewal.refusal->code).code;
    facts.tag = renewal.refusal->tag;
  }
  facts.policy_version = request.policy_version();
  facts.account_id = request.account_id();
  deps_.log.Info("decision.renewed", {{"req", facts.request_id},
                                      {"flow", request.flow_id()},
                                      {"csp", facts.csp},
                                      {"app", facts.application},
                                      {"outcome", facts.outcome},
                                      {"code", facts.code},
                                      {"tag", facts.tag},
                                      {"rule", renewal.rule},
                                      {"policy", facts.policy_version}});
  return deps_.audit.Write(telemetry::AuditEvent::kDecisionMade, facts);
}

void RegisterAttributesService(const AttributesServiceImpl& service, rpc::ServerBuilder& builder) {
  // All of them may wait for the database; of Derive only few: see MayBlock.
  builder.Unary<v1::DeriveRequest, v1::DeriveResponse>(
      kDeriveMethod,
      [&service](const rpc::CallContext& context, const v1::DeriveRequest& request) {
        return service.Derive(context, request);
      },
      rpc::Dispatch::kInlineFirst);
  builder.Unary<v1::AdmitRequest, v1::AdmitResponse>(
      kAdmitMethod,
      [&service](const rpc::CallContext& context, const v1::AdmitRequest& request) {
        return service.Admit(context, request);
      },
      rpc::Dispatch::kPool);
  builder.Unary<v1::RenewDecisionRequest, v1::RenewDecisionResponse>(
      kRenewDecisionMethod,
      [&service](const rpc::CallContext& context, const v1::RenewDecisionRequest& request) {
        return service.RenewDecision(context, request);
      },
      rpc::Dispatch::kPool);
}

}  // namespace va::attributes
