#include "services/user-attributes/api/grpc/pack.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "lib/rpc/wire.h"

namespace va::attributes {
namespace {

std::string Str(absl::string_view text) { return std::string(text.data(), text.size()); }

std::string GenderCode(Gender gender) { return gender == Gender::kMale ? "M" : "F"; }

v1::Finding::Effect PackEffect(Effect effect) {
  switch (effect) {
    case Effect::kBlocks:
      return v1::Finding::EFFECT_BLOCKS;
    case Effect::kWaived:
      return v1::Finding::EFFECT_WAIVED;
    case Effect::kNoted:
      return v1::Finding::EFFECT_NOTED;
  }
  return v1::Finding::EFFECT_UNSPECIFIED;
}

void PackTraits(const Traits& traits, v1::Traits& out) {
  out.set_first_name(traits.first_name.Reveal());
  out.set_middle_name(traits.middle_name.Reveal());
  out.set_last_name(traits.last_name.Reveal());
  out.set_birth_date(traits.birth_date.Reveal());
  out.set_ssn(traits.ssn.Reveal());
  if (traits.gender) out.set_gender(GenderCode(*traits.gender));
}

}  // namespace

void PackClaims(const Claims& claims, v1::Claims& out) {
  if (claims.first_name) out.set_first_name(claims.first_name->Reveal());
  if (claims.middle_name) out.set_middle_name(claims.middle_name->Reveal());
  if (claims.last_name) out.set_last_name(claims.last_name->Reveal());
  if (claims.email) out.set_email(claims.email->Reveal());
  if (claims.gender) out.set_gender(GenderCode(*claims.gender));
  if (claims.birth_date) out.set_birth_date(claims.birth_date->Reveal());
  if (claims.ssn) out.set_ssn(claims.ssn->Reveal());
  if (claims.icn) out.set_icn(claims.icn->Reveal());
  if (claims.mhv_icn) out.set_mhv_icn(claims.mhv_icn->Reveal());
  if (claims.mhv_id) out.set_mhv_id(claims.mhv_id->Reveal());
  if (claims.edipi) out.set_edipi(claims.edipi->Reveal());
  if (claims.idme_uuid) out.set_idme_uuid(claims.idme_uuid->Reveal());
  if (claims.logingov_uuid) out.set_logingov_uuid(claims.logingov_uuid->Reveal());
  if (claims.uuid) out.set_uuid(claims.uuid->Reveal());
  if (claims.sec_id) out.set_sec_id(claims.sec_id->Reveal());
  if (claims.verified_at) out.set_verified_at(claims.verified_at->Reveal());
  out.set_account_type(Str(claims.account_type()));
  if (claims.service) out.set_service_name(Str(identity::ToString(*claims.service)));
  out.set_multifactor(claims.multifactor);
  if (claims.transaction_id) out.set_transaction_id(*claims.transaction_id);
  for (const std::string& facility : claims.vha_facility_ids) out.add_vha_facility_ids(facility);
}

void PackQuestion(const MpiQuestion& question, v1::MpiQuestion& out) {
  if (const auto* icn = std::get_if<identity::Icn>(&question); icn != nullptr) {
    out.set_icn(icn->Reveal());
  } else if (const auto* idme = std::get_if<ByIdmeUuid>(&question); idme != nullptr) {
    out.set_idme_uuid(idme->uuid.Reveal());
  } else if (const auto* login = std::get_if<ByLogingovUuid>(&question); login != nullptr) {
    out.set_logingov_uuid(login->uuid.Reveal());
  } else {
    PackTraits(std::get<Traits>(question), *out.mutable_traits());
  }
}

void PackAddition(const MpiAddition& addition, v1::MpiAddition& out) {
  PackTraits(addition.traits, *out.mutable_traits());
  if (addition.idme_uuid) out.set_idme_uuid(addition.idme_uuid->Reveal());
  if (addition.logingov_uuid) out.set_logingov_uuid(addition.logingov_uuid->Reveal());
  if (addition.email) out.set_email(addition.email->Reveal());
  if (!addition.address) return;
  common::v1::Address& address = *out.mutable_address();
  for (const identity::PersonText& line : addition.address->street) {
    address.add_street(line.Reveal());
  }
  address.set_city(addition.address->city.Reveal());
  address.set_state(addition.address->state.Reveal());
  address.set_postal_code(addition.address->postal_code.Reveal());
  address.set_country(addition.address->country.Reveal());
}

void PackUpdate(const MpiUpdate& update, v1::MpiUpdate& out) {
  out.set_reason(update.reason == MpiUpdateReason::kCredentialUnknown
                     ? v1::MpiUpdate::REASON_CREDENTIAL_UNKNOWN
                     : v1::MpiUpdate::REASON_CREDENTIAL_CHANGED);
  PackAddition(update.person, *out.mutable_person());
}

void PackFindings(const std::vector<Finding>& findings,
                  google::protobuf::RepeatedPtrField<v1::Finding>& out) {
  for (const Finding& finding : findings) {
    v1::Finding& packed = *out.Add();
    if (finding.code) packed.set_code(Str(base::Describe(*finding.code).code));
    packed.set_tag(Str(finding.tag));
    packed.set_effect(PackEffect(finding.effect));
    packed.set_waived_by(finding.waived_by);
    packed.set_subject(Str(finding.subject));
  }
}

v1::Verdict PackVerdict(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAdmit:
      return v1::VERDICT_ADMIT;
    case Verdict::kStepUp:
      return v1::VERDICT_STEP_UP;
    case Verdict::kDeny:
      return v1::VERDICT_DENY;
    case Verdict::kTryLater:
      return v1::VERDICT_TRY_LATER;
  }
  return v1::VERDICT_UNSPECIFIED;
}

void PackDecision(const Decision& decision, v1::AdmitResponse& out) {
  out.set_verdict(PackVerdict(decision.verdict));
  if (decision.refusal) {
    out.set_code(Str(base::Describe(decision.refusal->code).code));
    out.set_tag(decision.refusal->tag);
  } else if (decision.verdict == Verdict::kStepUp && !decision.rules.empty()) {
    // What is missing: the caller asks the provider for it.
    out.set_tag(Str(decision.rules.back()));
  }
  PackFindings(decision.findings, *out.mutable_findings());
  rpc::PackAssurance(decision.assurance, *out.mutable_assurance());
  if (decision.verdict == Verdict::kAdmit) {
    PackClaims(decision.attributes, *out.mutable_attributes());
    if (decision.mpi_update) PackUpdate(*decision.mpi_update, *out.mutable_mpi_update());
  }
  for (const absl::string_view rule : decision.rules) out.add_rules(Str(rule));
}

void PackDocument(const TermsDocument& document, v1::TermsRecord& out) {
  out.set_document(document.name);
  out.set_revision(document.revision);
  out.set_legal_version(document.legal_version);
  out.set_title(document.title);
}

void PackAnswer(const TermsAnswer& answer, v1::TermsRecord& out) {
  PackDocument(answer.document, out);
  out.set_decision(answer.decision == TermsDecision::kAccepted ? v1::TERMS_DECISION_ACCEPTED
                                                               : v1::TERMS_DECISION_DECLINED);
  rpc::PackTime(answer.decided_at, *out.mutable_decided_at());
}

}  // namespace va::attributes
