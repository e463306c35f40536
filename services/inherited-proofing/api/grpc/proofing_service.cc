#include "services/inherited-proofing/api/grpc/proofing_service.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/rpc/wire.h"
#include "services/inherited-proofing/api/grpc/unpack.h"

namespace va::proofing {
namespace {

constexpr char kConsentMissing[] = "consent_missing";

template <typename Words>
void PackWords(const Words& words, google::protobuf::RepeatedPtrField<std::string>& out) {
  for (const absl::string_view word : words) *out.Add() = std::string(word);
}

v1::StartHandoffResponse WithoutConsent() {
  v1::StartHandoffResponse response;
  response.add_reasons(kConsentMissing);
  return response;
}

}  // namespace

ProofingServiceImpl::ProofingServiceImpl(const Deps& deps, ProofingSettings settings)
    : deps_(deps),
      settings_(std::move(settings)),
      check_({deps_.handoffs, deps_.people, deps_.mhv, settings_.rules}) {}

absl::StatusOr<Person> ProofingServiceImpl::Admitted(const std::string& request_id,
                                                     const v1::Subject& subject) const {
  if (absl::Status checked = CheckRequestId(request_id); !checked.ok()) return checked;
  absl::StatusOr<Person> person = UnpackPerson(subject);
  if (!person.ok()) return person.status();
  std::string why;
  const absl::StatusOr<jose::VerifiedDecision> decision = deps_.decisions.Verify(
      subject.decision_token(), {person->scope.account_id, person->icn, person->scope.flow_id},
      deps_.clock.Now(), &why);
  if (!decision.ok()) {
    deps_.log.Warn("decision_token.refused", {{"req", request_id}, {"why", why}});
    return decision.status();
  }
  if (decision->ial < 2) {
    return base::MakeError(absl::StatusCode::kPermissionDenied, "ASSURANCE",
                           "only a person at IAL2 has a proofing to hand on");
  }
  return person;
}

absl::StatusOr<Eligibility> ProofingServiceImpl::Judge(const std::string& request_id,
                                                       const Person& person, FlagsAge age,
                                                       absl::Time deadline) const {
  const base::Stopwatch watch;
  absl::StatusOr<Eligibility> judged =
      check_.Run(person, age, deps_.clock.Now(), {request_id, deadline});
  const auto ms = absl::ToInt64Milliseconds(watch.Elapsed());
  if (!judged.ok()) {
    // Only words of our own: a status without a reason comes from a library.
    const std::string reason = base::ReasonOf(judged.status());
    deps_.log.Warn("proofing.not_judged",
                   {{"req", request_id},
                    {"reason", reason},
                    {"detail", reason.empty() ? absl::string_view() : judged.status().message()},
                    {"ms", ms}});
    return judged.status();
  }
  deps_.log.Info("proofing.judged", {{"req", request_id},
                                     {"csp", identity::ToString(person.csp)},
                                     {"outcome", judged->eligible ? "eligible" : "not_eligible"},
                                     {"reasons", absl::StrJoin(judged->reasons, ",")},
                                     {"notes", absl::StrJoin(judged->notes, ",")},
                                     {"ms", ms}});
  return judged;
}

absl::StatusOr<v1::CheckEligibilityResponse> ProofingServiceImpl::CheckEligibility(
    const rpc::CallContext& context, const v1::CheckEligibilityRequest& request) const {
  const absl::StatusOr<Person> person = Admitted(request.request_id(), request.subject());
  if (!person.ok()) return person.status();
  const absl::StatusOr<Eligibility> judged =
      Judge(request.request_id(), *person, FlagsAge::kMinutes, context.PeerDeadline());
  if (!judged.ok()) return judged.status();
  v1::CheckEligibilityResponse response;
  response.set_eligible(judged->eligible);
  PackWords(judged->reasons, *response.mutable_reasons());
  PackWords(judged->notes, *response.mutable_notes());
  response.set_proofed_method(judged->method);
  response.set_proofed_on(judged->proofed_on);
  return response;
}

absl::StatusOr<v1::RecordConsentResponse> ProofingServiceImpl::RecordConsent(
    const rpc::CallContext& context, const v1::RecordConsentRequest& request) const {
  const absl::StatusOr<Person> person = Admitted(request.request_id(), request.subject());
  if (!person.ok()) return person.status();
  const absl::StatusOr<ConsentAnswer> answer =
      UnpackAnswer(request, person->scope, deps_.clock.Now(), settings_.consent_lifetime);
  if (!answer.ok()) return answer.status();
  if (answer->text_version != settings_.text_version) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "CONSENT_TEXT",
                           "another version of the consent text is in force");
  }
  const bool given = answer->decision == ConsentDecision::kGiven;
  identity::Secret token;
  if (given) token = identity::Secret::FromWire(deps_.ids.Token(kConsentTokenBytes));
  const absl::StatusOr<absl::Time> ends = deps_.consents.Record(*answer, token, context.deadline);
  if (!ends.ok()) return ends.status();
  deps_.log.Info("proofing.consent.recorded", {{"req", request.request_id()},
                                               {"decision", ToString(answer->decision)},
                                               {"text", answer->text_version},
                                               {"locale", answer->locale}});
  v1::RecordConsentResponse response;
  if (!given) return response;
  telemetry::AuditFacts facts;
  facts.request_id = request.request_id();
  facts.csp = identity::ToString(person->csp);
  facts.account_id = person->scope.account_id;
  facts.outcome = ToString(answer->decision);
  const absl::Status audited = deps_.audit.Write(telemetry::AuditEvent::kConsentGiven, facts);
  if (!audited.ok()) return audited;
  response.set_consent_token(token.Reveal());
  rpc::PackTime(*ends, *response.mutable_expires_at());
  return response;
}

