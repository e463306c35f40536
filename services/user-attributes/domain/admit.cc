#include "services/user-attributes/domain/admit.h"

#include <utility>
#include <variant>

#include "lib/identity/acr.h"
#include "services/user-attributes/domain/admit_parts.h"
#include "services/user-attributes/domain/canonical.h"

namespace va::attributes {
namespace {

using base::SignInCode;
using identity::CspId;
using identity::GcIdKind;

// Nobody could say: neither yes nor no (decision R5).
bool IsOutage(MpiOutcome outcome) {
  switch (outcome) {
    case MpiOutcome::kMpiFailed:
    case MpiOutcome::kTransport:
    case MpiOutcome::kTimeout:
    case MpiOutcome::kBreakerOpen:
    case MpiOutcome::kUnparseable:
    case MpiOutcome::kBlocked:
    // That MPI does not know us says nothing about the person.
    case MpiOutcome::kSenderRejected:
      return true;
    default:
      return false;
  }
}

// Differences that the reference logs after a sign-in and that never end one (ssoe_saml.md 16).
void NoteDifferences(const Claims& claims, const MpiProfile& profile, std::vector<Finding>& out,
                     Trace* trace) {
  const std::optional<identity::Icn>& asserted = AskedIcn(claims);
  if (asserted && !(*asserted == profile.icn)) AddNote("icn_differs_from_mpi", out, {}, trace);
  const auto differs = [](const std::optional<CspId>& ours, const std::optional<CspId>& theirs) {
    return ours && theirs && !(*ours == *theirs);
  };
  if (claims.edipi && differs(claims.edipi, profile.ids.edipi())) {
    AddNote("edipi_differs_from_mpi", out, {}, trace);
  }
  if (claims.mhv_id && differs(claims.mhv_id, profile.ids.mhv_ien())) {
    AddNote("mhv_id_differs_from_mpi", out, {}, trace);
  }
}

// Whether the SSN alone ties who was proofed to whom MPI answered about. Traits fit too many
// people; and the ICN of an MHV Basic or Advanced account of 2018 is MHV's word, which nobody
// proofed, while the person is ID.me's (seed 004, decision R8). Any other ICN names one person.
bool RestsOnSsn(const Derivation& derived, const Claims& claims) {
  if (derived.question && std::holds_alternative<Traits>(*derived.question)) return true;
  return derived.rules.profile->reading == identity::Reading::kLegacy && !MpiIsCanonical(claims);
}

// An SSN that both hold must be the same; a missing one is noted where nothing rests on it
// (decision R4).
void CheckSsn(const Claims& claims, const MpiProfile& profile, bool needed,
              std::vector<Finding>& out, Trace* trace) {
  const auto missing = [&](absl::string_view tag) {
    if (needed) {
      AddBlocking(SignInCode::kValidationsFailed, tag, out, {}, trace);
    } else {
      AddNote(tag, out, {}, trace);
    }
  };
  if (!profile.ssn || profile.ssn->empty()) {
    missing("mpi_ssn_missing");
  } else if (!claims.ssn) {
    missing("ssn_not_asserted");
  } else if (!claims.ssn->SameDigits(*profile.ssn)) {
    AddBlocking(SignInCode::kSsnMismatch, "ssn_mismatch", out, {}, trace);
  } else {
    Record(trace, "ssn_mismatch", StepOutcome::kPassed);
  }
}

// What a sec_id says about the person agrees with what MPI holds, where both say something. It may
// be a comma list.
bool SecIdAgrees(const Claims& claims, const MpiProfile& profile) {
  if (!claims.sec_id || !profile.ids.Has(GcIdKind::kSecId)) return true;
  return profile.ids.HoldsAnyOf(GcIdKind::kSecId, *claims.sec_id);
}

// A uuid that an account lent (ssoe_saml.md 13.2) stands only when everybody means the same person:
// the ICN asserted, by which the account was found, gcIds and MPI, and the sec_id (25.22).
void CheckLentUuid(const Derivation& derived, const Claims& claims, const MpiProfile& profile,
                   std::vector<Finding>& out, Trace* trace) {
  if (!derived.uuid_from_account) return;
  const bool same = claims.mhv_icn == profile.icn && (!claims.icn || claims.icn == profile.icn) &&
                    SecIdAgrees(claims, profile);
  if (!same) {
    AddBlocking(SignInCode::kUuidMissing, "account_fallback_refused", out, {}, trace);
  } else {
    Record(trace, "account_fallback_refused", StepOutcome::kPassed);
  }
}

// Flags first: whatever else is wrong, the neutral answer of 107 must not change (decision R7).
void CheckProfile(const Claims& claims, const MpiProfile& profile, const Derivation& derived,
                  std::vector<Finding>& out, Trace* trace) {
  CheckFlags(profile, out, trace);
  CheckMpiIdentifiers(profile.ids, derived.rules, out, trace);
  CheckSsn(claims, profile, RestsOnSsn(derived, claims), out, trace);
  CheckLentUuid(derived, claims, profile, out, trace);
  NoteDifferences(claims, profile, out, trace);
}

// A second factor is all that `mfa` is for, and somebody who is signed in elsewhere is to notice
// nothing: neither is taken anywhere else.
bool MayGoUp(absl::string_view type) { return type != "mfa" && type != "custom"; }

// Whether the person is to be taken up to the level they have reached before. The Sign-in Service
// does so when the client asked for the least there is (sign_in_service.md 8), the SSOe path when
// the profile says so.
bool IsBelowHighest(const Derivation& derived, bool oidc, const Attempt& attempt) {
  if (oidc) return derived.can_uplevel;
  const identity::Assurance& held = derived.assurance;
  return held.loa_current < held.loa_highest && derived.rules.profile->uplevel &&
         MayGoUp(attempt.type);
}

// What the type, the application or the profile asks for beyond what is held; empty when nothing is
// missing.
absl::string_view MissingAssurance(const Derivation& derived, bool below_highest,
                                   const Attempt& attempt, absl::Time now) {
  const identity::Assurance& held = derived.assurance;
  if (AsksForVerified(attempt.type) && held.loa_current < 3) return "step_up_type_verified";
  if (derived.rules.application != nullptr) {
    const absl::string_view missing = MissingForApplication(held, *derived.rules.application, now);
    if (!missing.empty()) return missing;
  }
  return below_highest && !attempt.stay_at_level ? "step_up_highest" : absl::string_view();
}

Decision AdmitBelowLoa3(Decision decision, Trace* trace) {
  Record(trace, "below_loa3_email_only", StepOutcome::kChose);
  decision.rules.push_back("below_loa3_email_only");
  decision.attributes = EmailOnly(decision.claims);
  decision.verdict = Verdict::kAdmit;
  return decision;
}

// What MPI's identifiers do not hold yet: told in the words of the reference's call, which gives
// neither middle name nor gender (ssoe_saml.md 13.2).
std::optional<MpiUpdate> UpdateFor(const Derivation& derived, const Claims& claims,
                                   const MpiProfile& profile) {
  if (!claims.needs_csp_id_update && !derived.uuid_from_account) return std::nullopt;
  if (!claims.idme_uuid || profile.ids.Holds(GcIdKind::kIdme, *claims.idme_uuid)) {
    return std::nullopt;
  }
  std::optional<Traits> traits = TraitsOf(claims);
  if (!traits) return std::nullopt;
  traits->middle_name = {};
  traits->gender.reset();
  MpiUpdate out;
  out.person.traits = *std::move(traits);
  out.person.idme_uuid = claims.idme_uuid;
  return out;
}

Decision AdmitVerified(Decision decision, const Derivation& derived, const MpiProfile& profile,
                       Trace* trace) {
  CheckProfile(decision.claims, profile, derived, decision.findings, trace);
  if (const Finding* blocking = FirstBlocking(decision.findings); blocking != nullptr) {
    return DenyBy(std::move(decision), *blocking, "mpi_profile_findings");
  }
  const absl::string_view canonical =
      MpiIsCanonical(decision.claims) ? "mhv_premium_mpi_is_canonical" : "credential_is_canonical";
  Record(trace, canonical, StepOutcome::kChose);
  decision.rules.push_back(canonical);
  decision.attributes = ReconcileAttributes(decision.claims, profile);
  // Nothing is told about somebody of whom two ICNs were asserted (decision R3).
  if (!WasFound(decision.findings, identity::Check::kMhvIcnMismatch)) {
    decision.mpi_update = UpdateFor(derived, decision.claims, profile);
  }
  if (decision.mpi_update) Record(trace, "credential_unknown_to_mpi", StepOutcome::kChose);
  decision.verdict = Verdict::kAdmit;
  return decision;
}

// With several MHV ids the first IEN of gcIds may be somebody else's: never what a credential is
// stored and found by (decision R3). Linking then goes by the uuid behind it.
void DropDoubtfulKey(bool asserted, Decision& decision) {
  if (asserted || !WasFound(decision.findings, identity::Check::kMultipleMhvIds)) return;
  decision.claims.mhv_id.reset();
}

// MPI knows nobody, with or without an attempt to add the person (decision R4).
Decision NoMatch(Decision decision, const Derivation& derived, const MpiAnswer& mpi, Trace* trace) {
  const bool tried = derived.add_on_no_match && mpi.add_outcome != MpiOutcome::kNotAsked;
  if (tried && IsOutage(mpi.add_outcome)) {
    return Refuse(std::move(decision), Verdict::kTryLater, SignInCode::kUnknown, "mpi_unavailable",
                  trace);
  }
  absl::string_view tag = "mpi_no_match";
  if (tried && mpi.add_outcome == MpiOutcome::kMultipleMatches) {
    tag = "mpi_multiple_matches";
  } else if (tried && mpi.add_outcome != MpiOutcome::kOk) {
    tag = "mpi_add_refused";
  }
  return Refuse(std::move(decision), Verdict::kDeny, SignInCode::kValidationsFailed, tag, trace);
}

Decision AdmitLoa3(Decision decision, const Derivation& derived, const MpiAnswer& mpi,
                   Trace* trace) {
  if (decision.claims.ssn && !decision.claims.ssn->IsWellFormed()) {
    AddBlocking(SignInCode::kValidationsFailed, "malformed_ssn", decision.findings, {}, trace);
  } else if (!derived.question) {
    // An ICN that is none, or neither an ICN nor the traits a search needs: there is nothing to ask
    // MPI with, and asking with something else would be a guess.
    AddBlocking(SignInCode::kValidationsFailed,
                AskedIcn(decision.claims) ? "malformed_icn" : "insufficient_traits",
                decision.findings, {}, trace);
  }
  if (const Finding* blocking = FirstBlocking(decision.findings); blocking != nullptr) {
    return DenyBy(std::move(decision), *blocking, "identity_invalid");
  }
  switch (Classify(mpi)) {
    case Answer::kNoMatch:
      return NoMatch(std::move(decision), derived, mpi, trace);
    case Answer::kSeveral:
      return Refuse(std::move(decision), Verdict::kDeny, SignInCode::kValidationsFailed,
                    "mpi_multiple_matches", trace);
    case Answer::kNoAnswer:
      return Refuse(std::move(decision), Verdict::kTryLater, SignInCode::kUnknown,
                    "mpi_unavailable", trace);
    case Answer::kUsable:
      break;
  }
  return AdmitVerified(std::move(decision), derived, *mpi.profile, trace);
}

// The frame of both halves: a statement that cannot be trusted, what is missing, and who is known
// by e-mail only are the same whoever made the statement.
Decision AdmitDerived(Derivation derived, bool oidc, const Attempt& attempt, const MpiAnswer& mpi,
                      absl::Time now, Trace* trace) {
  Decision decision;
  decision.claims = std::move(derived.claims);
  decision.assurance = derived.assurance;
  decision.findings = std::move(derived.findings);
  if (const Finding* blocking = FirstBlocking(decision.findings); blocking != nullptr) {
    return DenyBy(std::move(decision), *blocking, "assertion_findings");
  }
  const bool below_highest = IsBelowHighest(derived, oidc, attempt);
  const absl::string_view missing = MissingAssurance(derived, below_highest, attempt, now);
  if (!missing.empty()) {
    Record(trace, missing, StepOutcome::kChose);
    decision.rules.push_back(missing);
    decision.verdict = Verdict::kStepUp;
    return decision;
  }
  // Nobody is kept out for what nobody but the profile would like to see (decision R9).
  if (below_highest) {
    AddNote("below_highest", decision.findings, {}, trace);
  }
  if (decision.assurance.loa_current < 3) {
    decision = AdmitBelowLoa3(std::move(decision), trace);
  } else if (oidc) {
    decision = AdmitVerifiedOidc(std::move(decision), derived, mpi, trace);
  } else {
    decision = AdmitLoa3(std::move(decision), derived, mpi, trace);
  }
  if (decision.verdict == Verdict::kAdmit) {
    if (decision.assurance.loa_current == 3) {
      HideConflicting(decision.findings, derived.mhv_id_asserted, decision.claims,
                      decision.attributes);
    }
    DropDoubtfulKey(derived.mhv_id_asserted, decision);
    Record(trace, "admitted", StepOutcome::kChose);
  }
  return decision;
}

}  // namespace

absl::string_view MissingForApplication(const identity::Assurance& held,
                                        const identity::Application& application, absl::Time now) {
  const identity::AssuranceLevel level{held.ial, held.aal};
  if (!identity::Satisfies(level, {application.min_ial, 1})) return "step_up_application_ial";
  if (!identity::Satisfies(level, {1, application.min_aal})) return "step_up_application_aal";
  if (application.max_age && now - held.auth_time > *application.max_age) {
    return "step_up_application_max_age";
  }
  return {};
}

Decision Refuse(Decision decision, Verdict verdict, SignInCode code, absl::string_view tag,
                Trace* trace) {
  Record(trace, tag, StepOutcome::kBlocked);
  decision.rules.push_back(tag);
  decision.verdict = verdict;
  decision.refusal = base::Refusal{code, std::string(tag)};
  return decision;
}

Decision DenyBy(Decision decision, const Finding& finding, absl::string_view rule) {
  // Of 107 only the neutral tag leaves: which flag it was stands in the findings (decision R7).
  const bool neutral = finding.code == SignInCode::kAccountLocked;
  const absl::string_view tag =
      neutral ? base::Describe(SignInCode::kAccountLocked).tag : finding.tag;
  decision.refusal = base::Refusal{*finding.code, std::string(tag)};
  decision.rules.push_back(rule);
  decision.verdict = Verdict::kDeny;
  return decision;
}

Answer Classify(const MpiAnswer& mpi) {
  switch (mpi.outcome) {
    case MpiOutcome::kOk:
      // "One person" without a person or an ICN is no answer to our question.
      return mpi.profile && !mpi.profile->icn.empty() ? Answer::kUsable : Answer::kNoAnswer;
    case MpiOutcome::kNoMatch:
      return Answer::kNoMatch;
    case MpiOutcome::kMultipleMatches:
      return Answer::kSeveral;
    case MpiOutcome::kNotAsked:
    case MpiOutcome::kInvalidRequest:
    case MpiOutcome::kSenderRejected:
    case MpiOutcome::kDuplicateKey:
    case MpiOutcome::kMpiFailed:
    case MpiOutcome::kTransport:
    case MpiOutcome::kTimeout:
    case MpiOutcome::kBreakerOpen:
    case MpiOutcome::kUnparseable:
    case MpiOutcome::kBlocked:
      return Answer::kNoAnswer;
  }
  return Answer::kNoAnswer;
}

void CheckFlags(const MpiProfile& profile, std::vector<Finding>& out, Trace* trace) {
  if (profile.deceased) {
    AddBlocking(SignInCode::kAccountLocked, "death_flag", out, {}, trace);
  } else {
    Record(trace, "death_flag", StepOutcome::kPassed);
  }
  if (profile.id_theft) {
    AddBlocking(SignInCode::kAccountLocked, "theft_flag", out, {}, trace);
  } else {
    Record(trace, "theft_flag", StepOutcome::kPassed);
  }
}

Decision Admit(const SsoeAssertion& assertion, const Attempt& attempt, const MpiAnswer& mpi,
               const identity::Policy& policy, absl::Time now, Trace* trace) {
  return AdmitDerived(Derive(assertion, attempt, policy, trace), false, attempt, mpi, now, trace);
}

Decision Admit(const OidcAssertion& assertion, const Attempt& attempt, const MpiAnswer& mpi,
               const identity::Policy& policy, absl::Time now, Trace* trace) {
  return AdmitDerived(Derive(assertion, attempt, policy, trace), true, attempt, mpi, now, trace);
}

Decision Admit(const Assertion& assertion, const Attempt& attempt, const MpiAnswer& mpi,
               const identity::Policy& policy, absl::Time now, Trace* trace) {
  return std::visit(
      [&](const auto& credential) { return Admit(credential, attempt, mpi, policy, now, trace); },
      assertion);
}

}  // namespace va::attributes
