#include "services/user-attributes/domain/sis_derive.h"

#include <string>
#include <utility>

#include "services/user-attributes/domain/sis_claims.h"
#include "services/user-attributes/domain/sis_validation.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::Csp;

// MHV and DS Logon come through ID.me; nobody vouches for another provider's people.
bool Vouches(Csp issuer, Csp service) {
  return issuer == (service == Csp::kLogingov ? Csp::kLogingov : Csp::kIdme);
}

// sign_in_service.md 8, and of what its checks leave out 28.1 #19.
void CheckLevel(const CredentialLevel& level, std::vector<Finding>& out, Trace* trace) {
  if (!level.refusal) return Record(trace, "credential_level", StepOutcome::kPassed);
  AddBlocking(level.refusal->code, level.refusal->tag, out);
  Record(trace, level.refusal->tag, StepOutcome::kBlocked);
}

// Decision R18.
identity::Assurance AssuranceOf(const OidcAssertion& assertion, const CredentialLevel& level) {
  identity::Assurance out;
  out.ial = level.current_ial;
  out.aal = level.aal;
  out.auth_time = assertion.auth_time;
  out.csp = assertion.service;
  out.pathway = std::string(identity::kPathwayOidc.data(), identity::kPathwayOidc.size());
  out.loa_current = level.current_ial == 2 ? 3 : 1;
  out.loa_highest = level.max_ial == 2 || level.current_ial == 2 ? 3 : 1;
  return out;
}

// Decision R17: by ID.me's uuid, else Login.gov's, else the MHV credential's ICN.
std::optional<MpiQuestion> QuestionOf(const Claims& claims) {
  if (claims.idme_uuid) return MpiQuestion(ByIdmeUuid{*claims.idme_uuid});
  if (claims.logingov_uuid) return MpiQuestion(ByLogingovUuid{*claims.logingov_uuid});
  if (claims.mhv_icn) return MpiQuestion(*claims.mhv_icn);
  return std::nullopt;
}

// Decision R4. An MHV credential says too little about a person to add one.
std::optional<MpiAddition> AdditionOf(const Derivation& derived) {
  if (derived.claims.service == Csp::kMhv || !derived.rules.profile->add_on_no_match) {
    return std::nullopt;
  }
  return AdditionOf(derived.claims, derived.address);
}

void CheckStatement(const OidcAssertion& assertion, const Normalised& normalised,
                    Derivation& derived, Trace* trace) {
  std::vector<Finding>& findings = derived.findings;
  for (const Finding& finding : findings) {
    Record(trace, finding.tag, StepOutcome::kBlocked, finding.subject);
  }
  if (!Vouches(assertion.issuer, assertion.service)) {
    AddBlocking(SignInCode::kUnknown, "foreign_issuer", findings);
    Record(trace, "foreign_issuer", StepOutcome::kBlocked);
  }
  CheckLevel(normalised.level, findings, trace);
  const SisCredential credential{derived.claims, normalised.level.current_ial == 2};
  if (credential.verified) {
    CheckRequired(credential, derived.rules, findings, trace);
  } else if (!derived.claims.uuid) {
    // Below IAL2 nothing is asked for but the account itself.
    AddBlocking(SignInCode::kUnknown, "missing_attribute", findings, "uuid");
    Record(trace, "missing_attribute", StepOutcome::kBlocked, "uuid");
  }
}

}  // namespace

MpiAddition AdditionOf(const Claims& claims, const std::optional<PostalAddress>& address) {
  MpiAddition out;
  if (claims.first_name) out.traits.first_name = *claims.first_name;
  if (claims.middle_name) out.traits.middle_name = *claims.middle_name;
  if (claims.last_name) out.traits.last_name = *claims.last_name;
  if (claims.birth_date) out.traits.birth_date = *claims.birth_date;
  if (claims.ssn) out.traits.ssn = *claims.ssn;
  out.traits.gender = claims.gender;
  out.idme_uuid = claims.idme_uuid;
  out.logingov_uuid = claims.logingov_uuid;
  out.email = claims.email;
  out.address = address;
  return out;
}

Derivation DeriveOidc(const OidcAssertion& assertion, const Attempt& attempt,
                      const identity::Policy& policy, Trace* trace) {
  Derivation out;
  Normalised normalised = Normalise(assertion, attempt.known, out.findings);
  out.claims = std::move(normalised.claims);
  out.address = std::move(normalised.address);
  out.mhv_id_asserted = out.claims.mhv_id.has_value();
  out.assurance = AssuranceOf(assertion, normalised.level);
  out.can_uplevel = normalised.level.can_uplevel;
  out.rules = RulesFor(attempt, assertion.service, true, policy, out.findings, trace);
  CheckStatement(assertion, normalised, out, trace);
  if (out.assurance.loa_current < 3 || FirstBlocking(out.findings) != nullptr) return out;
  out.question = QuestionOf(out.claims);
  out.add_on_no_match = AdditionOf(out);
  Record(trace, "mpi_question_by_credential", StepOutcome::kChose);
  return out;
}

}  // namespace va::attributes