absl::StatusOr<v1::StartHandoffResponse> ProofingServiceImpl::StartHandoff(
    const rpc::CallContext& context, const v1::StartHandoffRequest& request) const {
  const std::string& request_id = request.request_id();
  const absl::StatusOr<Person> person = Admitted(request_id, request.subject());
  if (!person.ok()) return person.status();
  // Consent first: without it nobody's proofing is looked up for a handoff.
  const absl::StatusOr<bool> open =
      deps_.consents.IsOpen(identity::Secret::FromWire(request.consent_token()), person->scope,
                            deps_.clock.Now(), context.deadline);
  if (!open.ok()) return open.status();
  if (!*open) {
    LogStart(request_id, kConsentMissing);
    return WithoutConsent();
  }
  const absl::StatusOr<Eligibility> judged =
      Judge(request_id, *person, FlagsAge::kNow, context.PeerDeadline());
  if (!judged.ok()) return judged.status();
  if (!judged->eligible) {
    LogStart(request_id, "not_eligible");
    v1::StartHandoffResponse response;
    PackWords(judged->reasons, *response.mutable_reasons());
    return response;
  }
  return Mint(request, *person, context.deadline);
}

absl::StatusOr<v1::StartHandoffResponse> ProofingServiceImpl::Mint(
    const v1::StartHandoffRequest& request, const Person& person, absl::Time deadline) const {
  NewHandoff handoff;
  handoff.scope = person.scope;
  handoff.csp = person.csp;
  handoff.consent_token = identity::Secret::FromWire(request.consent_token());
  handoff.code = identity::Secret::FromWire(base::HexEncode(deps_.ids.RandomBytes(kCodeBytes)));
  handoff.issued_at = deps_.clock.Now();
  handoff.expires_at = handoff.issued_at + settings_.code_lifetime;
  const absl::StatusOr<bool> minted = deps_.handoffs.Mint(handoff, deadline);
  if (!minted.ok()) return minted.status();
  if (!*minted) {
    // Spent or ended while MHV and MPI were asked.
    LogStart(request.request_id(), kConsentMissing);
    return WithoutConsent();
  }
  LogStart(request.request_id(), "issued");
  telemetry::AuditFacts facts;
  facts.request_id = request.request_id();
  facts.csp = identity::ToString(person.csp);
  facts.account_id = person.scope.account_id;
  facts.outcome = "issued";
  // Without a record the code is not told to anybody, and dies unused.
  const absl::Status audited = deps_.audit.Write(telemetry::AuditEvent::kProofingCodeIssued, facts);
  if (!audited.ok()) return audited;
  v1::StartHandoffResponse response;
  response.set_auth_code(handoff.code.Reveal());
  rpc::PackTime(handoff.expires_at, *response.mutable_expires_at());
  return response;
}

void ProofingServiceImpl::LogStart(const std::string& request_id, absl::string_view outcome) const {
  deps_.log.Info("proofing.handoff.start", {{"req", request_id}, {"outcome", outcome}});
}

void RegisterProofingService(const ProofingServiceImpl& service, rpc::ServerBuilder& builder) {
  // All three wait for the database, and two of them for MPI and MHV.
  builder.Unary<v1::CheckEligibilityRequest, v1::CheckEligibilityResponse>(
      kCheckEligibilityMethod,
      [&service](const rpc::CallContext& context, const v1::CheckEligibilityRequest& request) {
        return service.CheckEligibility(context, request);
      },
      rpc::Dispatch::kPool);
  builder.Unary<v1::RecordConsentRequest, v1::RecordConsentResponse>(
      kRecordConsentMethod,
      [&service](const rpc::CallContext& context, const v1::RecordConsentRequest& request) {
        return service.RecordConsent(context, request);
      },
      rpc::Dispatch::kPool);
  builder.Unary<v1::StartHandoffRequest, v1::StartHandoffResponse>(
      kStartHandoffMethod,
      [&service](const rpc::CallContext& context, const v1::StartHandoffRequest& request) {
        return service.StartHandoff(context, request);
      },
      rpc::Dispatch::kPool);
}

}  // namespace va::proofing
